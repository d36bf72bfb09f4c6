//! Stages as boxes in a line, with arrows from each to the next.

use fluxgate_wording::Line;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::{cut, line, pane};
use crate::look::Look;
use crate::theme::Token;

/// How narrow may a box become before others are left out?
const NARROW: u16 = 16;
/// How wide does a box become at most?
const WIDE: u16 = 44;
/// Between two boxes.
const ARROW: &str = "─▶";
/// How wide is that, with a space on either side?
const GAP: u16 = 4;

/// A box.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// Draws the boxes that there is room for, so that the one of the cursor, if there is one, is among them.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, stops: &[Stop], at: Option<usize>, look: Look) {
    if area.height < 2 || area.width < 4 || stops.is_empty() {
        return;
    }
    let fit = usize::from(area.width.saturating_add(GAP) / (NARROW + GAP)).max(1);
    let shown = stops.len().min(fit);
    let first = at.unwrap_or(0).saturating_sub(shown.saturating_sub(1)).min(stops.len() - shown);
    let count = u16::try_from(shown).unwrap_or(1);
    let room = area.width.saturating_sub(GAP.saturating_mul(count - 1));
    let width = (room / count).min(WIDE);
    let mut x = area.x;
    for (index, stop) in stops.iter().enumerate().skip(first).take(shown) {
        let spot = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
        stop_in(frame, spot, (stop, at == Some(index)), look);
        let last = index + 1 == stops.len();
        x = x.saturating_add(width);
        if !last && x.saturating_add(GAP) <= area.right() {
            let spot = Rect { x: x + 1, y: area.y + (area.height - 1) / 2, width: GAP - 1, height: 1 };
            let arrow = look.text(ARROW).into_owned();
            frame.render_widget(ratatui::text::Line::styled(arrow, look.palette.style(Token::Dim)), spot);
        }
        x = x.saturating_add(GAP);
    }
}

fn stop_in(frame: &mut Frame<'_>, area: Rect, (stop, here): (&Stop, bool), look: Look) {
    let title = cut(&look.text(&stop.title), usize::from(area.width).saturating_sub(4), look);
    let block = pane(&title, "", here, look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(1), ..inner };
    let width = usize::from(inner.width);
    let lines: Vec<_> = stop.lines.iter().map(|words| line(&clipped(words, width, look), look)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Returns stages in one row of words, with arrows, for where boxes have no room.
pub(crate) fn row(stops: &[(String, Line)], at: Option<usize>) -> Line {
    let mut row = Line::default();
    for (index, (name, state)) in stops.iter().enumerate() {
        if index > 0 {
            row = row.and(fluxgate_wording::Tone::Dim, format!(" {ARROW} "));
        }
        let tone = match at == Some(index) {
            true => fluxgate_wording::Tone::Strong,
            false => fluxgate_wording::Tone::Dim,
        };
        let name = if at == Some(index) { format!("[{name}] ") } else { format!("{name} ") };
        row = row.and(tone, name);
        row.0.extend(state.0.iter().cloned());
    }
    row
}

/// Cuts a line of words to a width, with a sign at its end that says so.
pub(crate) fn clipped(words: &Line, width: usize, look: Look) -> Line {
    let mut room = width;
    let mut kept = Line::default();
    for (tone, text) in &words.0 {
        let text = look.text(text);
        let short = cut(&text, room, look);
        let whole = short == text;
        room = room.saturating_sub(short.width());
        kept = kept.and(*tone, short);
        if !whole {
            break;
        }
    }
    kept
}
