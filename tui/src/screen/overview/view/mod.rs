//! How the overview is drawn: as many panes as there is room for, what needs attention always.

mod evaluations;
mod events;
mod lists;
mod summary;

use fluxgate_wording::{Line, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use unicode_width::UnicodeWidthStr;

use super::{Focus, Overview};
use crate::app::Desk;
use crate::look::{Look, Room};
use crate::widget::{cut, line, pane};

pub(super) fn draw(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    // Why there is nothing is said above.
    if overview.seen.data.is_none() && overview.seen.failure.is_some() {
        return;
    }
    match (overview.whole, overview.focus(desk), desk.room()) {
        (true, Focus::Moving, _) => lists::moving(overview, frame, area, desk),
        (true, Focus::Attention, _) => lists::attention(overview, frame, area, desk),
        (false, _, Room::Wide) => wide(overview, frame, area, desk),
        (false, _, Room::Normal) => normal(overview, frame, area, desk),
        (false, ..) => lists::attention(overview, frame, area, desk),
    }
}

fn wide(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let rows = [Constraint::Length(6), Constraint::Fill(5), Constraint::Fill(3), Constraint::Fill(3)];
    let [boxes, middle, lower, events] = Layout::vertical(rows).areas(area);
    let halves = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]);
    let [attention, chart] = halves.areas(middle);
    let [moving, top] = halves.areas(lower);
    summary::boxes(overview, frame, boxes, desk);
    lists::attention(overview, frame, attention, desk);
    evaluations::chart(overview, frame, chart, desk);
    lists::moving(overview, frame, moving, desk);
    evaluations::top(overview, frame, top, desk);
    events::draw(overview, frame, events, desk);
}

fn normal(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let rows = [Constraint::Length(2), Constraint::Fill(1), Constraint::Length(6), Constraint::Length(4)];
    let [lines, attention, moving, events] = Layout::vertical(rows).areas(area);
    summary::lines(overview, frame, lines, desk);
    lists::attention(overview, frame, attention, desk);
    lists::moving(overview, frame, moving, desk);
    events::draw(overview, frame, events, desk);
}

/// Draws the frame of a pane; returns what is inside.
fn framed(frame: &mut Frame<'_>, area: Rect, (title, right): (&str, &str), here: bool, desk: &Desk) -> Rect {
    let block = pane(title, right, here, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Draws words one below the other, as many as there is room for.
fn words(frame: &mut Frame<'_>, area: Rect, lines: &[Line], desk: &Desk) {
    for (words, y) in lines.iter().zip(area.y..area.bottom()) {
        let words = narrowed(words, usize::from(area.width), desk.look);
        frame.render_widget(line(&words, desk.look), Rect { y, height: 1, ..area });
    }
}

/// Cuts a line to a width, with a sign at its end that says so.
fn narrowed(words: &Line, width: usize, look: Look) -> Line {
    let mut room = width;
    let mut narrow = Line::default();
    for (tone, text) in &words.0 {
        let text = look.text(text);
        let kept = cut(&text, room, look);
        room = room.saturating_sub(kept.width());
        let whole = kept == *text;
        narrow = narrow.and(*tone, kept);
        if !whole {
            break;
        }
    }
    narrow
}

/// Says that an answer is waited for.
fn asking(frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let waiting = Line::default().and(Tone::Dim, "asking the server");
    words(frame, area, &[waiting], desk);
}
