//! How changes are drawn: the list, and beside or below it the one that the cursor is on.

use fluxgate_client::ChangeStatus;
use fluxgate_client::change::Change;
use fluxgate_wording::change::{by, place, progress, state, summary};
use fluxgate_wording::{Line, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::vote::{Part, part};
use super::{Changes, detail};
use crate::app::Desk;
use crate::keymap::Action;
use crate::look::Room;
use crate::screen::Screen;
use crate::widget::reader::Row;
use crate::widget::table::{self, Column, Field};
use crate::widget::{line, pane};

pub(super) fn draw(changes: &Changes, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let (above, beside) = areas(changes, area, desk);
    if above.area() > 0 {
        list(changes, frame, above, desk);
    }
    if beside.area() > 0 {
        reader(changes, frame, beside, desk);
    }
}

/// Returns where the list goes, and where the change.
fn areas(changes: &Changes, area: Rect, desk: &Desk) -> (Rect, Rect) {
    let none = Rect { width: 0, height: 0, ..area };
    let wide = area.width / 100 * 48 + area.width % 100 * 48 / 100;
    match (desk.room(), changes.whole, changes.reading) {
        (Room::None | Room::Tight, false, _) | (_, true, false) => (area, none),
        (_, true, true) => (none, area),
        _ if changes.list.len() == 0 => (area, none),
        (Room::Normal, ..) => {
            let rows = u16::try_from(changes.list.len()).unwrap_or(u16::MAX).saturating_add(3);
            let rows = rows.max(5).min(area.height / 5 * 2);
            let [above, below] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
            (above, below)
        }
        (Room::Wide, ..) => {
            let [left, right] =
                Layout::horizontal([Constraint::Length(wide), Constraint::Min(0)]).areas(area);
            (left, right)
        }
    }
}

fn list(changes: &Changes, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let title = if changes.all { "Waiting, and decided last" } else { "Waiting" };
    let block = pane(title, &count(changes, desk), !changes.reading, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if changes.list.len() == 0 {
        let words: Vec<_> = empty(changes, desk).iter().map(|words| line(words, desk.look)).collect();
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: false }), inner);
        return;
    }
    let row =
        |id: &str| changes.change(id).map(|change| fields(change, changes.all, desk)).unwrap_or_default();
    let here = !changes.reading;
    table::draw(frame, inner, (&columns(changes.all), &changes.list), row, (desk.look, here));
}

/// Says how many there are, and for how many a vote is asked.
fn count(changes: &Changes, desk: &Desk) -> String {
    let Some(inbox) = &changes.inbox.data else {
        return String::new();
    };
    let marks = match changes.list.marks() {
        0 => String::new(),
        marks => format!("{marks} marked, "),
    };
    let (known, total) = (inbox.open.nodes.len(), inbox.open.total_count);
    let open = match i64::try_from(known) == Ok(total) {
        true => format!("{total} wait"),
        false => format!("the newest {known} of {total}"),
    };
    match changes.waiting(desk) {
        0 => format!("{marks}{open}"),
        yours => format!("{marks}{open}, {yours} for you"),
    }
}

/// Says why the list is empty, and what to do.
fn empty(changes: &Changes, desk: &Desk) -> Vec<Line> {
    if changes.inbox.data.is_none() {
        let words = if changes.inbox.failure.is_some() { "" } else { "asking the server" };
        return vec![Line::default().and(Tone::Dim, words)];
    }
    if !changes.filter.is_empty() {
        return vec![Line::from(format!("Nothing has {:?} in it. Esc clears the filter.", changes.filter))];
    }
    let key = desk.keys.called(Action::Decided, Screen::Changes);
    vec![
        Line::from("Nothing waits for a decision."),
        Line::default().and(Tone::Dim, format!("{key} shows what was decided last.")),
        Line::default().and(Tone::Dim, "fgctl promote KEY --to ENV proposes something."),
    ]
}

fn columns(all: bool) -> [Column; 8] {
    [
        Column::new("CHANGE", 9).least(4),
        Column::new("WHAT", 8).least(14),
        Column::new("WHERE", 4).least(8),
        Column::new("BY", 3).least(5),
        Column::new(if all { "STATUS" } else { "VOTES" }, 7).least(8),
        Column::new("YOU", 6).least(5),
        Column::new("AGE", 5).least(3).right(),
        Column::new("POLICY", 2).least(8),
    ]
}

fn fields(change: &Change, all: bool, desk: &Desk) -> Vec<Field> {
    let part = part(change, desk.who.as_ref());
    let tone = if part == Part::Asked { Tone::Strong } else { Tone::Plain };
    let policies: Vec<&str> = change.policies.iter().map(|policy| policy.name.as_str()).collect();
    vec![
        (tone, format!("#{}", change.number)),
        (tone, summary(change)),
        (Tone::Plain, place(change)),
        (Tone::Plain, by(&change.author, change.token.as_deref())),
        votes(change, all, desk),
        (tone, part.word().to_owned()),
        (Tone::Dim, desk.ago(change.created_at)),
        (Tone::Dim, policies.join(", ")),
    ]
}

/// Returns how far a change is: its votes while it waits for them, its time, or what became of it.
fn votes(change: &Change, all: bool, desk: &Desk) -> Field {
    let (tone, word) = state(&change.status);
    let words = match (&change.status, change.apply_at) {
        (ChangeStatus::Pending, _) if change.policies.is_empty() => word,
        (ChangeStatus::Pending, _) => progress(&change.policies),
        (ChangeStatus::Approved, Some(at)) => desk.ago(at),
        _ => word,
    };
    let sign = if all || change.status != ChangeStatus::Pending { tone.glyph() } else { "" };
    (tone, format!("{sign}{words}"))
}

fn reader(changes: &Changes, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let change = changes.selected();
    let title = change.map_or_else(String::new, |change| format!("#{}", change.number));
    let lines: Vec<_> = change.map(|change| detail::lines(change, desk)).unwrap_or_default();
    let row = |(words, mark): &detail::Marked| Row {
        line: line(words, desk.look),
        mark: *mark,
        indent: detail::indent(words),
    };
    let lines: Vec<Row> = lines.iter().map(row).collect();
    let inner = pane("", "", false, desk.look).inner(area);
    changes.reader.draw(frame, inner, &lines);
    let right = match (changes.reader.below(), changes.reading) {
        (0, _) => String::new(),
        (rows, true) => format!("{rows} more"),
        (rows, false) => format!("{rows} more, Tab reads on"),
    };
    frame.render_widget(pane(&title, &right, changes.reading, desk.look), area);
}
