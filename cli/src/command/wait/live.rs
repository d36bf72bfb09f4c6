//! Lines that are redrawn in place on a terminal; elsewhere there are none.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Line;
use crate::ui::Ui;

/// How often are the lines redrawn in a second, at most?
const REDRAWS: u8 = 5;

/// A block of lines at the end of what is on the terminal.
pub(super) struct Live<'u> {
    block: Option<ProgressBar>,
    ui: &'u Ui,
}

impl<'u> Live<'u> {
    pub(super) fn new(ui: &'u Ui) -> Self {
        let style = ProgressStyle::with_template("{msg}").ok().filter(|_| ui.is_live());
        let block = style.map(|style| {
            ui.draws();
            let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
            ProgressBar::with_draw_target(None, target).with_style(style)
        });
        Self { block, ui }
    }

    /// Returns whether somebody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.block.is_some()
    }

    /// Shows these lines in place of those before.
    pub(super) fn show(&self, lines: &[Line]) {
        if let Some(block) = &self.block {
            block.set_message(self.ui.block(lines));
            block.tick();
        }
    }

    /// Takes the lines away.
    pub(super) fn clear(&self) {
        if let Some(block) = &self.block {
            block.finish_and_clear();
        }
    }

    /// Leaves the last lines where they are.
    pub(super) fn leave(&self) {
        if let Some(block) = self.block.as_ref().filter(|block| !block.is_finished()) {
            block.abandon();
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
