//! Changes as rows and lines.

use fluxgate_client::change::{Change, ChangeItem, DiffEntry, PolicyProgress};
use fluxgate_client::feature::PendingChange;
use fluxgate_client::{ChangeStatus, DiffKind, Role};
use serde_json::Value;

use super::super::wait::EdgeReport;
use crate::exit::Exit;
use crate::output::{Cell, Line, Tone, View};

/// Shows a change: a row for each stage, and how to go on.
pub(super) fn of_change(change: &Change, mut value: Value, edges: Option<&EdgeReport>) -> View {
    let mut exit = exit_of(&change.status);
    if let Some(edges) = edges {
        value["edges"] = edges.to_json();
        if !edges.settled() {
            exit = Exit::Failed;
        }
    }
    let mut view = View::of(&value).exit(exit);
    for row in rows(change) {
        view = view.row(row);
    }
    if matches!(change.status, ChangeStatus::Pending | ChangeStatus::Approved) {
        view = view
            .next(format!("fgctl change wait {}", change.number))
            .next(format!("fgctl change diff {}", change.number));
    }
    view
}

/// Returns how a command ends that leaves a change in a state.
fn exit_of(status: &ChangeStatus) -> Exit {
    match status {
        ChangeStatus::Applied => Exit::Ok,
        ChangeStatus::Pending | ChangeStatus::Approved => Exit::Pending,
        ChangeStatus::Rejected | ChangeStatus::Cancelled | ChangeStatus::Stale => Exit::Rejected,
        ChangeStatus::Failed | ChangeStatus::Other(_) => Exit::Failed,
    }
}

/// Returns the new state, a row for each stage.
fn rows(change: &Change) -> Vec<Vec<Cell>> {
    let row = |item: &ChangeItem| {
        let mut row = vec![Cell::text(&item.feature.key), Cell::text(&item.environment.key)];
        let number = Cell::text(format!("#{}", change.number));
        match &change.status {
            ChangeStatus::Applied => {
                row.push(live(item.after.as_ref()));
                row.push(Cell::Version(item.version));
                row.push(number);
            }
            ChangeStatus::Pending => {
                row.push(Cell::State(Tone::Waiting, "pending approval".into()));
                row.push(number);
                row.push(Cell::text(progress(&change.policies)));
                if change.apply_at.is_some() {
                    row.push(Cell::Time(change.apply_at));
                }
            }
            ChangeStatus::Approved => {
                row.push(Cell::State(Tone::Waiting, "scheduled".into()));
                row.push(number);
                row.push(Cell::Time(change.apply_at));
            }
            status => {
                let word = status.as_str().to_lowercase();
                row.push(Cell::State(Tone::Bad, word));
                row.push(number);
            }
        }
        row
    };
    change.items.iter().map(row).collect()
}

fn live(document: Option<&Value>) -> Cell {
    match document {
        None => Cell::State(Tone::Plain, "withdrawn".into()),
        Some(document) if document["enabled"] == Value::Bool(true) => {
            Cell::State(Tone::Good, "active".into())
        }
        Some(_) => Cell::State(Tone::Dim, "disabled".into()),
    }
}

/// Returns who did something, with the token that acted for them.
pub(crate) fn by(user: &str, token: Option<&str>) -> String {
    match token {
        Some(token) => format!("{user} (token {token})"),
        None => user.to_owned(),
    }
}

/// Returns how far the policy is that lacks the most approvals, such as `0 of 1`.
pub(crate) fn progress(policies: &[PolicyProgress]) -> String {
    let last = policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    last.map_or_else(String::new, |policy| format!("{} of {}", policy.approvals, policy.required))
}

/// Returns the same of a stage's pending change, such as `0/1`.
pub(crate) fn progress_of_pending(change: &PendingChange) -> String {
    let last = change.policies.iter().max_by_key(|policy| policy.required - policy.approvals);
    last.map_or_else(String::new, |policy| format!("{}/{}", policy.approvals, policy.required))
}

/// Returns the differences of an item, as lines.
pub(crate) fn diff_lines(item: &ChangeItem) -> Vec<Line> {
    if item.diff.is_empty() {
        return vec![Line::default().and(Tone::Dim, "  = no difference")];
    }
    lines(&item.diff)
}

