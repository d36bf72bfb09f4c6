//! Lines that are redrawn in place on a terminal; elsewhere there are none.

use std::cell::Cell;

use crate::output::Line;
use crate::ui::Ui;

/// A block of lines at the end of what is on the terminal.
pub(super) struct Live<'u> {
    ui: &'u Ui,
    /// How many lines stand there that are drawn over.
    drawn: Cell<usize>,
}

impl<'u> Live<'u> {
    pub(super) fn new(ui: &'u Ui) -> Self {
        if ui.is_live() {
            ui.draws();
        }
        Self { ui, drawn: Cell::new(0) }
    }

    /// Returns whether somebody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.ui.is_live()
    }

    /// Shows these lines in place of those before.
    pub(super) fn show(&self, lines: &[Line]) {
        if self.is_seen() {
            self.drawn.set(self.ui.redraw(lines, self.drawn.get()));
        }
    }

    /// Takes the lines away.
    pub(super) fn clear(&self) {
        if self.drawn.get() > 0 {
            self.show(&[]);
        }
    }

    /// Leaves the last lines where they are; what comes next stands below them, in place of a `^C` that the terminal echoed.
    pub(super) fn leave(&self) {
        if self.drawn.take() > 0 {
            self.ui.below();
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
