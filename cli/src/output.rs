//! What a command returns, and what it looks like in each format. Nothing here prints.

mod before;
mod cell;
mod csv;
mod fields;
mod fit;
mod frame;
mod jq;
mod json;
mod looks;
mod render;
mod shape;
mod table;
mod template;
mod view;
mod wrap;
mod yaml;

pub(crate) use cell::Cell;
pub(crate) use fit::Stays;
pub(crate) use fluxgate_wording::{Line, Tone};
pub(crate) use frame::frame;
pub(crate) use json::{one_line, open_text, safe};
pub(crate) use looks::Looks;
#[cfg(test)]
pub(crate) use render::render_line;
pub(crate) use render::{render, show_line, whole};
pub(crate) use shape::{Shape, Showing};
pub(crate) use view::{Column, View};
pub(crate) use wrap::{joined, wrapped, wrapped_at};

/// How a result is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns on a terminal, tab-separated without a header elsewhere
    #[default]
    Table,
    /// A table with more columns, of which nothing is cut off
    Wide,
    /// The full object, or a list of them
    Json,
    /// One object a line
    Jsonl,
    /// The same as YAML; of one thing that files define, the file that apply takes
    Yaml,
    /// Comma-separated, with a header
    Csv,
    /// Names only, one a line, such as feature/checkout
    Name,
}
