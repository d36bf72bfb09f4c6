//! Proposing: what every change goes through, whatever its document comes from.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    apply,
    approval::{Progress, decide},
    decide::requirements,
};
use crate::{
    auth::Caller,
    error::{Error, Gate, Result},
    service::{audit, key},
    store::{
        audit::NewEntry,
        change::{self, Change, ChangeItem, ChangeKind, ChangeStatus, NewChange, NewItem},
        feature::Feature,
        member, policy,
        stage::LockedStage,
        team::{self, Team},
        vote, word_enum,
    },
};

word_enum!(
    /// What became of a proposal.
    ProposalOutcome {
        /// It is live.
        Applied,
        /// It waits for approvals.
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
    pub dry_run: bool,
    pub target: Target<'a>,
    pub gates: Vec<Gate>,
}

/// Decides what a draft needs, writes it down, and applies it where no policy covers it.
pub(crate) async fn propose(conn: &mut PgConnection, caller: &Caller, draft: Draft<'_>) -> Result<Proposal> {
    let Draft { team, feature, kind, dry_run, target, gates, .. } = draft;
    let reason = key::text("reason", draft.reason)?;
    let stage = target.stage;
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
    let requirements = policy::in_scope(conn, team.id, &[stage.environment_id]).await?;
    let mut proposal = Proposal {
        outcome: ProposalOutcome::DryRun,
        change: None,
        items: vec![preview],
        feature: feature.clone(),
        policies: decide(&requirements, &[], &[], caller.user.id),
        gates,
    };
    if stage.config == item.config {
        proposal.outcome = ProposalOutcome::Unchanged;
        return Ok(proposal);
    }
    if dry_run {
        return Ok(proposal);
    }
    if let Some(same) = change::same_pending(conn, kind, &item).await? {
        proposal.outcome = ProposalOutcome::Joined;
        proposal.change = change::by_ids(conn, &[same]).await?.pop();
        if let Some(joined) = &proposal.change {
            proposal.policies = progress(conn, joined).await?;
        }
        return Ok(proposal);
    }
    let number = team::next_change_number(conn, team.id).await?;
    let new = NewChange {
        team_id: team.id,
        number,
        kind,
        reason: reason.as_deref(),
        author_id: caller.user.id,
        created_at: caller.request.now,
    };
    let id = change::insert(conn, &new, &[item], &requirements).await?;
    let entry = NewEntry {
        team: Some(team.id),
        action: "change.propose",
        subject: format!("#{number} {} {}", word(kind), feature.key),
        feature: Some(feature.id),
        environment: Some(&stage.environment_key),
        reason: reason.as_deref(),
        after: Some(json!({"change": number, "kind": kind, "baseVersion": stage.live_version})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    let mut made = change::by_ids(conn, &[id]).await?.pop();
    if let Some(change) = made.as_mut().filter(|_| requirements.is_empty()) {
        apply::apply(conn, caller, team, change).await?;
        if change.status != ChangeStatus::Applied {
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

/// How far a change is satisfied now.
async fn progress(conn: &mut PgConnection, change: &Change) -> Result<Vec<Progress>> {
    let requirements = requirements(conn, change).await?;
    let votes = vote::of_changes(conn, &[change.id]).await?;
    let members = member::active(conn, change.team_id).await?;
    Ok(decide(&requirements, &votes, &members, change.author_id))
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
