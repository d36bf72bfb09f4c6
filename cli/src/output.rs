//! What a command returns, and what it looks like in each format. Nothing here prints.

mod cell;
mod frame;
mod render;
mod view;

pub(crate) use cell::{Cell, Line, Tone};
pub(crate) use frame::frame;
pub(crate) use render::{Looks, render, render_line};
pub(crate) use view::{Column, View};

/// How a result is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns on a terminal, tab-separated without a header elsewhere
    #[default]
    Table,
    /// A table with more columns
    Wide,
    /// The full object, or a list of them
    Json,
    /// The same as YAML
    Yaml,
    /// Names only, one a line, such as feature/checkout
    Name,
}
