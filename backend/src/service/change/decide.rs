//! Deciding: votes on a change, and taking it back. What is decided on never alters.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    approval::{self, Progress, Standing, next_look},
    propose::subject,
    settle::settle,
};
use crate::{
    access::{self, Action},
    auth::{By, Caller},
    clock,
    error::{Error, Result},
    service::{audit, key, team},
    store::{
        self,
        audit::{Actor, NewEntry},
        change::{self, Change, ChangeStatus},
        environment, feature,
        member::{self, Member},
        policy::{self, Requirement},
        stage,
        team::Team,
        token,
        vote::{self, Decision},
    },
};

/// How many comments may a change have?
const MAX_COMMENTS: i64 = 1_000;

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
    hold(conn, &mut change, Some(caller.by())).await?;
    let requirements = requirements(conn, &change).await?;
    let members = member::active(conn, team.id).await?;
    let caller = &with_roles_that_hold(conn, caller, &team, &members).await?;
    let verb = if decision == Decision::Approve { "approve" } else { "reject" };
    if change.authors.contains(&caller.user.id) {
        let others: Vec<_> = members
            .iter()
            .filter(|m| {
                !change.authors.contains(&m.user.id)
                    && requirements.iter().any(|r| approval::listed(r, &m.roles))
            })
            .map(|m| m.user.username.as_str())
            .collect();
        let hint = match others.as_slice() {
            [] => "nobody else in this team has a role that counts: ask a TEAM_ADMIN".to_owned(),
            names => format!("others who can: {}", names.join(", ")),
        };
        // A person and their tokens are one: none of them decides on what another proposed.
        let message = match caller.token.is_some() || change.token.is_some() {
            _ if change.author_id != caller.user.id => {
                format!("{} cannot {verb} #{number}: it is what they proposed first, again", caller.who())
            }
            false => format!("you cannot {verb} #{number}: you proposed it"),
            true => format!("{} cannot {verb} #{number}: {} proposed it", caller.who(), proposer(&change)),
        };
        return Err(Error::Forbidden { message, hint: Some(hint), team: Some(team.id) });
    }
    if !is_peer(caller, team.id, &requirements) {
        access::require(caller, &team, Action::Vote)?;
    }
    require_within(conn, caller, &team, &change).await?;
    if change.status != ChangeStatus::Pending {
        return Err(closed(&change));
    }
    let now = caller.request.now;
    vote::set(conn, (change.id, caller.by()), decision, comment.as_deref(), now).await?;
    let action = if decision == Decision::Approve { "change.approve" } else { "change.reject" };
    record(conn, caller, (&team, &change), action, comment.as_deref()).await?;
    if decision == Decision::Reject {
        change::close(conn, change.id, ChangeStatus::Rejected, comment.as_deref(), now).await?;
        return refetch(conn, &team, number).await;
    }
    let policies = progress(conn, &change, now).await?;
    if policies.iter().all(|policy| policy.satisfied) {
        settle(conn, caller.into(), (&team, &mut change), None).await?;
    } else {
        change::set_next_look(conn, change.id, next_look(&policies, now)).await?;
    }
    Ok(change)
}

/// Whether a policy lists a role of the caller's that otherwise has no vote.
fn is_peer(caller: &Caller, team: Uuid, requirements: &[Requirement]) -> bool {
    let mine = caller.roles(team).unwrap_or_default();
    access::by_policy(caller, team, Action::Vote) && requirements.iter().any(|r| approval::listed(r, mine))
}

/// Whether a caller may vote on a change that asks for this, as far as roles go.
pub fn may_vote(caller: &Caller, team: Uuid, requirements: &[Requirement]) -> bool {
    access::allows(caller, team, Action::Vote) || is_peer(caller, team, requirements)
}

