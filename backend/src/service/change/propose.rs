//! Proposing: what every change goes through, whatever its documents come from.

use std::{
    collections::{HashMap, HashSet},
    slice,
};

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_engine::FlagConfig;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    apply::Contents,
    approval::{Progress, Standing, decide, next_look},
    decide::progress,
    document,
    settle::settle,
    warning::{self, Findings, Warning},
};
use crate::{
    access,
    auth::Caller,
    error::{Error, Gate, Result},
    service::{audit, key},
    store::{
        audit::NewEntry,
        change::{self, Change, ChangeItem, ChangeKind, ChangeStatus, NewChange, NewItem},
        context_key, environment,
        feature::Feature,
        policy,
        stage::{self, LockedStage},
        team::Team,
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
    /// Whose stages they are; they may not be in the database.
    pub features: Vec<Feature>,
    /// The policies in scope.
    pub policies: Vec<Progress>,
    /// What was checked.
    pub gates: Vec<Gate>,
    /// What is allowed, but probably not meant.
    pub warnings: Vec<Warning>,
}

/// Where a document goes, and where it comes from.
pub(crate) struct Target<'a> {
    /// Whose.
    pub feature: &'a Feature,
    /// The stage, locked.
    pub stage: &'a LockedStage,
    /// Of a promotion.
    pub source: Option<&'a LockedStage>,
    /// The document as it is kept; none withdraws.
    pub config: Option<Value>,
    /// The same, as it means.
    pub parsed: Option<FlagConfig>,
    /// Where in a larger input this stands; empty when it is all of it.
    pub path: String,
}

/// A proposal before anything is written.
pub(crate) struct Draft<'a> {
    pub team: &'a Team,
    pub kind: ChangeKind,
    pub reason: Option<String>,
    pub apply_at: Option<DateTime<Utc>>,
    pub dry_run: bool,
    pub targets: Vec<Target<'a>>,
    pub gates: Vec<Gate>,
}

impl Target<'_> {
    fn changes_something(&self) -> bool {
        self.stage.config != self.config
    }

    /// A warning with its place in the whole input.
    fn located(&self, warning: Warning) -> Warning {
        match self.path.as_str() {
            "" => warning,
            path => Warning { path: format!("{path}.{}", warning.path), ..warning },
        }
    }

    fn preview(&self) -> ChangeItem {
        ChangeItem {
            change_id: Uuid::nil(),
            stage_id: self.stage.id,
            feature_id: self.feature.id,
            environment_id: self.stage.environment_id,
            source_environment_id: self.source.map(|source| source.environment_id),
            base_version: self.stage.live_version,
            version: None,
            before: self.stage.config.clone(),
            config: self.config.clone(),
        }
    }

    fn item(&self) -> NewItem {
        NewItem {
            stage_id: self.stage.id,
            source_id: self.source.map(|source| source.id),
            base_version: self.stage.live_version,
            config: self.config.clone(),
        }
    }
}

