//! Lists, whole or in part.

use fluxgate_client::All;
use serde::Serialize;

use crate::output::{Column, View};

/// How much of a list is wanted.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    /// Only the first N
    #[arg(short = 'L', long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// Shows a list: how much of it when that is not all, and what to do where there is nothing yet.
pub(crate) fn list<T: Serialize>(
    all: &All<T>,
    columns: &[Column<T>],
    name: impl Fn(&T) -> String,
    (none, next): (&str, &str),
) -> View {
    let view = View::list(&all.nodes, columns, name);
    match all.nodes.len() {
        0 if all.total == 0 && next.is_empty() => view.note(none),
        0 if all.total == 0 => view.note(none).next(next),
        shown if shown < all.total => view.note(format!("{shown} of {} shown", all.total)),
        _ => view,
    }
}
