//! Settling: a change that has its approvals is applied, or waits for its time; what time itself decides.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    apply::{Contents, apply, go_live},
    approval::{Progress, next_look},
    decide::{hold, lock, progress, record},
};
use crate::{
    error::Result,
    service::audit::{record_all, scheduler},
    store::{
        audit::Actor,
        change::{self, Change, ChangeStatus},
        team::{self, Team},
    },
};

/// Applies a change whose gates are open, unless its time is still to come. The stages are locked by the caller, who may
/// have read the contents since.
pub(super) async fn settle(
    conn: &mut PgConnection,
    actor: Actor<'_>,
    (team, change): (&Team, &mut Change),
    contents: Option<&mut Contents<'_>>,
) -> Result<()> {
    if change.apply_at.is_none_or(|at| at <= actor.at) {
        return match contents {
            // Just proposed: nothing can stand in its way.
            Some(read) => go_live(conn, actor, (team, change), read).await,
            None => {
                let mut contents = Contents::read(conn, change.id).await?;
                apply(conn, actor, (team, change), &mut contents).await
            }
        };
    }
    if let Some(contents) = contents {
        record_all(conn, actor, &contents.untold).await?;
    }
    change::approve(conn, change.id, actor.at).await?;
    (change.status, change.decided_at) = (ChangeStatus::Approved, Some(actor.at));
    record(conn, actor, (team, change), "change.schedule", None).await
}

/// Looks at a change whose time has come; passed over while somebody else is at it. Tells whether anything became of it.
pub async fn settle_due(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    if !change::try_lock_first_stage(conn, id).await? {
        return Ok(false);
    }
    let Some(team) = team::of_change(conn, id).await? else { return Ok(false) };
    let Some(found) = change::by_ids(conn, &[id]).await?.pop() else { return Ok(false) };
    let mut change = lock(conn, &team, found.number).await?;
    hold(conn, &mut change, None).await?;
    let actor = scheduler(now);
    let policies = progress(conn, &change, now).await?;
    let missing: Vec<&str> = policies.iter().filter(|p| !p.satisfied).map(|p| p.name.as_str()).collect();
    match change.status {
        ChangeStatus::Approved if change.apply_at.is_some_and(|at| at <= now) => {
            if missing.is_empty() {
                let mut contents = Contents::read(conn, id).await?;
                apply(conn, actor, (&team, &mut change), &mut contents).await?;
                return Ok(true);
            }
            // Somebody lost a role, or a policy became stricter, while it waited.
            let why = format!("at its time the approvals for {} did not hold any more", missing.join(", "));
            change::close(conn, id, ChangeStatus::Failed, Some(&why), now).await?;
            record(conn, actor, (&team, &change), "change.fail", Some(&why)).await?;
        }
        ChangeStatus::Pending if missing.is_empty() => {
            let why = match by_time(&policies) {
                names if names.is_empty() => "its approvals are enough now".to_owned(),
                names => format!("nobody rejected it in time: {names}"),
            };
            record(conn, actor, (&team, &change), "change.auto_approve", Some(&why)).await?;
            settle(conn, actor, (&team, &mut change), None).await?;
        }
        ChangeStatus::Pending => {
            change::set_next_look(conn, id, next_look(&policies, now)).await?;
            return Ok(false);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Names the policies that have too few approvals and are satisfied by time.
fn by_time(policies: &[Progress]) -> String {
    let few = |p: &&Progress| usize::try_from(p.required).is_ok_and(|needed| p.approvers.len() < needed);
    policies.iter().filter(few).map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
}