/// Decides what a draft needs, writes it down, and applies it where no policy covers it.
pub(crate) async fn propose(conn: &mut PgConnection, caller: &Caller, draft: Draft<'_>) -> Result<Proposal> {
    let (team, now) = (draft.team, caller.request.now);
    let reason = key::text("reason", draft.reason.clone())?;
    if draft.apply_at.is_some_and(|at| at <= now || at > now + MAX_AHEAD) {
        return Err(Error::invalid("applyAt", "must be in the future, at most a year ahead"));
    }
    access::require_within(caller, team, draft.targets.iter().map(|target| target.stage.place()))?;
    require_active(conn, &draft).await?;
    let warnings = look_over(conn, &draft).await?;
    // What is served already needs no change, and nobody's approval.
    let moving: Vec<&Target<'_>> = draft.targets.iter().filter(|target| target.changes_something()).collect();
    document::check_size(moving.iter().filter_map(|target| target.config.as_ref()))?;
    let wanted: Vec<&Target<'_>> =
        if moving.is_empty() { draft.targets.iter().collect() } else { moving.clone() };
    let places: Vec<Uuid> = wanted.iter().map(|target| target.stage.environment_id).collect();
    let requirements = policy::in_scope(conn, team.id, &places).await?;
    let standing = Standing::new(slice::from_ref(&caller.user.id), now);
    let mut proposal = Proposal {
        outcome: ProposalOutcome::DryRun,
        change: None,
        items: wanted.iter().map(|target| target.preview()).collect(),
        features: features(&wanted),
        policies: decide(&requirements, &[], &[], standing),
        gates: draft.gates.clone(),
        warnings,
    };
    if moving.is_empty() {
        proposal.outcome = ProposalOutcome::Unchanged;
        return Ok(proposal);
    }
    if draft.dry_run {
        return Ok(proposal);
    }
    let items: Vec<NewItem> = moving.iter().map(|target| target.item()).collect();
    let stages: Vec<Uuid> = items.iter().map(|item| item.stage_id).collect();
    let contested = !change::pending_on(conn, &stages).await?.is_empty();
    if contested && let Some(same) = change::same_pending(conn, (draft.kind, draft.apply_at), &items).await? {
        proposal.outcome = ProposalOutcome::Joined;
        proposal.change = change::by_ids(conn, &[same]).await?.pop();
        if let Some(joined) = &proposal.change {
            proposal.policies = progress(conn, joined, now).await?;
        }
        return Ok(proposal);
    }
    let new = NewChange {
        team_id: team.id,
        kind: draft.kind,
        reason: reason.as_deref(),
        author: caller.by(),
        created_at: now,
        apply_at: draft.apply_at,
        auto_approve_at: next_look(&proposal.policies, now),
    };
    let (id, number) = change::insert(conn, &new, &items, &requirements).await?;
    let mut change = pending((id, number), caller, &new);
    let proposed = entry(&change, reason.as_deref(), &moving);
    if !requirements.is_empty() {
        audit::record(conn, caller, &proposed).await?;
    } else {
        let mut contents = Contents { contested, untold: vec![proposed], ..contents(id, &moving) };
        settle(conn, caller.into(), (team, &mut change), Some(&mut contents)).await?;
        proposal.items = contents.items;
    }
    let applied = change.status == ChangeStatus::Applied;
    proposal.outcome = if applied { ProposalOutcome::Applied } else { ProposalOutcome::Pending };
    proposal.change = Some(change);
    Ok(proposal)
}

/// A change as it was just made.
fn pending((id, number): (Uuid, i32), caller: &Caller, new: &NewChange<'_>) -> Change {
    Change {
        id,
        team_id: new.team_id,
        number,
        kind: new.kind,
        status: ChangeStatus::Pending,
        reason: new.reason.map(str::to_owned),
        author_id: caller.user.id,
        author: caller.user.username.clone(),
        token: caller.token.as_ref().map(|token| token.mandate.name.clone()),
        created_at: new.created_at,
        decided_at: None,
        applied_at: None,
        revision: None,
        failure: None,
        apply_at: new.apply_at,
        auto_approve_at: new.auto_approve_at,
        overridden_by: None,
        overrider: None,
        override_token: None,
        override_reason: None,
        rebased_from_number: None,
        authors: vec![caller.user.id],
    }
}

/// What a change moves that was just made of these.
fn contents<'a>(change_id: Uuid, moving: &[&Target<'_>]) -> Contents<'a> {
    Contents {
        items: moving.iter().map(|target| ChangeItem { change_id, ..target.preview() }).collect(),
        locked: moving.iter().map(|target| target.stage.clone()).collect(),
        features: features(moving),
        contested: true,
        untold: Vec::new(),
    }
}

/// Refuses to bring anything to an environment that is not active.
async fn require_active(conn: &mut PgConnection, draft: &Draft<'_>) -> Result<()> {
    let places: Vec<Uuid> = draft.targets.iter().map(|target| target.stage.environment_id).collect();
    let inactive = environment::lock_places(conn, &places).await?;
    match inactive.first() {
        Some(place) if draft.kind != ChangeKind::Withdraw => {
            Err(Error::Conflict(format!("{place} is inactive and takes no changes: activate it first")))
        }
        _ => Ok(()),
    }
}

