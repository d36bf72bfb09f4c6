//! How events are drawn: a table of what was done, and all that is known of the one that the cursor is on.

use fluxgate_client::audit::AuditEntry;
use fluxgate_wording::change::difference;
use fluxgate_wording::{Line, Tone, event, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::Value;

use super::Events;
use crate::app::Desk;
use crate::keymap::Action;
use crate::look::Room;
use crate::screen::Screen;
use crate::widget::reader::Row;
use crate::widget::table::{self, Column, Field};
use crate::widget::{line, pane};

pub(super) fn draw(events: &Events, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let none = Rect { height: 0, ..area };
    let [list, details] = match (desk.room(), events.whole, events.reading) {
        (_, true, true) => [none, area],
        (_, true, false) => [area, none],
        (Room::Wide, ..) => Layout::horizontal([Constraint::Fill(2), Constraint::Fill(1)]).areas(area),
        (Room::Normal, ..) => Layout::vertical([Constraint::Min(5), Constraint::Length(8)]).areas(area),
        (_, false, true) => [none, area],
        (_, false, false) => [area, none],
    };
    table(events, frame, list, desk);
    detail(events, frame, details, desk);
}

fn table(events: &Events, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = pane("Events", &right(events, desk), !events.reading, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if events.list.len() == 0 {
        let words = line(&Line::default().and(Tone::Dim, nothing(events, desk)), desk.look);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: false }), inner);
        return;
    }
    let row = |id: &str| events.entry(id).map(|entry| fields(entry, desk)).unwrap_or_default();
    let columns = [
        Column::new("TIME", 9).least(9),
        Column::new("KIND", 9).least(12),
        Column::new("WHAT", 8).least(18),
        Column::new("BY", 8).least(6),
        Column::new("REASON", 2).least(10),
    ];
    table::draw(frame, inner, (&columns, &events.list), row, (desk.look, !events.reading));
}

/// Says whether it goes on by itself, and how much is shown of how much.
fn right(events: &Events, desk: &Desk) -> String {
    if events.load.data.is_none() {
        return String::new();
    }
    let shown = events.list.len();
    let (more, sign) = (events.earlier.is_some(), if events.earlier.is_some() { "+" } else { "" });
    let count = match events.text.is_empty() {
        true => format!("{shown}{sign}"),
        false if more => format!("{shown} of the last {}", events.entries.len()),
        false => format!("{shown} of {}", events.entries.len()),
    };
    let key = |action| desk.keys.called(action, Screen::Events);
    let state = match (events.stopped, events.waiting(desk)) {
        (None, _) => "following".to_owned(),
        (Some(_), 0) => format!("not following, {} follows", key(Action::Follow)),
        (Some(_), new) => format!("{new} new, {} or {}", key(Action::Top), key(Action::Follow)),
    };
    format!("{state}   {count}")
}

fn nothing(events: &Events, desk: &Desk) -> String {
    let filtered = !events.text.is_empty() || desk.place.env.is_some();
    let key = |action| desk.keys.called(action, Screen::Events);
    match (events.load.data.is_some(), filtered, &events.earlier) {
        (false, ..) if events.load.failure.is_some() => "  not known".to_owned(),
        (false, ..) => "  asking the server".to_owned(),
        (true, true, Some(_)) if events.asking => "  none yet, looking further back".to_owned(),
        (true, true, Some(_)) => {
            format!(
                "  None of the last {} is like this. {} looks further back, Esc shows all.",
                events.entries.len(),
                key(Action::Bottom)
            )
        }
        (true, true, None) => {
            let env = key(Action::Environments);
            format!("  No event is like this. Esc shows all, {env} chooses the environment.")
        }
        (true, false, _) => "  Nothing was done yet in this team.".to_owned(),
    }
}

fn fields(entry: &AuditEntry, desk: &Desk) -> Vec<Field> {
    let [action, subject, env, by, why] = event::entry(entry);
    let what = if env.is_empty() { subject } else { format!("{subject} in {env}") };
    vec![
        (Tone::Dim, time::when(entry.at, desk.now)),
        (tone(&action), action),
        (Tone::Plain, what),
        (Tone::Plain, by),
        (Tone::Dim, why),
    ]
}

