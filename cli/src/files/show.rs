//! Plans and problems as people read them.

use fluxgate_engine::{DiffEntry, DiffKind};
use serde_json::{Value, json};

use super::caret;
use super::difference::introduction;
use super::plan::{Item, Plan};
use super::set::{Placed, Set};
use crate::exit::Exit;
use crate::output::{Line, Tone, View};

/// Returns a problem's place, the lines around it, and what is wrong.
pub(super) fn problem_lines(set: &Set, placed: &Placed) -> Vec<String> {
    let source = &set.sources[placed.source];
    let problem = &placed.problem;
    let place = format!("{}:{}:{}", source.name, problem.line, problem.column);
    let separator = if problem.path.is_empty() { "" } else { "  " };
    let mut lines = vec![format!("{place}{separator}{}", problem.path)];
    lines.extend(caret::lines(&source.text, problem).into_iter().map(|line| format!("  {line}")));
    lines
}

/// Returns how many problems there are, in words.
pub(super) fn counted_problems(set: &Set) -> String {
    let mut files: Vec<usize> = set.problems.iter().map(|placed| placed.source).collect();
    files.dedup();
    let problems = counted(set.problems.len(), "problem");
    format!("{problems} in {} of {}", files.len(), counted(set.sources.len(), "file"))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Shows what is wrong with files, and what is probably not meant; `strict` takes that for wrong too.
pub(crate) fn problems(set: &Set, strict: bool) -> View {
    let warnings = set.warnings();
    let value = |severity: &'static str| {
        move |placed: &Placed| {
            let problem = &placed.problem;
            json!({"file": set.sources[placed.source].name, "line": problem.line, "column": problem.column,
                "path": problem.path, "message": problem.message, "severity": severity})
        }
    };
    let all: Vec<Value> =
        set.problems.iter().map(value("error")).chain(warnings.iter().map(value("warning"))).collect();
    let mut view = View::of(&all);
    let errors = set.problems.iter().map(|placed| (Tone::Bad, "✗ ", placed));
    for (tone, sign, placed) in errors.chain(warnings.iter().map(|placed| (Tone::Waiting, "! ", placed))) {
        let mut lines = problem_lines(set, placed).into_iter();
        let head = lines.next().unwrap_or_default();
        view = view.line(Line::default().and(tone, sign).and(Tone::Plain, head));
        for line in lines {
            view = view.line(line);
        }
    }
    let documents = counted(set.documents.len(), "document");
    let mut summary = match set.problems.len() {
        0 => format!("{documents} in {}, nothing is wrong", counted(set.sources.len(), "file")),
        _ => counted_problems(set),
    };
    if !warnings.is_empty() {
        summary.push_str(&format!(", {}", counted(warnings.len(), "warning")));
    }
    let is_wrong = !set.problems.is_empty() || strict && !warnings.is_empty();
    view.line(format!("{summary}.")).exit(if is_wrong { Exit::Usage } else { Exit::Ok })
}

/// Returns a plan for people.
pub(crate) fn plan(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for item in &plan.items {
        lines.push(heading(item, &plan.team));
        lines.extend(body(item));
        lines.push(Line::default());
    }
    for (feature, environments) in &plan.killed {
        let text =
            format!("feature/{feature} is killed in {}. Files never change that.", environments.join(", "));
        lines.push(Line::default().and(Tone::Waiting, "! ").and(Tone::Plain, text));
    }
    if !plan.killed.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::from(counts(plan)));
    lines.extend(plan.policies.iter().map(|met| Line::from(met.sentence())));
    lines
}

fn counts(plan: &Plan) -> String {
    let [create, change, archive] = counts_of(plan);
    let archive = if archive > 0 { format!(", {archive} to archive") } else { String::new() };
    format!("{create} to create, {change} to change{archive}, {} unchanged.", plan.unchanged)
}

