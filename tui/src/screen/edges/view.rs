//! How the edges are drawn: a table, how they do over time, and below what is known of the one that the cursor is on.

use fluxgate_client::edge::Edge;
use fluxgate_wording::{Line, Tone, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::Edges;
use crate::app::Desk;
use crate::look::{Look, Room};
use crate::widget::bars::{self, Lying};
use crate::widget::table::{self, Column, Field};
use crate::widget::{chart, line, number, pane, spark};

/// From how many minutes on is there a chart?
const FEW: usize = 4;

pub(super) fn draw(edges: &Edges, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let [middle, below] = match (desk.room(), edges.list.len()) {
        _ if edges.whole => [0, 0],
        (Room::Wide, 1..) => [11, 6],
        (Room::Normal, 1..) => [0, 7],
        _ => [0, 0],
    };
    let parts = [Constraint::Min(3), Constraint::Length(middle), Constraint::Length(below)];
    let [above, middle, details] = Layout::vertical(parts).areas(area);
    list(edges, frame, above, desk);
    if let Some(edge) = edges.list.selected().and_then(|id| edges.edge(id)) {
        if desk.room() == Room::Wide {
            let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
            behind(edges, edge, frame, left, desk);
            rates(edges, frame, right, desk.look);
        }
        detail(edges, edge, frame, details, desk);
    }
}

fn list(edges: &Edges, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let shown = edges.list.len();
    let right = edges.known.data.as_ref().map_or_else(String::new, |known| match known.edges.len() {
        all if all == shown => format!("{all}   revision {}", known.revision),
        all => format!("{shown} of {all}   revision {}", known.revision),
    });
    let block = pane("Edges", &right, true, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(known) = edges.known.data.as_ref().filter(|_| shown > 0) else {
        let words = line(&Line::default().and(Tone::Dim, nothing(edges)), desk.look);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: false }), inner);
        return;
    };
    let row = |id: &str| {
        edges.edge(id).map(|edge| fields(edge, known.revision, (edges.more, desk))).unwrap_or_default()
    };
    table::draw(frame, inner, (&columns(edges.more), &edges.list), row, (desk.look, true));
}

fn nothing(edges: &Edges) -> String {
    match (&edges.known.data, edges.filter.is_empty()) {
        (None, _) if edges.known.failure.is_some() => "  not known".to_owned(),
        (None, _) => "  asking the server".to_owned(),
        (Some(_), true) => "  No edge has connected within the hour.  fgctl client create NAME --kind edge  makes a key for one.".to_owned(),
        (Some(_), false) => format!("  No edge is about {:?}. Esc shows all.", edges.filter),
    }
}

fn columns(more: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::new("EDGE", 9).least(10),
        Column::new("STATE", 8).least(9),
        Column::new("REV", 7).right(),
        Column::new("HEARD", 5).right(),
        Column::new("EVAL/S", 6).right(),
        Column::new("P99", 4).right(),
        Column::new("QUEUE", 3).right(),
        Column::new("VERSION", 2),
        Column::new("CLIENT", 1),
    ];
    if more {
        columns.extend([
            Column::new("KILLS", 0).right(),
            Column::new("UP", 0).right(),
            Column::new("CONNECTED", 0).least(9),
            Column::new("CONFIRMED", 0).least(9),
        ]);
    }
    columns
}

fn fields(edge: &Edge, revision: i64, (more, desk): (bool, &Desk)) -> Vec<Field> {
    let (tone, state) = state(edge, revision, desk);
    let plain = |text: String| (Tone::Plain, text);
    let mut fields = vec![
        plain(edge.name.clone()),
        (tone, state),
        plain(edge.revision.to_string()),
        (Tone::Dim, desk.ago(edge.seen_at)),
        // What an edge that is away did last is not what it does.
        plain(edge.evaluations_per_second.filter(|_| edge.connected).map_or("-".to_owned(), number)),
        plain(edge.p99_ns.map_or("-".to_owned(), nanoseconds)),
        plain(edge.spooled.map_or("-".to_owned(), |n| n.to_string())),
        (Tone::Dim, edge.version.clone()),
        (Tone::Dim, edge.client.clone()),
    ];
    if more {
        fields.extend([
            plain(edge.kills_revision.to_string()),
            (Tone::Dim, up(edge, desk).unwrap_or_else(|| "-".to_owned())),
            (Tone::Dim, time::when(edge.connected_at, desk.now)),
            (Tone::Dim, time::when(edge.acked_at, desk.now)),
        ]);
    }
    fields
}

