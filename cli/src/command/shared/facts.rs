//! One thing as aligned facts.

use crate::output::{Cell, View};

/// Adds facts to a view, a row each.
pub(crate) fn facts<const N: usize>(view: View, facts: [(&str, Cell); N]) -> View {
    facts.into_iter().fold(view, |view, (name, value)| view.row(vec![Cell::text(name), value]))
}

/// Returns a yes or a no.
pub(crate) fn yes_no(yes: bool) -> Cell {
    Cell::text(if yes { "yes" } else { "no" })
}