fn counts_of(plan: &Plan) -> [usize; 3] {
    let mut counts = [0; 3];
    for item in &plan.items {
        let kind = match (&item.before, &item.after) {
            (_, None) => 2,
            (None, _) => 0,
            (Some(_), Some(_)) => 1,
        };
        counts[kind] += 1;
    }
    counts
}

fn action(item: &Item) -> &'static str {
    match (&item.before, &item.after) {
        (_, None) => "archive",
        (None, _) => "create",
        (Some(_), Some(_)) => "change",
    }
}

fn heading(item: &Item, team: &str) -> Line {
    let line =
        Line::default().and(Tone::Strong, item.reference.to_string()).and(Tone::Plain, format!(" ({team})"));
    let word = match action(item) {
        "create" => "new".to_owned(),
        "archive" => "archive".to_owned(),
        _ => versions(item),
    };
    line.and(Tone::Dim, if word.is_empty() { word } else { format!("  {word}") })
}

/// Returns the live versions of the stages that change.
fn versions(item: &Item) -> String {
    let stages = item.edits().into_iter().map(|edit| match edit.base {
        Some(number) => format!("{} v{number}", edit.environment),
        None => format!("{} -", edit.environment),
    });
    stages.collect::<Vec<_>>().join(", ")
}

fn body(item: &Item) -> Vec<Line> {
    match (&item.before, &item.after) {
        (Some(before), None) => {
            let deployed: Vec<&str> = before.versions.keys().map(String::as_str).collect();
            let text = match deployed.as_slice() {
                [] => "deployed nowhere".to_owned(),
                some => format!("withdrawn from {}", some.join(", ")),
            };
            vec![Line::default().and(Tone::Bad, "  - ").and(Tone::Plain, text)]
        }
        (None, Some(after)) => {
            vec![Line::default().and(Tone::Good, "  + ").and(Tone::Plain, introduction(after))]
        }
        _ => item.differences.iter().flat_map(difference).collect(),
    }
}

fn difference(entry: &DiffEntry) -> Vec<Line> {
    let (tone, sign) = sign(entry.kind);
    let mut line = Line::default().and(tone, format!("  {sign} ")).and(Tone::Plain, &entry.path);
    if let Some(note) = note(entry) {
        line = line.and(Tone::Dim, format!("   {note}"));
    }
    match (&entry.before, &entry.after) {
        (Some(before), Some(after)) => {
            let inner = |tone, sign: &str, text: &str| {
                Line::default().and(tone, format!("      {sign} ")).and(Tone::Plain, text)
            };
            vec![line, inner(Tone::Bad, "-", before), inner(Tone::Good, "+", after)]
        }
        (Some(one), None) | (None, Some(one)) => vec![line.and(Tone::Plain, format!("  {one}"))],
        (None, None) => vec![line],
    }
}

fn sign(kind: DiffKind) -> (Tone, char) {
    match kind {
        DiffKind::Added => (Tone::Good, '+'),
        DiffKind::Removed => (Tone::Bad, '-'),
        DiffKind::Changed | DiffKind::Moved => (Tone::Waiting, '~'),
    }
}

/// Returns whom a difference moves.
fn note(entry: &DiffEntry) -> Option<String> {
    if entry.reshuffles {
        return Some("reshuffles everyone".to_owned());
    }
    entry.movement.map(|percent| format!("moves {} %", (percent * 1000.0).round() / 1000.0))
}

/// Returns a plan for scripts.
pub(crate) fn value(plan: &Plan) -> Value {
    let item = |item: &Item| json!({"name": item.reference.to_string(), "action": action(item), "differences": item.differences});
    let killed = |(feature, environments): &(String, Vec<String>)| json!({"name": format!("feature/{feature}"), "environments": environments});
    let [create, change, archive] = counts_of(plan);
    json!({
        "team": plan.team,
        "create": create,
        "change": change,
        "archive": archive,
        "unchanged": plan.unchanged,
        "items": plan.items.iter().map(item).collect::<Vec<_>>(),
        "killed": plan.killed.iter().map(killed).collect::<Vec<_>>(),
        "policies": plan.policies,
    })
}