fn state(edge: &Edge, revision: i64, desk: &Desk) -> (Tone, String) {
    match (edge.connected, edge.in_sync) {
        (false, _) => (Tone::Bad, format!("✗ away {}", desk.ago(edge.seen_at))),
        (true, true) => (Tone::Good, "● in sync".to_owned()),
        (true, false) => (Tone::Waiting, format!("▲ {} behind", revision.saturating_sub(edge.revision))),
    }
}

/// Returns for how long its process has been running.
fn up(edge: &Edge, desk: &Desk) -> Option<String> {
    let running = chrono::TimeDelta::try_seconds(edge.uptime_seconds?)?;
    Some(desk.ago(desk.now.checked_sub_signed(running)?))
}

/// Returns a short time in the unit that fits.
fn nanoseconds(ns: i64) -> String {
    match ns {
        ..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        _ => format!("{} ms", ns / 1_000_000),
    }
}

/// Says since when this dashboard knows how the edges do.
fn since(edges: &Edges) -> String {
    edges.seen.since().map_or_else(String::new, |at| format!("as seen since {}", time::of_day(at)))
}

fn behind(edges: &Edges, edge: &Edge, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = pane("Revisions behind", &since(edges), false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let minutes = edges.seen.behind(&edge.id.to_string(), desk.now);
    if minutes.len() >= FEW {
        return chart::draw(frame, inner, &minutes, desk.look);
    }
    let last = minutes.last().copied().unwrap_or_default();
    let lines = [
        Line::from(format!(" {} is {last} behind.", edge.name)),
        Line::default()
            .and(Tone::Dim, " This dashboard was opened just now: a minute is a bar, from the fourth on."),
    ];
    let lines: Vec<_> = lines.iter().map(|words| line(words, desk.look)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}

fn rates(edges: &Edges, frame: &mut Frame<'_>, area: Rect, look: Look) {
    let block = pane("Evaluations a second", "now", false, look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut rates: Vec<Lying> = edges
        .list
        .ids()
        .iter()
        .filter_map(|id| edges.edge(id))
        .filter(|edge| edge.connected)
        .filter_map(|edge| Some((edge.name.clone(), edge.evaluations_per_second?)))
        .map(|(label, rate)| Lying { label, value: whole(rate), of: None })
        .collect();
    rates.sort_by_key(|lying| std::cmp::Reverse(lying.value));
    bars::draw(frame, inner, &rates, look);
}

#[expect(clippy::cast_possible_truncation, reason = "a figure for people")]
fn whole(rate: f64) -> i64 {
    rate.round() as i64
}

fn detail(edges: &Edges, edge: &Edge, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = pane(&edge.name, "", false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let when = |at| time::when(at, desk.now);
    let running = up(edge, desk).map_or_else(String::new, |up| format!("   running for {up}"));
    let revisions = format!("revision {}, kills {}", edge.revision, edge.kills_revision);
    let mut lines = vec![
        Line::from(format!(" client {}   version {}   {revisions}", edge.client, edge.version)),
        Line::from(format!(
            " connected {}   heard {}   confirmed {}{running}",
            when(edge.connected_at),
            when(edge.seen_at),
            when(edge.acked_at)
        )),
        match (edge.connected, edge.in_sync) {
            (false, _) => Line::default().and(Tone::Bad, " ✗ ").and(
                Tone::Plain,
                format!(
                    "Not connected: heard {} ago. It may still serve what it had. Gone from here an hour after.",
                    desk.ago(edge.seen_at)
                ),
            ),
            (true, false) => Line::default()
                .and(Tone::Waiting, " ▲ ")
                .and(Tone::Plain, "It has not confirmed the newest revision yet."),
            (true, true) => {
                Line::default().and(Tone::Good, " ● ").and(Tone::Plain, "It has confirmed all that is published.")
            }
        },
    ];
    if desk.room() < Room::Wide {
        let row = spark::spark(&edges.seen.behind(&edge.id.to_string(), desk.now), 15, desk.look);
        let words = Line::default().and(Tone::Dim, " behind ").and(Tone::Plain, row);
        lines.push(words.and(Tone::Dim, format!(" a minute, {}", since(edges))));
    }
    let lines: Vec<_> = lines.iter().map(|words| line(words, desk.look)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
