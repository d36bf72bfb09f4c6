//! Rebasing: a change that became stale is proposed again, on what is live now. It is a new change, with no votes: what
//! was voted on never alters.

use chrono::{DateTime, Utc};
use fluxgate_engine::{FlagConfig, merge};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Intent, Proposal, ProposalOutcome,
    source::{self, Source, Wish},
};
use crate::{
    access::Action,
    auth::Caller,
    error::{Error, Result},
    service::team,
    store::{
        change::{self, Change, ChangeItem, ChangeKind, ChangeStatus},
        environment, feature,
        stage::LockedStage,
    },
};

/// Proposes a stale change again: an edit with what was applied since merged in, the others as they were meant.
pub async fn rebase(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, number): (&str, i32),
    dry_run: bool,
) -> Result<Proposal> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let unknown = || Error::not_found("change", format!("#{number}"), Vec::new());
    let stale = change::get(conn, team.id, number).await?.ok_or_else(unknown)?;
    if stale.status != ChangeStatus::Stale {
        let state = stale.status.to_string().to_lowercase();
        return Err(Error::Conflict(format!("#{number} is {state}: only a stale change is rebased")));
    }
    let intent = Intent {
        team: team.key,
        reason: stale.reason.clone(),
        apply_at: still_ahead(&stale, caller.request.now),
        dry_run,
    };
    let wishes = wishes(conn, &stale).await?;
    let mut proposal = source::request(conn, caller, intent, &wishes).await?;
    // What was waiting already is somebody's own proposal.
    let joined = proposal.outcome == ProposalOutcome::Joined;
    if let Some(made) = proposal.change.as_mut().filter(|_| !joined) {
        change::set_rebased_from(conn, made.id, stale.id).await?;
        made.rebased_from_number = Some(number);
        made.authors.extend(stale.authors);
    }
    Ok(proposal)
}

/// What a stale change meant.
async fn wishes(conn: &mut PgConnection, stale: &Change) -> Result<Vec<Wish>> {
    let items = change::items(conn, &[stale.id]).await?;
    let features: Vec<Uuid> = items.iter().map(|item| item.feature_id).collect();
    let features = feature::by_ids(conn, &features).await?;
    let of = |item: &ChangeItem| [Some(item.environment_id), item.source_environment_id];
    let places: Vec<Uuid> = items.iter().flat_map(of).flatten().collect();
    let places = environment::by_ids(conn, &places).await?;
    let place = |id: Uuid| places.iter().find(|place| place.id == id).map(|place| place.key.clone());
    let several = items.len() > 1;
    let wishes = items.into_iter().filter_map(|item| {
        let feature = features.iter().find(|feature| feature.id == item.feature_id)?.key.clone();
        let environment = place(item.environment_id);
        let path = if several { feature.clone() } else { String::new() };
        let source = match (stale.kind, item.source_environment_id) {
            (ChangeKind::Promote, Some(from)) => Source::Promote { from: place(from) },
            (ChangeKind::Withdraw, _) => Source::Withdraw,
            (kind, _) => Source::Stale { number: stale.number, kind, item },
        };
        Some(Wish { feature, environment, source, path })
    });
    Ok(wishes.collect())
}

fn still_ahead(stale: &Change, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    stale.apply_at.filter(|at| *at > now)
}

/// The edit's document with what was applied since it was made.
pub(super) fn merged(number: i32, item: &ChangeItem, stage: &LockedStage) -> Result<Value> {
    let (Some(base), Some(mine), Some(theirs)) = (&item.before, &item.config, &stage.config) else {
        // There was nothing to be based on, or there is nothing now: it is the whole document either way.
        return Ok(item.config.clone().unwrap_or_default());
    };
    let read = |config: &Value| FlagConfig::from_value(config).map_err(Error::from);
    let merged = merge(&read(base)?, &read(mine)?, &read(theirs)?).map_err(|paths| {
        Error::Conflict(format!(
            "#{number} and what was applied since both changed {}; look at both and propose it anew",
            paths.join(", ")
        ))
    })?;
    Ok(merged.to_value())
}
