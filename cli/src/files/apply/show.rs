//! What became of each thing, as people and scripts read it.

use std::collections::BTreeSet;

use fluxgate_client::ChangeStatus;
use serde_json::{Value, json};

use super::super::reference::Reference;
use super::report::{Done, Outcome, Report, Tried};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Line, Tone, View};

/// How many warnings are told?
const MAX_WARNINGS: usize = 20;

impl Report {
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
        summary.extend((waiting > 0).then(|| match self.dry_run {
            true => format!("{waiting} would wait for votes"),
            false => format!("{waiting} pending"),
        }));
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
                _ => usize::from(done.waits()),
            };
            counts[kind] += 1;
        }
        counts
    }

    fn item(&self, reference: &Reference, done: &Done) -> Value {
        let (_, word) = self.word(done);
        let opened = done.opened.iter().map(|opened| {
            json!({"number": opened.number, "environment": opened.environment, "status": opened.status,
                "version": opened.version})
        });
        let changes: Vec<Value> = opened.chain(done.tried.iter().map(tried)).collect();
        let mut item = json!({"name": reference.to_string(), "result": word, "changes": changes});
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
        let (tone, word) = match done.outcome {
            Outcome::Failed => return (Tone::Bad, "failed".to_owned()),
            Outcome::Skipped => return (Tone::Dim, "skipped".to_owned()),
            _ if done.waits() => (Tone::Waiting, "pending"),
            Outcome::Created => (Tone::Good, "created"),
            Outcome::Changed => (Tone::Good, "changed"),
            Outcome::Archived => (Tone::Good, "archived"),
        };
        match self.dry_run {
            true if tone == Tone::Waiting => (tone, format!("would be {word}")),
            true => (Tone::Plain, format!("would be {word}")),
            false => (tone, word.to_owned()),
        }
    }
}

/// Returns a change that would be opened: one that nothing covers would be applied at once.
fn tried(tried: &Tried) -> Value {
    let status = if tried.policies.is_empty() { ChangeStatus::Applied } else { ChangeStatus::Pending };
    json!({"number": null, "environment": tried.environment, "status": status, "version": null,
        "policies": tried.policies})
}

/// Returns what happened to the stages, such as `dev v4, prod #12 open`, or would, such as `dev, prod waits for Production`.
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
    let tried = done.tried.iter().map(|tried| match tried.policies.join(", ") {
        none if none.is_empty() => tried.environment.clone(),
        policies => format!("{} waits for {policies}", tried.environment),
    });
    stages.chain(tried).collect::<Vec<_>>().join(", ")
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