/// Lets a change through whose policies allow a TEAM_ADMIN to; the others must be satisfied all the same.
pub async fn force(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, number): (&str, i32),
    reason: String,
) -> Result<Change> {
    let team = team::find(conn, caller, team_key, Action::Override).await?;
    let Some(reason) = key::text("reason", Some(reason))? else {
        return Err(Error::invalid("reason", "is needed: an override is for others to look at later"));
    };
    let mut change = lock(conn, &team, number).await?;
    hold(conn, &mut change, Some(caller.by())).await?;
    let members = member::active(conn, team.id).await?;
    let caller = &with_roles_that_hold(conn, caller, &team, &members).await?;
    access::require(caller, &team, Action::Override)?;
    require_within(conn, caller, &team, &change).await?;
    if change.status != ChangeStatus::Pending {
        return Err(closed(&change));
    }
    let before = progress(conn, &change, caller.request.now).await?;
    let strict: Vec<&str> =
        before.iter().filter(|p| !p.satisfied && !p.override_allowed).map(|p| p.name.as_str()).collect();
    if !strict.is_empty() {
        return Err(Error::Forbidden {
            message: format!("#{number} cannot be let through: {} allows no override", strict.join(", ")),
            hint: Some("it takes the approvals that the policy asks for".to_owned()),
            team: Some(team.id),
        });
    }
    change::set_override(conn, change.id, (caller.by(), &reason)).await?;
    record(conn, caller, (&team, &change), "change.override", Some(&reason)).await?;
    let mut change = refetch(conn, &team, number).await?;
    settle(conn, caller.into(), (&team, &mut change), None).await?;
    Ok(change)
}

/// Says something about a change, open or not.
pub async fn comment(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, number): (&str, i32),
    text: String,
) -> Result<Change> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let Some(text) = key::text("text", Some(text))? else {
        return Err(Error::invalid("text", "is needed"));
    };
    let change = refetch(conn, &team, number).await?;
    require_within(conn, caller, &team, &change).await?;
    if store::comment::count(conn, change.id).await? >= MAX_COMMENTS {
        return Err(Error::Conflict(format!("#{number} has {MAX_COMMENTS} comments; that is all it takes")));
    }
    let of = (change.id, caller.by());
    store::comment::insert(conn, clock::new_id(), of, &text, caller.request.now).await?;
    record(conn, caller, (&team, &change), "change.comment", Some(&text)).await?;
    Ok(change)
}

