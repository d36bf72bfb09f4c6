//! Proposing: what every change goes through, whatever its document comes from.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    approval::{Progress, Standing, decide, next_look},
    decide::progress,
    settle::settle,
    warning::{self, Warning},
};
use crate::{
    access,
    auth::Caller,
    error::{Error, Gate, Result},
    service::{audit, key},
    store::{
        audit::NewEntry,
        change::{self, Change, ChangeItem, ChangeKind, ChangeStatus, NewChange, NewItem},
        environment,
        feature::Feature,
        policy,
        stage::LockedStage,
        team::{self, Team},
        word_enum,
    },
};

/// How far ahead may a change be applied?
const MAX_AHEAD: TimeDelta = TimeDelta::days(365);

word_enum!(
    /// What became of a proposal.
    ProposalOutcome {
        /// It is live.
        Applied,
        /// It waits: for approvals, or for its time.
        Pending,
        /// The same proposal was waiting already.
        Joined,
        /// It is live already; there was nothing to do.
        Unchanged,
        /// Only looked at.
        DryRun,
    }
);

/// A proposal and what became of it.
#[derive(Debug)]
pub struct Proposal {
    /// What became of it.
    pub outcome: ProposalOutcome,
    /// The change, unless there was nothing to do or it was only looked at.
    pub change: Option<Change>,
    /// What it would put where.
    pub items: Vec<ChangeItem>,
    /// Whose stages they are; it may not be in the database.
    pub feature: Feature,
    /// The policies in scope.
    pub policies: Vec<Progress>,
    /// What was checked.
    pub gates: Vec<Gate>,
    /// What is allowed, but probably not meant.
    pub warnings: Vec<Warning>,
}

/// Where a document goes, and where it comes from.
pub(crate) struct Target<'a> {
    /// The stage, locked.
    pub stage: &'a LockedStage,
    /// Of a promotion.
    pub source: Option<&'a LockedStage>,
    /// The canonical document; none withdraws.
    pub config: Option<Value>,
}

/// A proposal before anything is written.
pub(crate) struct Draft<'a> {
    pub team: &'a Team,
    pub feature: &'a Feature,
    pub kind: ChangeKind,
    pub reason: Option<String>,
    pub apply_at: Option<DateTime<Utc>>,
    pub dry_run: bool,
    pub target: Target<'a>,
    pub gates: Vec<Gate>,
}

/// Decides what a draft needs, writes it down, and applies it where no policy covers it.
pub(crate) async fn propose(conn: &mut PgConnection, caller: &Caller, draft: Draft<'_>) -> Result<Proposal> {
    let Draft { team, feature, kind, apply_at, dry_run, target, gates, .. } = draft;
    let reason = key::text("reason", draft.reason)?;
    let now = caller.request.now;
    if apply_at.is_some_and(|at| at <= now || at > now + MAX_AHEAD) {
        return Err(Error::invalid("applyAt", "must be in the future, at most a year ahead"));
    }
    let stage = target.stage;
    access::require_within(caller, team, [stage.place()])?;
    let item = NewItem {
        stage_id: stage.id,
        source_id: target.source.map(|source| source.id),
        base_version: stage.live_version,
        config: target.config,
    };
    let preview = ChangeItem {
        change_id: uuid::Uuid::nil(),
        stage_id: stage.id,
        feature_id: feature.id,
        environment_id: stage.environment_id,
        source_environment_id: target.source.map(|source| source.environment_id),
        base_version: stage.live_version,
        version: None,
        before: stage.config.clone(),
        config: item.config.clone(),
    };
    let active = environment::lock_place(conn, stage.environment_id).await?;
    if !active && kind != ChangeKind::Withdraw {
        let place = &stage.environment_key;
        return Err(Error::Conflict(format!("{place} is inactive and takes no changes: activate it first")));
    }
    let warnings = warnings(conn, team, (kind, stage), item.config.as_ref()).await?;
    let requirements = policy::in_scope(conn, team.id, &[stage.environment_id]).await?;
    let standing = Standing::new(caller.user.id, now);
    let mut proposal = Proposal {
        outcome: ProposalOutcome::DryRun,
        change: None,
        items: vec![preview],
        feature: feature.clone(),
        policies: decide(&requirements, &[], &[], standing),
        gates,
        warnings,
    };
    if stage.config == item.config {
        proposal.outcome = ProposalOutcome::Unchanged;
        return Ok(proposal);
    }
    if dry_run {
        return Ok(proposal);
    }
    if let Some(same) = change::same_pending(conn, (kind, apply_at), &item).await? {
        proposal.outcome = ProposalOutcome::Joined;
        proposal.change = change::by_ids(conn, &[same]).await?.pop();
        if let Some(joined) = &proposal.change {
            proposal.policies = progress(conn, joined, now).await?;
        }
        return Ok(proposal);
    }
    let number = team::next_change_number(conn, team.id).await?;
    let new = NewChange {
        team_id: team.id,
        number,
        kind,
        reason: reason.as_deref(),
        author: caller.by(),
        created_at: now,
        apply_at,
        auto_approve_at: next_look(&proposal.policies, now),
    };
    let id = change::insert(conn, &new, &[item], &requirements).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "change.propose",
        subject: format!("#{number} {} {}", word(kind), feature.key),
        feature: Some(feature.id),
        environment: Some(&stage.environment_key),
        reason: reason.as_deref(),
        after: Some(
            json!({"change": number, "kind": kind, "baseVersion": stage.live_version, "applyAt": apply_at}),
        ),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    let mut made = change::by_ids(conn, &[id]).await?.pop();
    if let Some(change) = made.as_mut().filter(|_| requirements.is_empty()) {
        settle(conn, caller.into(), team, change).await?;
        if !matches!(change.status, ChangeStatus::Applied | ChangeStatus::Approved) {
            let why = change.failure.clone().unwrap_or_default();
            return Err(Error::Conflict(format!("{} could not be applied: {why}", feature.key)));
        }
        proposal.items = change::items(conn, &[id]).await?;
    }
    let applied = made.as_ref().is_some_and(|change| change.status == ChangeStatus::Applied);
    proposal.outcome = if applied { ProposalOutcome::Applied } else { ProposalOutcome::Pending };
    proposal.change = made;
    Ok(proposal)
}

/// What is probably not meant in a document. What does not fit the context keys is refused, unless it is, or was,
/// served already: nothing that is declared later stands in the way of going back.
async fn warnings(
    conn: &mut PgConnection,
    team: &Team,
    (kind, stage): (ChangeKind, &LockedStage),
    config: Option<&Value>,
) -> Result<Vec<Warning>> {
    let Some(config) = config else { return Ok(Vec::new()) };
    let findings = warning::look_over(conn, team.id, config).await?;
    if kind == ChangeKind::Rollback || stage.config.as_ref() == Some(config) {
        return Ok(findings.lenient());
    }
    findings.strict()
}

/// The kind as people say it.
pub(super) fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Edit => "edit",
        ChangeKind::Promote => "promote",
        ChangeKind::Rollback => "roll back",
        ChangeKind::Withdraw => "withdraw",
    }
}
