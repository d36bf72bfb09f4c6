//! What became of each thing.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_client::change::Change;
use fluxgate_client::files::{FileChange, FileProposal};
use fluxgate_client::{ChangeStatus, ProposalOutcome};
use serde_json::{Value, json};

use super::super::plan::Plan;
use super::super::policies::Met;
use super::super::reference::Reference;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Line, Tone, View};

/// How many warnings are told?
const MAX_WARNINGS: usize = 20;

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

/// A thing and what became of it.
#[derive(Clone, Debug)]
struct Done {
    outcome: Outcome,
    opened: Vec<Opened>,
    /// Where each was found first.
    warnings: BTreeMap<String, String>,
    error: Option<CliError>,
    why: Option<String>,
}

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct Report {
    team: String,
    done: BTreeMap<Reference, Done>,
    unchanged: usize,
    dry_run: bool,
    /// The newest of what went live.
    revision: Option<i64>,
    /// Edges that do not serve it in time, in words.
    lagging: Option<String>,
    /// Of a dry run: which policies it would meet.
    policies: Vec<String>,
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
            let done =
                Done { outcome, opened: Vec::new(), warnings: BTreeMap::new(), error: None, why: None };
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
            done.error.get_or_insert(error);
        }
    }

    pub(super) fn skip(&mut self, reference: &Reference, why: &str) {
        if let Some(done) = self.done.get_mut(reference)
            && done.outcome != Outcome::Failed
        {
            done.outcome = Outcome::Skipped;
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

    /// Returns how the process ends.
    fn exit(&self, exit_code: bool) -> Exit {
        let is = |outcome: Outcome| self.done.values().any(|done| done.outcome == outcome);
        let all_failed =
            self.done.values().all(|done| matches!(done.outcome, Outcome::Failed | Outcome::Skipped));
        let exits: BTreeSet<u8> =
            self.done.values().filter_map(|done| Some(done.error.as_ref()?.exit.code())).collect();
        if is(Outcome::Failed) {
            // Where nothing else happened, the code of the one reason says the most.
            let one = self.done.values().find_map(|done| Some(done.error.as_ref()?.exit));
            return match one {
                Some(exit) if all_failed && exits.len() == 1 => exit,
                Some(Exit::Rejected) if exits.len() == 1 => Exit::Rejected,
                _ => Exit::Failed,
            };
        }
        if self.lagging.is_some() {
            return Exit::Failed;
        }
        if !self.waiting().is_empty() {
            return Exit::Pending;
        }
        if exit_code && !self.done.is_empty() && !self.dry_run { Exit::Different } else { Exit::Ok }
    }

    /// Shows it.
    pub(crate) fn view(&self, exit_code: bool) -> View {
        let items: Vec<Value> =
            self.done.iter().map(|(reference, done)| self.item(reference, done)).collect();
        let [applied, waiting, failed] = self.counts();
        let mut view = View::of(&json!({
            "team": self.team, "dryRun": self.dry_run, "items": items, "applied": applied, "pending": waiting,
            "failed": failed, "unchanged": self.unchanged,
        }))
        .exit(self.exit(exit_code));
        for (reference, done) in &self.done {
            let (tone, word) = self.word(done);
            let row =
                vec![Cell::text(reference.to_string()), Cell::State(tone, word), Cell::text(details(done))];
            view = view.row(row).named(reference.to_string());
        }
        let warnings = self.done.iter().flat_map(|(reference, done)| {
            done.warnings.iter().map(move |(message, path)| format!("{reference}: {path}: {message}"))
        });
        for (told, text) in warnings.enumerate() {
            if told == MAX_WARNINGS {
                view = view.note("! and more; `fgctl validate -f` and `-o json` show all");
                break;
            }
            view = view.note(Line::default().and(Tone::Waiting, "! ").and(Tone::Plain, text));
        }
        for (reference, done) in &self.done {
            for line in done.error.iter().flat_map(|error| trouble(reference, error)) {
                view = view.note(line);
            }
        }
        if let Some(sentence) = &self.lagging {
            view = view.note(Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, sentence.clone()));
        }
        for line in &self.policies {
            view = view.note(line.clone());
        }
        let mut summary = vec![match self.dry_run {
            true => format!("{applied} to apply (dry run)"),
            false => format!("{applied} applied"),
        }];
        summary.extend((waiting > 0).then(|| format!("{waiting} pending")));
        summary.extend((failed > 0).then(|| format!("{failed} not done")));
        summary.push(format!("{} unchanged", self.unchanged));
        view = view.note(format!("{}.", summary.join(", ")));
        for number in self.waiting().iter().take(2) {
            view = view.next(format!("fgctl change wait {number}"));
        }
        view
    }

    fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for done in self.done.values() {
            let kind = match done.outcome {
                Outcome::Failed | Outcome::Skipped => 2,
                _ => usize::from(done.opened.iter().any(|opened| waits(&opened.status))),
            };
            counts[kind] += 1;
        }
        counts
    }

    fn item(&self, reference: &Reference, done: &Done) -> Value {
        let (_, word) = self.word(done);
        let changes = done.opened.iter().map(|opened| {
            json!({"number": opened.number, "environment": opened.environment, "status": opened.status,
                "version": opened.version})
        });
        let mut item =
            json!({"name": reference.to_string(), "result": word, "changes": changes.collect::<Vec<_>>()});
        if let Some(error) = &done.error {
            item["error"] = error.to_json()["error"].take();
        }
        if let Some(why) = &done.why {
            item["why"] = json!(why);
        }
        if !done.warnings.is_empty() {
            let warning = |(message, path)| json!({"path": path, "message": message});
            item["warnings"] = done.warnings.iter().map(warning).collect();
        }
        item
    }

    fn word(&self, done: &Done) -> (Tone, String) {
        let waits = done.opened.iter().any(|opened| waits(&opened.status));
        let (tone, word) = match done.outcome {
            Outcome::Failed => return (Tone::Bad, "failed".to_owned()),
            Outcome::Skipped => return (Tone::Dim, "skipped".to_owned()),
            _ if waits => return (Tone::Waiting, "pending".to_owned()),
            Outcome::Created => (Tone::Good, "created"),
            Outcome::Changed => (Tone::Good, "changed"),
            Outcome::Archived => (Tone::Good, "archived"),
        };
        if self.dry_run { (Tone::Plain, format!("would be {word}")) } else { (tone, word.to_owned()) }
    }
}