/// Returns differences as lines, their notes below each other.
pub(crate) fn lines(entries: &[DiffEntry]) -> Vec<Line> {
    let noted = entries.iter().filter(|entry| note(entry).is_some());
    let width = noted.map(|entry| worded(entry).chars().count()).max().unwrap_or_default();
    entries.iter().map(|entry| line(entry, width)).collect()
}

/// Returns a difference as a line, with what is to be noted behind a column of this width.
fn line(entry: &DiffEntry, width: usize) -> Line {
    let (tone, sign) = match entry.kind {
        DiffKind::Added => (Tone::Good, "+"),
        DiffKind::Removed => (Tone::Bad, "-"),
        _ => (Tone::Waiting, "~"),
    };
    let line =
        Line::default().and(tone, format!("  {sign} ")).and(Tone::Plain, format!("{:<28} ", entry.path));
    match note(entry) {
        Some(note) => line.and(Tone::Plain, format!("{:<width$}   ", worded(entry))).and(Tone::Dim, note),
        None => line.and(Tone::Plain, worded(entry)),
    }
}

fn worded(entry: &DiffEntry) -> String {
    difference(entry.before.as_deref(), entry.after.as_deref())
}

/// Returns whom a difference moves, such as `moves 40 %`.
fn note(entry: &DiffEntry) -> Option<String> {
    if entry.reshuffles {
        return Some("reshuffles everyone".to_owned());
    }
    entry.movement.map(|percent| format!("moves {} %", (percent * 1000.0).round() / 1000.0))
}

/// Returns a difference in words.
pub(crate) fn difference(before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

pub(super) fn approvals(required: i64) -> String {
    match required {
        1 => "1 approval".to_owned(),
        more => format!("{more} approvals"),
    }
}

pub(super) fn roles(roles: &[Role]) -> String {
    match roles {
        [] => "anyone who may approve".to_owned(),
        roles => roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::change::{DiffEntry, PolicyProgress};
    use fluxgate_client::{ChangeStatus, DiffKind};

    use super::{exit_of, lines, progress};
    use crate::output::render_line;

    fn policy(approvals: i64, required: i64) -> PolicyProgress {
        PolicyProgress {
            name: "p".into(),
            approvals,
            required,
            roles: Vec::new(),
            approvers: Vec::new(),
            auto_approve_at: None,
            override_allowed: false,
            satisfied: approvals >= required,
        }
    }

    #[test]
    fn progress_is_that_of_the_slowest_policy() {
        assert_eq!(progress(&[policy(1, 1), policy(1, 3)]), "1 of 3");
        assert_eq!(progress(&[]), "");
    }

    #[test]
    fn differences_say_whom_they_move() {
        let entry = |path: &str, (before, after): (&str, &str)| DiffEntry {
            kind: DiffKind::Changed,
            path: path.into(),
            before: Some(before.into()),
            after: Some(after.into()),
            movement: None,
            reshuffles: false,
        };
        let split = ("control=90, express=10", "control=50, express=50");
        let entries = [
            entry("enabled", ("false", "true")),
            DiffEntry { reshuffles: true, ..entry("salt", ("one", "two")) },
            DiffEntry { movement: Some(40.0), ..entry("criteria[\"US split\"].split", split) },
            DiffEntry { movement: Some(2.500_000_01), ..entry("criteria[1].rollout", ("10", "12.5")) },
        ];
        let lines = lines(&entries);
        let shown: Vec<String> = lines.iter().map(|line| render_line(line, false)).collect();
        assert_eq!(
            shown,
            [
                "  ~ enabled                      false → true",
                "  ~ salt                         one → two                                         reshuffles everyone",
                "  ~ criteria[\"US split\"].split   control=90, express=10 → control=50, express=50   moves 40 %",
                "  ~ criteria[1].rollout          10 → 12.5                                         moves 2.5 %",
            ]
        );
    }

    #[test]
    fn a_change_decides_how_the_process_ends() {
        let expected = [
            (ChangeStatus::Applied, 0),
            (ChangeStatus::Pending, 8),
            (ChangeStatus::Approved, 8),
            (ChangeStatus::Rejected, 10),
            (ChangeStatus::Cancelled, 10),
            (ChangeStatus::Stale, 10),
            (ChangeStatus::Failed, 1),
        ];
        for (status, code) in expected {
            assert_eq!(exit_of(&status).code(), code, "{status}");
        }
    }
}
