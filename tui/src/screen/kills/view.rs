//! How kills are drawn: a table that counts down, what is known of the one that the cursor is on, and what happened lately.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::EvaluationReason;
use fluxgate_client::analytics::Figures;
use fluxgate_client::audit::AuditEntry;
use fluxgate_client::edge::Edge;
use fluxgate_client::feature::KilledStage;
use fluxgate_client::kill_screen::KillScreen;
use fluxgate_wording::{Line, Tone, change, event, figure as shares, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::reach::{self, Has};
use super::{Kills, On, again, needed_by, over};
use crate::app::Desk;
use crate::keymap::Action;
use crate::look::{Look, Room};
use crate::screen::Screen;
use crate::widget::table::{self, Column, Field};
use crate::widget::{bars, chart, cut, figure, line, pane, spark};

/// How wide is a countdown's bar?
const BAR: usize = 12;
/// How many of the last minutes are told in figures?
const LATELY: usize = 5;
/// How much of a reason stands in the list of what happened, in columns?
const REASON: usize = 48;

pub(super) fn draw(kills: &Kills, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let room = desk.room();
    let count = kills.list.len();
    let rows = u16::try_from(count).unwrap_or(u16::MAX);
    let about = about(kills, desk);
    match (kills.whole, kills.on()) {
        (true, On::Kills) => return killed(kills, frame, area, (desk, &about)),
        (true, On::Recent) => return recent(kills, frame, area, desk),
        (false, _) => {}
    }
    let [table, middle, below] = match (room, count) {
        (Room::Wide, 1..) => [(rows.saturating_add(8)).clamp(9, 14), 12, 3],
        (Room::Normal, 1..) => [(rows.saturating_add(3)).clamp(4, 7), 8, 0],
        (Room::Wide | Room::Normal, _) => [4, 0, 3],
        (_, 1..) => return killed(kills, frame, area, (desk, &[])),
        _ => [4, 0, 3],
    };
    let parts = [Constraint::Length(table), Constraint::Length(middle), Constraint::Min(below)];
    let [table, middle, below] = Layout::vertical(parts).areas(area);
    if room == Room::Wide {
        killed(kills, frame, table, (desk, &about));
        let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
        edges(kills, frame, left, desk);
        evaluations(kills, frame, right, desk);
    } else {
        killed(kills, frame, table, (desk, &[]));
        selected(kills, frame, middle, (desk, &about));
    }
    recent(kills, frame, below, desk);
}

fn killed(kills: &Kills, frame: &mut Frame<'_>, area: Rect, (desk, about): (&Desk, &[Line])) {
    let right = match (&kills.known.data, kills.list.len()) {
        (None, _) => String::new(),
        (Some(known), shown) if shown == known.kills.nodes.len() => known.kills.total_count.to_string(),
        (Some(known), shown) => format!("{shown} of {}", known.kills.total_count),
    };
    let here = kills.on() == On::Kills;
    let block = pane("Killed now", &right, here, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if kills.list.len() == 0 {
        return lines(frame, inner, &nothing(kills, desk), desk.look);
    }
    let below = u16::try_from(about.len()).unwrap_or_default();
    let [above, below] = Layout::vertical([Constraint::Min(2), Constraint::Length(below)]).areas(inner);
    let row = |id: &str| kills.kill(id).map(|killed| fields(killed, desk)).unwrap_or_default();
    table::draw(frame, above, (&columns(), &kills.list), row, (desk.look, here));
    lines(frame, below, about, desk.look);
}

fn lines(frame: &mut Frame<'_>, area: Rect, words: &[Line], look: Look) {
    let lines: Vec<_> = words.iter().map(|words| line(words, look)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn nothing(kills: &Kills, desk: &Desk) -> Vec<Line> {
    let dim = |words: &str| Line::default().and(Tone::Dim, words);
    let key = |action, screen| desk.keys.called(action, screen);
    match (&kills.known.data, kills.filter.is_empty()) {
        (None, _) if kills.known.failure.is_some() => vec![dim("  not known")],
        (None, _) => vec![dim("  asking the server")],
        (Some(_), false) => {
            vec![Line::from(format!("  No kill is about {:?}. Esc shows all.", kills.filter))]
        }
        (Some(_), true) => vec![
            Line::default().and(Tone::Good, "  ● ").and(Tone::Plain, "Nothing is killed."),
            dim(&format!(
                "  To kill a feature: {}, Enter, {}; or  fgctl kill FEATURE -e ENVIRONMENT --reason WHY",
                key(Action::Show(Screen::Features), Screen::Kills),
                key(Action::Kill, Screen::Feature)
            )),
        ],
    }
}

fn columns() -> [Column; 7] {
    [
        Column::new("FEATURE", 9).least(14),
        Column::new("WHERE", 8).least(7),
        Column::new("SINCE", 6).right(),
        Column::new("ENDS", 2).least(BAR),
        Column::new("IN", 7).right().least(8),
        Column::new("BY", 4).least(6),
        // It may be long: it has what others leave.
        Column::new("REASON", 1).least(10),
    ]
}

fn fields(killed: &KilledStage, desk: &Desk) -> Vec<Field> {
    let plain = |text: String| (Tone::Plain, text);
    let kill = &killed.kill;
    let (bar, left) = match (over(killed, desk.now), kill.restore_at) {
        (Some(over), Some(at)) if at > desk.now => (countdown(over, desk.look), time::left(at, desk.now)),
        (Some(over), Some(_)) => (countdown(over, desk.look), "due now".to_owned()),
        _ => ("by hand".to_owned(), "-".to_owned()),
    };
    vec![
        (Tone::Bad, format!("✗ {}", killed.feature.key)),
        plain(killed.environment.key.clone()),
        plain(desk.ago(kill.since)),
        (Tone::Waiting, bar),
        plain(left),
        plain(change::by(&kill.by, kill.token.as_deref())),
        plain(kill.reason.clone()),
    ]
}

/// Returns a bar of how much of a kill's time is over.
fn countdown(over: (i64, i64), look: Look) -> String {
    let bar = bars::bar(over, BAR, look);
    let rest = BAR.saturating_sub(bar.chars().count());
    bar + &"·".repeat(rest)
}

/// Says what the kill that the cursor is on does, and what comes after it.
fn about(kills: &Kills, desk: &Desk) -> Vec<Line> {
    let (Some(killed), Some(known)) = (kills.selected(), &kills.known.data) else {
        return Vec::new();
    };
    let (feature, env) = (&killed.feature.key, killed.environment.key.as_str());
    let edges = reach::of(known, env);
    let all = !edges.is_empty() && edges.iter().all(|(has, _)| *has == Has::Yes);
    let (tone, sign) = if all { (Tone::Good, "● ") } else { (Tone::Waiting, "▲ ") };
    let (count, doubtful) = reach::sentences(&edges);
    let words = format!("{feature} serves its off value in {env}: {count}.");
    let mut lines = vec![Line::default().and(tone, format!(" {sign}")).and(Tone::Plain, words)];
    lines.extend(doubtful.map(|words| Line::from(format!("   {words}."))));
    let stops = kills.stops();
    let data = stops.and_then(|load| load.data.as_ref());
    let then = match (data, stops.and_then(|load| load.failure.as_ref())) {
        (Some(data), _) => format!(", then serves {}", again(data, env)),
        (None, Some(failure)) => format!("; what it serves then is not known: {}", failure.words),
        (None, None) => String::new(),
    };
    let end = match killed.kill.restore_at {
        Some(at) => format!("   Ends at {}{then}.", time::when(at, desk.now)),
        None => format!("   Ends by hand only{then}."),
    };
    let now = format!("  {} restores it now", desk.keys.called(Action::Restore, Screen::Kills));
    lines.push(Line::default().and(Tone::Plain, end).and(Tone::Dim, now));
    if let Some(who) = data.and_then(|data| needed_by(data, env)) {
        let words = format!("   Needed by {who}, which is not on without it.");
        lines.push(Line::default().and(Tone::Waiting, words));
    }
    lines
}

/// Draws what is known of the kill that the cursor is on, where there is little room.
fn selected(kills: &Kills, frame: &mut Frame<'_>, area: Rect, (desk, about): (&Desk, &[Line])) {
    let Some(killed) = kills.selected() else {
        return;
    };
    let title = format!("{} in {}", killed.feature.key, killed.environment.key);
    let block = pane(&title, "", false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [above, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(inner);
    lines(frame, above, about, desk.look);
    if let Some(stops) = kills.stops().and_then(|load| load.data.as_ref()) {
        let told = minutes(&stops.figures);
        let row = spark::spark(&told.on, 20, desk.look);
        let words = Line::default()
            .and(Tone::Dim, "   not off ")
            .and(Tone::Plain, row)
            .and(Tone::Dim, format!(" 30 min; {}", lately(&told)));
        lines(frame, below, &[words], desk.look);
    }
}

fn edges(kills: &Kills, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let (Some(killed), Some(known)) = (kills.selected(), &kills.known.data) else {
        return;
    };
    let reached = reach::of(known, &killed.environment.key);
    let have = reached.iter().filter(|(has, _)| *has == Has::Yes).count();
    let block = pane("Reached the edges", &format!("{have} of {}", reached.len()), false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if reached.is_empty() {
        return lines(frame, inner, &[nobody(known, &killed.environment.key)], desk.look);
    }
    let rows = usize::from(inner.height);
    let shown = if reached.len() > rows { rows.saturating_sub(1) } else { rows };
    let mut words: Vec<Line> =
        reached.iter().take(shown).map(|(has, edge)| reaches(*has, edge, desk)).collect();
    if let Some(more) = reached.len().checked_sub(shown).filter(|more| *more > 0) {
        let key = desk.keys.called(Action::Show(Screen::Edges), Screen::Kills);
        words.push(Line::default().and(Tone::Dim, format!("   and {more} more: {key} shows the edges")));
    }
    lines(frame, inner, &words, desk.look);
}

fn reaches(has: Has, edge: &Edge, desk: &Desk) -> Line {
    let (tone, sign, words) = match has {
        Has::Yes => (Tone::Good, "✓", format!("confirmed {}", time::when(edge.acked_at, desk.now))),
        Has::Late => (Tone::Waiting, "▲", "behind, may serve what was before".to_owned()),
        Has::Away => {
            let since = desk.ago(edge.seen_at);
            (Tone::Bad, "✗", format!("away for {since}, may serve what was before"))
        }
    };
    let name = Line::default().and(tone, format!(" {sign} ")).and(Tone::Plain, format!("{:<14} ", edge.name));
    name.and(Tone::Dim, words)
}

fn nobody(known: &KillScreen, env: &str) -> Line {
    let words = match known.edges.nodes.is_empty() {
        true => " No edge has connected within the hour.".to_owned(),
        false => format!(" No edge that serves {env} has connected within the hour."),
    };
    Line::default().and(Tone::Waiting, words)
}

fn evaluations(kills: &Kills, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = pane("Evaluations that were not off", "30 min", false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let load = kills.stops();
    let Some(stops) = load.and_then(|load| load.data.as_ref()) else {
        let words = match load.and_then(|load| load.failure.as_ref()) {
            Some(failure) => Line::default().and(Tone::Bad, format!(" ✗ {}", failure.words)),
            None => Line::default().and(Tone::Dim, " asking the server"),
        };
        return lines(frame, inner, &[words], desk.look);
    };
    let told = minutes(&stops.figures);
    let [above, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(2)]).areas(inner);
    chart::draw(frame, above, &told.on, desk.look);
    let figures = Line::default().and(Tone::Plain, lately(&told));
    lines(
        frame,
        below,
        &[figures, shares::complete(&stops.figures.completeness, stops.figures.until)],
        desk.look,
    );
}

/// Evaluations minute by minute, up to the last that all edges have told.
struct Told {
    /// Those that served something.
    on: Vec<i64>,
    /// Those that were off.
    off: Vec<i64>,
    /// When the last minute began; none where the last ones are not told yet.
    last: Option<DateTime<Utc>>,
}

fn minutes(figures: &Figures) -> Told {
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for series in &figures.series {
        let into = if series.reason == Some(EvaluationReason::Disabled) { &mut off } else { &mut on };
        add(into, &series.points);
    }
    let steps = on.len().max(off.len()).max(30);
    let last = shares::last_minute((figures.from, figures.until), &figures.completeness);
    let steps = last.map_or(steps, |(place, _)| place + 1);
    on.resize(steps, 0);
    off.resize(steps, 0);
    Told { on, off, last: last.map(|(_, at)| at) }
}

fn add(sum: &mut Vec<i64>, points: &[i64]) {
    if sum.len() < points.len() {
        sum.resize(points.len(), 0);
    }
    for (sum, point) in sum.iter_mut().zip(points) {
        *sum = sum.saturating_add(*point);
    }
}

fn lately(told: &Told) -> String {
    let Some(at) = told.last else {
        return "the last minutes are not known yet".to_owned();
    };
    let last = |values: &[i64]| values.iter().rev().take(LATELY).sum::<i64>();
    let end = time::minute(at + TimeDelta::minutes(1));
    format!("{LATELY} min to {end}: {} off, {} not", figure(last(&told.off)), figure(last(&told.on)))
}

fn recent(kills: &Kills, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let here = kills.on() == On::Recent;
    let right = if here { "" } else { "Tab" };
    let block = pane("Recently", right, here, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if kills.recent.len() == 0 {
        let words = if kills.known.data.is_some() { "  Nothing was ever killed here." } else { "" };
        return lines(frame, inner, &[Line::default().and(Tone::Dim, words)], desk.look);
    }
    let row = |id: &str| kills.entry(id).map(|entry| happened(entry, desk)).unwrap_or_default();
    let columns = [
        Column::new("TIME", 9).least(9),
        Column::new("", 8).least(8),
        Column::new("FEATURE", 7).least(12),
        Column::new("WHERE", 6).least(7),
        Column::new("BY", 5).least(6),
        Column::new("REASON", 4).least(10),
        Column::new("UNTIL", 2).least(9),
    ];
    table::draw(frame, inner, (&columns, &kills.recent), row, (desk.look, here));
}

fn happened(entry: &AuditEntry, desk: &Desk) -> Vec<Field> {
    let [_, feature, env, by, why] = event::entry(entry);
    let (tone, what) = event::switched(entry).unwrap_or_default();
    let until = event::restore_at(entry).map_or_else(String::new, |at| time::when(at, desk.now));
    vec![
        (Tone::Dim, time::when(entry.at, desk.now)),
        (tone, format!("{}{what}", tone.glyph())),
        (Tone::Plain, feature),
        (Tone::Plain, env),
        (Tone::Plain, by),
        // Long ones are read behind Enter, and leave room for when it ends.
        (Tone::Plain, cut(&why, REASON, desk.look)),
        (Tone::Dim, until),
    ]
}