/// Takes a change back: its author, or a TEAM_ADMIN.
pub async fn cancel(conn: &mut PgConnection, caller: &Caller, team_key: &str, number: i32) -> Result<Change> {
    let team = team::find(conn, caller, team_key, Action::Propose).await?;
    let change = lock(conn, &team, number).await?;
    require_within(conn, caller, &team, &change).await?;
    if change.author_id != caller.user.id && !access::allows(caller, team.id, Action::Manage) {
        return Err(Error::Forbidden {
            message: format!(
                "you cannot cancel #{number}: {} proposed it; that takes its author or a TEAM_ADMIN",
                proposer(&change)
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

/// Refuses a token that does not cover every environment of the change.
async fn require_within(
    conn: &mut PgConnection,
    caller: &Caller,
    team: &Team,
    change: &Change,
) -> Result<()> {
    if caller.limited().is_none() {
        return Ok(());
    }
    let items = change::items(conn, &[change.id]).await?;
    let places: Vec<Uuid> = items.iter().map(|item| item.environment_id).collect();
    let places = environment::by_ids(conn, &places).await?;
    access::require_within(caller, team, places.iter().map(|place| (place.id, place.key.as_str())))
}

/// Who proposed a change, as messages say it.
fn proposer(change: &Change) -> String {
    match &change.token {
        Some(token) => format!("{}'s token {token}", change.author),
        None => change.author.clone(),
    }
}

/// What a change needs: the stricter of the policies then and now.
pub async fn requirements(conn: &mut PgConnection, change: &Change) -> Result<Vec<Requirement>> {
    Ok(requirements_of(conn, &[change.id]).await?.remove(&change.id).unwrap_or_default())
}

/// What each of several changes needs.
pub async fn requirements_of(
    conn: &mut PgConnection,
    changes: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Requirement>>> {
    let mut of: HashMap<Uuid, (Vec<Requirement>, Vec<Requirement>)> = HashMap::new();
    for (change, then) in change::policies(conn, changes).await? {
        of.entry(change).or_default().0.push(then);
    }
    for (change, now) in policy::in_scope_of(conn, changes).await? {
        of.entry(change).or_default().1.push(now);
    }
    Ok(of.into_iter().map(|(change, (then, now))| (change, approval::strictest(then, now))).collect())
}

/// How far a change is satisfied now.
pub async fn progress(conn: &mut PgConnection, change: &Change, now: DateTime<Utc>) -> Result<Vec<Progress>> {
    let requirements = requirements(conn, change).await?;
    let votes = vote::of_changes(conn, &[change.id]).await?;
    let members = member::active(conn, change.team_id).await?;
    Ok(approval::decide(&requirements, &votes, &members, Standing::of(change, now)))
}

/// Locks the change's stages, then the change: the order in which everybody locks.
pub(super) async fn lock(conn: &mut PgConnection, team: &Team, number: i32) -> Result<Change> {
    let unknown = || Error::not_found("change", format!("#{number}"), Vec::new());
    let change = change::get(conn, team.id, number).await?.ok_or_else(unknown)?;
    let features: Vec<Uuid> =
        change::items(conn, &[change.id]).await?.into_iter().map(|item| item.feature_id).collect();
    stage::lock_of_features(conn, &features).await?;
    change::lock(conn, team.id, number).await?.ok_or_else(unknown)
}

/// Keeps what decides on a locked change as it is until the transaction ends: its places and with them the policies, and
/// those who have a say with their roles and tokens, `voice` too. The change is read again then.
pub(super) async fn hold(conn: &mut PgConnection, change: &mut Change, voice: Option<By>) -> Result<()> {
    let items = change::items(conn, &[change.id]).await?;
    let places: Vec<Uuid> = items.into_iter().map(|item| item.environment_id).collect();
    environment::lock_places(conn, &places).await?;
    let votes = vote::of_changes(conn, &[change.id]).await?;
    let users = votes.iter().map(|vote| vote.user_id).chain(change.overridden_by);
    let users: Vec<Uuid> = users.chain(voice.map(|by| by.user)).collect();
    member::hold(conn, change.team_id, &users).await?;
    let tokens = votes.iter().filter_map(|vote| vote.token.as_ref()).chain(&change.override_token);
    let tokens: Vec<Uuid> = tokens.map(|token| token.id).chain(voice.and_then(|by| by.token)).collect();
    token::hold(conn, &tokens).await?;
    if let Some(now) = change::by_ids(conn, &[change.id]).await?.pop() {
        *change = now;
    }
    Ok(())
}

/// The caller with those roles in the team only that hold still, now that they are held.
async fn with_roles_that_hold(
    conn: &mut PgConnection,
    caller: &Caller,
    team: &Team,
    members: &[Member],
) -> Result<Caller> {
    let token = match &caller.token {
        None => None,
        Some(token) => {
            let now = token::get(conn, team.id, &token.mandate.name).await?;
            // Gone: it holds no role any more.
            Some(now.filter(|now| now.mandate.id == token.mandate.id).map(|now| now.mandate))
        }
    };
    let member = members.iter().find(|m| m.user.id == caller.user.id);
    let held = match (member, &token) {
        (None, _) | (_, Some(None)) => Vec::new(),
        (Some(member), None) => approval::held(&member.roles, None, caller.request.now),
        (Some(member), Some(Some(token))) => approval::held(&member.roles, Some(token), caller.request.now),
    };
    let mut caller = caller.clone();
    for membership in caller.memberships.iter_mut().filter(|membership| membership.team_id == team.id) {
        membership.roles.retain(|role| held.contains(role));
    }
    Ok(caller)
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

pub(super) async fn record<'a>(
    conn: &mut PgConnection,
    actor: impl Into<Actor<'a>>,
    (team, change): (&Team, &Change),
    action: &str,
    comment: Option<&str>,
) -> Result<()> {
    let items = change::items(conn, &[change.id]).await?;
    let ids: Vec<Uuid> = items.iter().map(|item| item.feature_id).collect();
    let features = feature::by_ids(conn, &ids).await?;
    let places: Vec<Uuid> = items.iter().map(|item| item.environment_id).collect();
    let places = environment::by_ids(conn, &places).await?;
    let only = |count: usize| (count == 1).then_some(());
    let entry = NewEntry {
        team: Some(team.id),
        action,
        subject: format!("#{} {}", change.number, subject(change.kind, &features)),
        feature: only(features.len()).and_then(|()| Some(features.first()?.id)),
        change: Some(change.id),
        environment: only(places.len()).and_then(|()| Some(places.first()?.key.as_str())),
        reason: comment,
        ..NewEntry::default()
    };
    audit::record(conn, actor, &entry).await
}
