//! What was done last.

use fluxgate_client::audit::AuditEntry;
use fluxgate_wording::{Line, Tone, event, time};
use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Overview, asking, framed, words};
use crate::app::Desk;
use crate::keymap::Action;
use crate::screen::Screen;
use crate::widget::cut;

/// How wide may what was done, to what, where and by whom become?
const WIDEST: [usize; 4] = [22, 26, 12, 20];

pub(super) fn draw(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let all = elsewhere(desk);
    let inner = framed(frame, area, ("Events", &all), false, desk);
    let Some(seen) = &overview.seen.data else {
        return asking(frame, inner, desk);
    };
    if seen.events.is_empty() {
        return words(frame, inner, &[Line::default().and(Tone::Dim, "nothing was done yet")], desk);
    }
    let shown: Vec<&AuditEntry> = seen.events.iter().take(usize::from(inner.height)).collect();
    let fields: Vec<[String; 5]> = shown
        .iter()
        .map(|entry| event::entry(entry).map(|text| desk.look.text(&text).into_owned()))
        .collect();
    let mut widths = WIDEST;
    for (index, width) in widths.iter_mut().enumerate() {
        let texts = fields.iter().filter_map(|fields| fields.get(index)).map(|text| text.width());
        *width = texts.max().unwrap_or_default().min(*width);
    }
    let lines: Vec<Line> =
        shown.iter().zip(fields).map(|(entry, fields)| row(entry, &fields, widths, desk)).collect();
    words(frame, inner, &lines, desk);
}

/// Says what is shown here, and which are shown where all of them are: those of one environment, if lists are about one.
fn elsewhere(desk: &Desk) -> String {
    let key = desk.keys.called(Action::Show(Screen::Events), Screen::Overview);
    match &desk.place.env {
        Some(env) => format!("all environments; {key} shows those in {env}"),
        None => format!("{key} shows all"),
    }
}

fn row(entry: &AuditEntry, fields: &[String; 5], widths: [usize; 4], desk: &Desk) -> Line {
    let tones = [Tone::Plain, Tone::Strong, Tone::Plain, Tone::Dim];
    let line = Line::default().and(Tone::Dim, format!("{}  ", when(entry, desk)));
    let columns = fields.iter().zip(widths).zip(tones);
    let line = columns.fold(line, |line, ((text, width), tone)| {
        let text = cut(text, width, desk.look);
        let pad = " ".repeat((width + 2).saturating_sub(text.width()));
        line.and(tone, text + &pad)
    });
    line.and(Tone::Plain, fields.last().map_or("", String::as_str))
}

/// Returns the time of day of what was done today, else how long ago it was.
fn when(entry: &AuditEntry, desk: &Desk) -> String {
    match entry.at.date_naive() == desk.now.date_naive() {
        true => time::of_day(entry.at),
        false => format!("{:>9}", desk.ago(entry.at)),
    }
}
