//! Text to scroll in, line by line or from mark to mark, whatever its width makes of it.

use std::cell::{Cell, RefCell};

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::wrap::wrap;
use crate::keymap::Action;

/// Where somebody is in a text. What depends on its width is known once it was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reader {
    top: Cell<usize>,
    rows: Cell<usize>,
    page: Cell<usize>,
    marks: RefCell<Vec<usize>>,
}

/// A line of a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: Line<'static>,
    /// Whether it is stopped at.
    pub(crate) mark: bool,
    /// How far what has no room in it is indented below.
    pub(crate) indent: usize,
}

impl Reader {
    /// Goes back to the top, for another text.
    pub(crate) fn restart(&self) {
        self.top.set(0);
    }

    /// Moves; returns whether that was an action for a text.
    pub(crate) fn act(&mut self, action: Action) -> bool {
        let (top, page) = (self.top.get(), self.page.get().max(2));
        let marks = self.marks.borrow();
        let to = match action {
            Action::Down => top.saturating_add(1),
            Action::Up => top.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            Action::PageDown => top.saturating_add(page - 1),
            Action::PageUp => top.saturating_sub(page - 1),
            Action::HalfDown => top.saturating_add(page / 2),
            Action::HalfUp => top.saturating_sub(page / 2),
            Action::NextHunk => marks.iter().copied().find(|mark| *mark > top).unwrap_or(top),
            Action::PreviousHunk => marks.iter().copied().rev().find(|mark| *mark < top).unwrap_or_default(),
            _ => return false,
        };
        self.top.set(to.min(self.last()));
        true
    }

    fn last(&self) -> usize {
        self.rows.get().saturating_sub(self.page.get())
    }

    /// Returns how many rows are below what is shown.
    pub(crate) fn below(&self) -> usize {
        self.last().saturating_sub(self.top.get())
    }

    /// Draws what there is room for.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, lines: &[Row]) {
        let mut marks = Vec::new();
        let mut rows = Vec::new();
        for Row { line, mark, indent } in lines {
            if *mark {
                marks.push(rows.len());
            }
            rows.extend(wrap(line, usize::from(area.width), *indent));
        }
        self.rows.set(rows.len());
        self.page.set(usize::from(area.height));
        self.marks.replace(marks);
        self.top.set(self.top.get().min(self.last()));
        for (row, y) in rows.into_iter().skip(self.top.get()).zip(area.y..area.bottom()) {
            frame.render_widget(row, Rect { y, height: 1, ..area });
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::text::Line;

    use super::{Reader, Row};
    use crate::keymap::Action;

    #[test]
    fn marks_are_gone_to_and_the_end_is_the_end() {
        let row = |n: usize| Row { line: Line::from(n.to_string()), mark: n % 6 == 3, indent: 0 };
        let lines: Vec<Row> = (0..20).map(row).collect();
        let mut reader = Reader::default();
        let mut terminal = Terminal::new(TestBackend::new(10, 5)).unwrap();
        terminal.draw(|frame| reader.draw(frame, frame.area(), &lines)).unwrap();
        let mut go = |action| {
            assert!(reader.act(action));
            (reader.top.get(), reader.below())
        };
        assert_eq!(go(Action::NextHunk), (3, 12));
        assert_eq!(go(Action::NextHunk), (9, 6));
        assert_eq!(go(Action::PreviousHunk), (3, 12));
        assert_eq!(go(Action::PreviousHunk), (0, 15));
        assert_eq!(go(Action::Bottom), (15, 0));
        assert_eq!(go(Action::NextHunk), (15, 0));
        assert_eq!(go(Action::HalfUp), (13, 2));
        assert!(!reader.act(Action::Sort));
    }
}
