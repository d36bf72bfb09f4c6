//! Changes as rows and lines.

use fluxgate_client::ChangeStatus;
use fluxgate_client::change::{Change, ChangeItem};
use fluxgate_wording::change::progress;
use serde_json::Value;

use super::super::wait::EdgeReport;
use crate::exit::Exit;
use crate::output::{Cell, Tone, View};

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

#[cfg(test)]
mod tests {
    use fluxgate_client::ChangeStatus;

    use super::exit_of;

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