fn waits(status: &ChangeStatus) -> bool {
    matches!(status, ChangeStatus::Pending | ChangeStatus::Approved)
}

/// Returns what happened to the stages, such as `dev v4, prod #12 open`.
fn details(done: &Done) -> String {
    if let Some(why) = &done.why {
        return why.clone();
    }
    if let Some(error) = &done.error {
        return error.message.clone();
    }
    let stages = done.opened.iter().map(|opened| {
        let environment = &opened.environment;
        let word = match (&opened.status, opened.version) {
            (ChangeStatus::Pending, _) => "open".to_owned(),
            (ChangeStatus::Applied, Some(version)) => return format!("{environment} v{version}"),
            (status, _) => status.as_str().to_lowercase(),
        };
        format!("{environment} #{} {word}", opened.number)
    });
    stages.collect::<Vec<_>>().join(", ")
}

/// Returns what to tell of a failure.
fn trouble(reference: &Reference, error: &CliError) -> Vec<Line> {
    let head = format!("{reference}: {}", error.message);
    let mut lines = vec![Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, head)];
    lines.extend(error.details.iter().map(|detail| Line::from(format!("  {detail}"))));
    let gates = error.gates.iter().filter(|gate| !gate.passed);
    lines.extend(gates.map(|gate| Line::from(format!("  ✗ {}: {}", gate.gate, gate.message))));
    lines.extend(error.hint.iter().map(|hint| Line::from(format!("  {hint}"))));
    lines.extend(error.request_id.iter().map(|id| Line::default().and(Tone::Dim, format!("  request {id}"))));
    lines
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
