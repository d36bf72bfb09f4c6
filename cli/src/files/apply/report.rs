//! What became of each thing.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_client::change::Change;
use fluxgate_client::files::{FileChange, FileProposal};
use fluxgate_client::{ChangeStatus, ProposalOutcome};

use super::super::plan::{Item, Plan};
use super::super::policies::Met;
use super::super::reference::Reference;
use crate::error::CliError;

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Changed,
    Archived,
    Failed,
    Skipped,
}

/// A change that was proposed for a stage of a feature.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) number: i64,
    pub(super) environment: String,
    pub(super) status: ChangeStatus,
    pub(super) version: Option<i64>,
}

/// A change that a dry run found for a stage of a feature.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) environment: String,
    /// What it would wait for.
    pub(super) policies: Vec<String>,
}

/// A thing and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) outcome: Outcome,
    pub(super) opened: Vec<Opened>,
    /// Of a dry run: what would be opened.
    pub(super) tried: Vec<Tried>,
    /// Where each was found first.
    pub(super) warnings: BTreeMap<String, String>,
    pub(super) error: Option<CliError>,
    pub(super) why: Option<String>,
}

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct Report {
    pub(super) team: String,
    pub(super) done: BTreeMap<Reference, Done>,
    pub(super) unchanged: usize,
    pub(super) dry_run: bool,
    /// The newest of what went live.
    revision: Option<i64>,
    /// Edges that do not serve it in time, in words.
    pub(super) lagging: Option<String>,
    /// Of a dry run: which policies it would meet.
    pub(super) policies: Vec<String>,
}

impl Report {
    /// Takes everything for done, until something says otherwise.
    pub(super) fn new(plan: &Plan, dry_run: bool) -> Self {
        let done = plan.items.iter().map(|item| {
            let outcome = match (&item.before, &item.after) {
                (_, None) => Outcome::Archived,
                (None, _) => Outcome::Created,
                (Some(_), Some(_)) => Outcome::Changed,
            };
            let tried = if dry_run { expected(plan, item) } else { Vec::new() };
            let (opened, warnings) = (Vec::new(), BTreeMap::new());
            let done = Done { outcome, opened, tried, warnings, error: None, why: None };
            (item.reference.clone(), done)
        });
        let done = done.collect();
        let policies = if dry_run { plan.policies.iter().map(Met::sentence).collect() } else { Vec::new() };
        let (team, unchanged) = (plan.team.clone(), plan.unchanged);
        Self { team, done, unchanged, dry_run, revision: None, lagging: None, policies }
    }

    pub(super) fn fail(&mut self, reference: &Reference, error: CliError) {
        if let Some(done) = self.done.get_mut(reference) {
            done.outcome = Outcome::Failed;
            done.tried.clear();
            done.error.get_or_insert(error);
        }
    }