/// What stops something stands out, and what gives it back.
fn tone(action: &str) -> Tone {
    match action {
        "feature.kill" | "change.fail" | "access.denied" => Tone::Bad,
        "change.reject" | "change.override" | "change.stale" | "feature.kill_until" => Tone::Waiting,
        "feature.restore" | "change.apply" | "change.approve" => Tone::Good,
        _ => Tone::Plain,
    }
}

fn detail(events: &Events, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let title = events.selected().map_or("Event".to_owned(), |entry| format!("Event {}", entry.number));
    let Some(entry) = events.selected() else {
        return frame.render_widget(pane(&title, "", events.reading, desk.look), area);
    };
    let narrow = desk.room() < Room::Wide && !events.whole;
    let indent = if narrow { 1 } else { 11 };
    let row = |words: &Line| Row { line: line(words, desk.look), mark: false, indent };
    let lines: Vec<Row> = about(entry, narrow).iter().map(row).collect();
    // What it is below is known once it was drawn.
    let inner = pane(&title, "", events.reading, desk.look).inner(area);
    events.reader.draw(frame, inner, &lines);
    let right = match (events.reader.below(), events.reading) {
        (0, _) => String::new(),
        (more, true) => format!("{more} more"),
        (more, false) => format!("{more} more, Tab"),
    };
    frame.render_widget(pane(&title, &right, events.reading, desk.look), area);
}

/// Returns all that is known of an event; several facts on a line where there is little room.
fn about(entry: &AuditEntry, narrow: bool) -> Vec<Line> {
    let facts = [
        ("when", Some(time::instant(entry.at))),
        ("kind", Some(entry.action.clone())),
        ("subject", Some(entry.subject.clone())),
        ("where", entry.environment.clone()),
        ("by", Some(format!("{} ({})", entry.actor, entry.actor_kind.as_str().to_lowercase()))),
        ("owner", entry.owner.clone()),
        ("from", entry.address.clone()),
        ("reason", entry.reason.clone()),
    ];
    let known = facts.into_iter().filter_map(|(word, fact)| Some((word, fact?)));
    let mut lines: Vec<Line> = match narrow {
        false => known
            .map(|(word, fact)| Line::default().and(Tone::Dim, format!(" {word:<9} ")).and(Tone::Plain, fact))
            .collect(),
        true => {
            let mut row = Line::default();
            let mut rows = Vec::new();
            for (word, fact) in known {
                if word == "reason" || word == "by" {
                    rows.push(std::mem::take(&mut row));
                }
                row = row.and(Tone::Dim, format!(" {word} ")).and(Tone::Plain, format!("{fact} "));
            }
            rows.push(row);
            rows
        }
    };
    let differences = differences(entry.before.as_ref(), entry.after.as_ref());
    if !differences.is_empty() && !narrow {
        lines.push(Line::default());
    }
    lines.extend(differences);
    lines
}

/// Returns what is other in the second of two values than in the first, field by field.
fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Line> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    flatten("", before.unwrap_or(&Value::Null), &mut old);
    flatten("", after.unwrap_or(&Value::Null), &mut new);
    let find = |fields: &[(String, String)], path: &str| {
        fields.iter().find(|(known, _)| known == path).map(|(_, value)| value.clone())
    };
    let gone = old.iter().filter(|(path, _)| find(&new, path).is_none());
    let gone = gone.map(|(path, value)| (path, Some(value.clone()), None));
    let there = new.iter().map(|(path, value)| (path, find(&old, path), Some(value.clone())));
    let differing = gone.chain(there).filter(|(_, before, after)| before != after);
    differing.map(|(path, before, after)| difference_of(path, before.as_deref(), after.as_deref())).collect()
}

fn difference_of(path: &str, before: Option<&str>, after: Option<&str>) -> Line {
    let (tone, sign) = match (before, after) {
        (None, _) => (Tone::Good, "+"),
        (_, None) => (Tone::Bad, "-"),
        _ => (Tone::Waiting, "~"),
    };
    let words = difference(before, after);
    let path = if path.is_empty() { String::new() } else { format!("{path:<12} ") };
    Line::default().and(tone, format!(" {sign} ")).and(Tone::Dim, path).and(Tone::Plain, words)
}

/// Takes a value apart into what it consists of, with the way there.
fn flatten(path: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
        }
        Value::String(text) => into.push((path.to_owned(), text.clone())),
        value => into.push((path.to_owned(), value.to_string())),
    }
}
