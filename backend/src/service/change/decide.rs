//! Deciding: votes on a change, and taking it back. What is decided on never alters.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{apply, approval, propose::word};
use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        audit::NewEntry,
        change::{self, Change, ChangeStatus},
        feature,
        member::{self, Role},
        policy::{self, Requirement},
        stage,
        team::Team,
        vote::{self, Decision},
    },
};

/// Approves or rejects somebody else's change. The last approval needed applies it; one rejection ends it.
pub async fn vote(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, number): (&str, i32),
    decision: Decision,
    comment: Option<String>,
) -> Result<Change> {
    let team = team::find(conn, caller, team_key, Action::Read).await?;
    let comment = key::text("comment", comment)?;
    let mut change = lock(conn, &team, number).await?;
    let requirements = requirements(conn, &change).await?;
    let members = member::active(conn, team.id).await?;
    let verb = if decision == Decision::Approve { "approve" } else { "reject" };
    if change.author_id == caller.user.id {
        let others: Vec<_> = members
            .iter()
            .filter(|m| {
                m.user.id != caller.user.id && requirements.iter().any(|r| approval::listed(r, &m.roles))
            })
            .map(|m| m.user.username.as_str())
            .collect();
        let hint = match others.as_slice() {
            [] => "nobody else in this team has a role that counts: ask a TEAM_ADMIN".to_owned(),
            names => format!("others who can: {}", names.join(", ")),
        };
        return Err(Error::Forbidden {
            message: format!("you cannot {verb} #{number}: you proposed it"),
            hint: Some(hint),
            team: Some(team.id),
        });
    }
    let mine = caller.roles(team.id).unwrap_or_default();
    let peer = mine.contains(&Role::Requester) && requirements.iter().any(|r| approval::listed(r, mine));
    if !peer {
        access::require(caller, &team, Action::Vote)?;
    }
    if change.status != ChangeStatus::Pending {
        return Err(closed(&change));
    }
    let now = caller.request.now;
    vote::set(conn, (change.id, caller.user.id), decision, comment.as_deref(), now).await?;
    let action = if decision == Decision::Approve { "change.approve" } else { "change.reject" };
    record(conn, caller, (&team, &change), action, comment.as_deref()).await?;
    if decision == Decision::Reject {
        change::close(conn, change.id, ChangeStatus::Rejected, comment.as_deref(), now).await?;
        return refetch(conn, &team, number).await;
    }
    let votes = vote::of_changes(conn, &[change.id]).await?;
    let progress = approval::decide(&requirements, &votes, &members, change.author_id);
    if progress.iter().all(approval::Progress::satisfied) {
        apply::apply(conn, caller, &team, &mut change).await?;
    }
    Ok(change)
}

/// Takes a change back: its author, or a TEAM_ADMIN.
pub async fn cancel(conn: &mut PgConnection, caller: &Caller, team_key: &str, number: i32) -> Result<Change> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let change = lock(conn, &team, number).await?;
    let admin =
        caller.user.system_admin || caller.roles(team.id).unwrap_or_default().contains(&Role::TeamAdmin);
    if change.author_id != caller.user.id && !admin {
        return Err(Error::Forbidden {
            message: format!(
                "you cannot cancel #{number}: {} proposed it; that takes its author or a TEAM_ADMIN",
                change.author
            ),
            hint: None,
            team: Some(team.id),
        });
    }
    if !matches!(change.status, ChangeStatus::Pending | ChangeStatus::Approved) {
        return Err(closed(&change));
    }
    change::close(conn, change.id, ChangeStatus::Cancelled, None, caller.request.now).await?;
    record(conn, caller, (&team, &change), "change.cancel", None).await?;
    refetch(conn, &team, number).await
}

/// What a change needs: the stricter of the policies then and now.
pub async fn requirements(conn: &mut PgConnection, change: &Change) -> Result<Vec<Requirement>> {
    let then = change::policies(conn, change.id).await?;
    let environments: Vec<Uuid> =
        change::items(conn, &[change.id]).await?.into_iter().map(|item| item.environment_id).collect();
    let now = policy::in_scope(conn, change.team_id, &environments).await?;
    Ok(approval::strictest(then, now))
}

/// Locks the change's stages, then the change: the order in which everybody locks.
async fn lock(conn: &mut PgConnection, team: &Team, number: i32) -> Result<Change> {
    let unknown = || Error::not_found("change", format!("#{number}"), Vec::new());
    let change = change::get(conn, team.id, number).await?.ok_or_else(unknown)?;
    let mut features: Vec<Uuid> =
        change::items(conn, &[change.id]).await?.into_iter().map(|item| item.feature_id).collect();
    features.sort();
    features.dedup();
    for feature in features {
        stage::lock_of_feature(conn, feature).await?;
    }
    change::lock(conn, team.id, number).await?.ok_or_else(unknown)
}

async fn refetch(conn: &mut PgConnection, team: &Team, number: i32) -> Result<Change> {
    let gone = || Error::not_found("change", format!("#{number}"), Vec::new());
    change::get(conn, team.id, number).await?.ok_or_else(gone)
}

fn closed(change: &Change) -> Error {
    let why = change.failure.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let state = change.status.to_string().to_lowercase();
    Error::Stale(format!("#{} is {state} and open to decisions no more{why}", change.number))
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    (team, change): (&Team, &Change),
    action: &str,
    comment: Option<&str>,
) -> Result<()> {
    let items = change::items(conn, &[change.id]).await?;
    let ids: Vec<Uuid> = items.iter().map(|item| item.feature_id).collect();
    let features = feature::by_ids(conn, &ids).await?;
    let names: Vec<_> = features.iter().map(|feature| feature.key.as_str()).collect();
    let environments: Vec<Uuid> = items.iter().map(|item| item.environment_id).collect();
    let environments = crate::store::environment::by_ids(conn, &environments).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("#{} {} {}", change.number, word(change.kind), names.join(", ")),
        feature: ids.first().copied(),
        environment: environments.first().map(|environment| environment.key.as_str()),
        reason: comment,
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}