    pub(super) fn skip(&mut self, reference: &Reference, why: &str) {
        if let Some(done) = self.done.get_mut(reference)
            && done.outcome != Outcome::Failed
        {
            done.outcome = Outcome::Skipped;
            done.tried.clear();
            done.why = Some(why.to_owned());
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.done.values().any(|done| done.outcome == Outcome::Failed)
    }

    pub(super) fn undone(&self) -> BTreeSet<String> {
        let undone = self.done.iter().filter(|(reference, done)| {
            reference.is_feature() && matches!(done.outcome, Outcome::Failed | Outcome::Skipped)
        });
        undone.map(|(reference, _)| reference.key.clone()).collect()
    }

    /// Notes what became of a proposal for stages, each a feature and an environment, in the order in which it was sent.
    pub(super) fn proposed(&mut self, stages: &[(&str, &str)], proposal: &FileProposal) {
        if let Some(change) = &proposal.change {
            self.opened(change);
        }
        if self.dry_run {
            self.tried(stages, proposal);
        }
        for warning in &proposal.warnings {
            let (index, within) = within_batch(&warning.path);
            let Some((feature, environment)) = stages.get(index) else { continue };
            if let Some(done) = self.done.get_mut(&Reference::feature(feature)) {
                let within = within.strip_prefix("config").unwrap_or(within);
                // What is so in several stages is told once.
                done.warnings
                    .entry(warning.message.clone())
                    .or_insert_with(|| format!("stages.{environment}{within}"));
            }
        }
    }

    /// Notes what the server says of what a dry run would open: who would be asked, or that it is so already.
    fn tried(&mut self, stages: &[(&str, &str)], proposal: &FileProposal) {
        let lacking = proposal.policies.iter().filter(|policy| !policy.satisfied);
        let policies: Vec<String> = lacking.map(|policy| policy.name.clone()).collect();
        for (feature, environment) in stages {
            let Some(done) = self.done.get_mut(&Reference::feature(feature)) else { continue };
            if proposal.outcome == ProposalOutcome::Unchanged {
                done.tried.retain(|tried| tried.environment != *environment);
            } else if let Some(tried) = done.tried.iter_mut().find(|tried| tried.environment == *environment)
            {
                tried.policies.clone_from(&policies);
            }
        }
    }

    /// Returns the newest revision at which something went live.
    pub(crate) fn revision(&self) -> Option<i64> {
        self.revision
    }

    /// Notes that edges do not serve it all in time.
    pub(crate) fn lagging(&mut self, sentence: String) {
        self.lagging = Some(sentence);
    }

    fn opened(&mut self, change: &FileChange) {
        self.revision = self.revision.max(change.revision);
        for item in &change.items {
            if let Some(done) = self.done.get_mut(&Reference::feature(&item.feature.key)) {
                done.opened.push(Opened {
                    number: change.number,
                    environment: item.environment.key.clone(),
                    status: change.status.clone(),
                    version: item.version,
                });
            }
        }
    }

    /// Returns the changes that wait.
    pub(crate) fn waiting(&self) -> BTreeSet<i64> {
        let opened = self.done.values().flat_map(|done| &done.opened);
        opened.filter(|opened| waits(&opened.status)).map(|opened| opened.number).collect()
    }

    /// Notes what became of a change that was waited for.
    pub(crate) fn decided(&mut self, number: i64, change: &Result<Change, CliError>) {
        self.revision = self.revision.max(change.as_ref().ok().and_then(|change| change.revision));
        for (reference, done) in &mut self.done {
            for opened in done.opened.iter_mut().filter(|opened| opened.number == number) {
                match change {
                    Ok(change) => {
                        opened.status = change.status.clone();
                        let item = change.items.iter().find(|item| {
                            item.feature.key == reference.key && item.environment.key == opened.environment
                        });
                        opened.version = item.and_then(|item| item.version);
                    }
                    Err(error) => {
                        opened.status = ChangeStatus::Rejected;
                        done.outcome = Outcome::Failed;
                        done.error.get_or_insert_with(|| error.clone());
                    }
                }
            }
        }
    }
}

impl Done {
    /// Returns whether any of it waits for votes, or would.
    pub(super) fn waits(&self) -> bool {
        self.opened.iter().any(|opened| waits(&opened.status))
            || self.tried.iter().any(|tried| !tried.policies.is_empty())
    }
}

/// Returns the changes that a thing takes, with what is known of them before the server says more. Of what is only to be
/// made it never does.
fn expected(plan: &Plan, item: &Item) -> Vec<Tried> {
    let places: Vec<String> = match (&item.before, &item.after) {
        (Some(before), None) => before.versions.keys().cloned().collect(),
        _ => item.edits().iter().map(|edit| edit.environment.to_owned()).collect(),
    };
    let policies = |environment: &str| {
        let met = plan.policies.iter().filter(|met| met.environment == environment);
        met.map(|met| met.policy.clone()).collect()
    };
    places.into_iter().map(|environment| Tried { policies: policies(&environment), environment }).collect()
}

/// Returns whether a change is open.
pub(super) fn waits(status: &ChangeStatus) -> bool {
    matches!(status, ChangeStatus::Pending | ChangeStatus::Approved)
}

/// Returns which edit of a batch a path leads to, the first when there is only one, and the path within it.
fn within_batch(path: &str) -> (usize, &str) {
    let within = path.strip_prefix("edits[").and_then(|rest| rest.split_once("]."));
    match within {
        Some((index, within)) => (index.parse().unwrap_or(usize::MAX), within),
        None => (0, path),
    }
}

/// Returns whether a proposal put something live at once.
pub(super) fn is_live(proposal: &FileProposal) -> bool {
    matches!(proposal.outcome, ProposalOutcome::Applied | ProposalOutcome::Unchanged)
}
