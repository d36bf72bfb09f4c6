//! What is proposed.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pane;
use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::Action;
use crate::load::Failure;
use crate::step::Step;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Changes {}

impl Changes {
    /// Puts the cursor on a change.
    pub(crate) fn select(&mut self, _number: i64) {}
}

impl Pane for Changes {
    fn query(&self, _desk: &Desk) -> Option<Query> {
        None
    }

    fn take(&mut self, _query: &Query, _answer: Result<Answer, Failure>, _desk: &Desk) {}

    fn act(&mut self, _action: Action, _desk: &Desk) -> Option<Vec<Step>> {
        None
    }

    fn crumb(&self, _desk: &Desk) -> String {
        "changes".to_owned()
    }

    fn id(&self) -> Option<String> {
        None
    }

    fn command(&self, _desk: &Desk) -> String {
        "fgctl change list".to_owned()
    }

    fn failure(&self) -> Option<(&Failure, bool)> {
        None
    }

    fn draw(&self, _frame: &mut Frame<'_>, _area: Rect, _desk: &Desk) {}
}
