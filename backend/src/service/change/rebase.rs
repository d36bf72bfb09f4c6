//! Rebasing: a change that became stale is proposed again, on what is live now. It is a new change, with no votes: what
//! was voted on never alters.

use chrono::{DateTime, Utc};
use fluxgate_engine::{FlagConfig, merge};
use serde_json::Value;
use sqlx::PgConnection;

use super::{
    Intent, Proposal, document,
    propose::propose,
    source::{self, Locked},
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
    let Some(item) = change::items(conn, &[stale.id]).await?.pop() else { return Err(unknown()) };
    let Some(of) = feature::by_ids(conn, &[item.feature_id]).await?.pop() else { return Err(unknown()) };
    let intent = Intent {
        team: team.key,
        feature: of.key,
        reason: stale.reason.clone(),
        apply_at: still_ahead(&stale, caller.request.now),
        dry_run,
    };
    let environment_of = async |conn: &mut PgConnection, id| -> Result<String> {
        let found = environment::by_ids(conn, &[id]).await?.pop();
        Ok(found.ok_or_else(unknown)?.key)
    };
    let to = environment_of(conn, item.environment_id).await?;
    let proposal = match (stale.kind, item.source_environment_id) {
        (ChangeKind::Promote, Some(from)) => {
            let from = environment_of(conn, from).await?;
            source::promote(conn, caller, intent, Some(&from), Some(&to)).await?
        }
        (ChangeKind::Withdraw, _) => source::withdraw(conn, caller, intent, &to).await?,
        (kind, _) => {
            let locked = Locked::find(conn, caller, &intent).await?;
            let stage = locked.stage(&to)?;
            let config = match kind {
                ChangeKind::Rollback => item.config.clone().unwrap_or_default(),
                _ => merged(number, &item, stage)?,
            };
            let config = document::read(&locked.feature, &config)?;
            document::check_cycle(conn, stage.environment_id, &locked.feature.key, &config).await?;
            let target = super::Target { stage, source: None, config: Some(config.to_value()) };
            propose(conn, caller, locked.draft(intent, kind, target, Vec::new())).await?
        }
    };
    if let Some(made) = &proposal.change {
        change::set_rebased_from(conn, made.id, stale.id).await?;
    }
    Ok(proposal)
}

fn still_ahead(stale: &Change, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    stale.apply_at.filter(|at| *at > now)
}

/// The edit's document with what was applied since it was made.
fn merged(number: i32, item: &ChangeItem, stage: &LockedStage) -> Result<Value> {
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