/// The features of targets, each once, in their order.
fn features(targets: &[&Target<'_>]) -> Vec<Feature> {
    let mut seen = HashSet::new();
    targets.iter().filter(|t| seen.insert(t.feature.id)).map(|t| t.feature.clone()).collect()
}

/// What the audit is told of a proposal, once for the whole change.
fn entry<'a>(new: &Change, reason: Option<&'a str>, targets: &[&'a Target<'_>]) -> NewEntry<'a> {
    let features = features(targets);
    let only_feature = match features.as_slice() {
        [only] => Some(only.id),
        _ => None,
    };
    let first = targets.first().map(|target| target.stage);
    let same_place = targets.iter().all(|t| Some(t.stage.environment_id) == first.map(|s| s.environment_id));
    let bases: Vec<Option<i32>> = targets.iter().map(|target| target.stage.live_version).collect();
    let base = if let [only] = bases.as_slice() { json!(only) } else { json!(bases) };
    NewEntry {
        team: Some(new.team_id),
        action: "change.propose",
        subject: format!("#{} {}", new.number, subject(new.kind, &features)),
        feature: only_feature,
        change: Some(new.id),
        environment: first.filter(|_| same_place).map(|stage| stage.environment_key.as_str()),
        reason,
        after: Some(
            json!({"change": new.number, "kind": new.kind, "baseVersion": base, "applyAt": new.apply_at}),
        ),
        ..NewEntry::default()
    }
}

/// What is probably not meant in the documents of a draft.
async fn look_over(conn: &mut PgConnection, draft: &Draft<'_>) -> Result<Vec<Warning>> {
    let documents = || draft.targets.iter().filter_map(|target| Some((target, target.parsed.as_ref()?)));
    // Only criteria compare with context keys.
    let keys = match documents().any(|(_, config)| !config.criteria.is_empty()) {
        true => context_key::all(conn, draft.team.id).await?,
        false => Vec::new(),
    };
    let mut warnings = Vec::new();
    for (target, config) in documents() {
        warnings.extend(judge(draft.kind, target, warning::look_over(config, &keys))?);
    }
    for (target, config) in documents().filter(|(_, config)| !config.depends_on.is_empty()) {
        let needed: Vec<&str> = config.depends_on.iter().map(|needed| needed.feature.as_str()).collect();
        let place = target.stage.environment_id;
        let mut served: HashMap<_, _> = stage::variants_in(conn, place, &needed).await?.into_iter().collect();
        // What comes with the same change counts as being there.
        for (other, config) in documents().filter(|(other, _)| other.stage.environment_id == place) {
            served.insert(other.feature.key.clone(), config.variants.keys().cloned().collect());
        }
        let found = warning::dependencies(config, &served, &target.stage.environment_key);
        warnings.extend(found.into_iter().map(|warning| target.located(warning)));
    }
    Ok(warnings)
}

/// What is told of the findings in a document. What does not fit the context keys is refused, unless it is, or was, served
/// already: nothing that is declared later stands in the way of going back.
fn judge(kind: ChangeKind, target: &Target<'_>, findings: Findings) -> Result<Vec<Warning>> {
    let warnings = if kind == ChangeKind::Rollback || !target.changes_something() {
        findings.lenient()
    } else {
        findings.strict().map_err(|error| error.within(&target.path))?
    };
    Ok(warnings.into_iter().map(|warning| target.located(warning)).collect())
}

/// How many features are named where many are meant?
const NAMED: usize = 3;

/// A change as people say it, like "promote checkout, cart and 3 more".
pub(super) fn subject(kind: ChangeKind, features: &[Feature]) -> String {
    let names: Vec<&str> = features.iter().take(NAMED).map(|feature| feature.key.as_str()).collect();
    let more = features.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {}{more}", word(kind), names.join(", "))
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
