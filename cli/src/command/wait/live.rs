//! Lines that are redrawn in place on a terminal; elsewhere there are none.

use std::cell::RefCell;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Line, render_line};
use crate::ui::Ui;

/// How often are the lines redrawn in a second, at most?
const REDRAWS: u8 = 5;

/// A block of lines at the end of what is on the terminal.
pub(super) struct Live {
    block: Option<MultiProgress>,
    lines: RefCell<Vec<ProgressBar>>,
}

impl Live {
    pub(super) fn new(ui: &Ui) -> Self {
        let block = ui
            .is_live()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS)));
        Self { block, lines: RefCell::default() }
    }

    /// Returns whether somebody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.block.is_some()
    }

    /// Shows these lines in place of those before.
    pub(super) fn show(&self, wanted: &[Line]) {
        let Some(block) = &self.block else { return };
        let mut lines = self.lines.borrow_mut();
        while lines.len() > wanted.len() {
            if let Some(line) = lines.pop() {
                line.finish_and_clear();
                block.remove(&line);
            }
        }
        while lines.len() < wanted.len() {
            let line = block.add(ProgressBar::new_spinner());
            // Cut to the width of the terminal.
            if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                line.set_style(style);
            }
            lines.push(line);
        }
        for (line, text) in lines.iter().zip(wanted) {
            line.set_message(render_line(text, true));
            line.tick();
        }
    }

    /// Leaves the last lines where they are.
    pub(super) fn leave(&self) {
        for line in self.lines.borrow().iter() {
            line.abandon();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.leave();
    }
}
