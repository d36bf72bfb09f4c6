//! Lines in two columns: what is looked at, and what became of it.

use unicode_width::UnicodeWidthStr;

use crate::output::{Line, Tone};
use crate::text::clean;

/// How wide is the first column at most? What is longer pushes its own note only.
const MAX_WIDTH: usize = 48;

/// A line in two columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    left: Line,
    note: Line,
}

impl Row {
    /// Makes a row that begins so far from the left.
    pub(super) fn new(indent: usize) -> Self {
        Self { left: Line::from(" ".repeat(indent)), note: Line::default() }
    }

    /// Adds to the first column.
    pub(super) fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.left = self.left.and(tone, text);
        self
    }

    /// Adds a sign for yes or no.
    pub(super) fn mark(self, holds: bool) -> Self {
        match holds {
            true => self.and(Tone::Good, "✓ "),
            false => self.and(Tone::Bad, "✗ "),
        }
    }

    /// Adds to the second column.
    pub(super) fn note(mut self, tone: Tone, text: impl Into<String>) -> Self {
        if !self.note.0.is_empty() {
            self.note = self.note.and(Tone::Plain, "   ");
        }
        self.note = self.note.and(tone, text);
        self
    }

    /// Says that this is what decided, and what for.
    pub(super) fn decides(self, outcome: &str) -> Self {
        self.note(Tone::Strong, format!("◀ {outcome}"))
    }
}

/// Returns the rows as lines, their second columns below each other.
pub(super) fn aligned(rows: Vec<Row>) -> Vec<Line> {
    let noted = rows.iter().filter(|row| !row.note.0.is_empty());
    let widths = noted.map(|row| width(&row.left)).filter(|width| *width <= MAX_WIDTH);
    let column = widths.max().unwrap_or_default();
    rows.into_iter()
        .map(|row| {
            if row.note.0.is_empty() {
                return row.left;
            }
            let gap = column.saturating_sub(width(&row.left)) + 3;
            let mut line = row.left.and(Tone::Plain, " ".repeat(gap));
            line.0.extend(row.note.0);
            line
        })
        .collect()
}

fn width(line: &Line) -> usize {
    line.0.iter().map(|(_, text)| clean(text).width()).sum()
}
