//! How the edges are drawn: a table, and below it what is known of the one that the cursor is on.

use fluxgate_client::edge::Edge;
use fluxgate_wording::{Line, Tone, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::Edges;
use crate::app::Desk;
use crate::look::Room;
use crate::widget::table::{self, Column, Field};
use crate::widget::{line, number, pane};

pub(super) fn draw(edges: &Edges, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let Some(known) = &edges.known.data else {
        return;
    };
    let below = if desk.room() >= Room::Normal { 6 } else { 0 };
    let [above, details] = Layout::vertical([Constraint::Min(3), Constraint::Length(below)]).areas(area);
    let right = format!("{}   revision {}", known.edges.len(), known.revision);
    let block = pane("Edges", &right, true, desk.look);
    let inner = block.inner(above);
    frame.render_widget(block, above);
    if known.edges.is_empty() {
        let words = "No edge has connected within the hour.  fgctl client create NAME --kind edge  makes a key for one.";
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), inner);
        return;
    }
    let row = |id: &str| edges.edge(id).map(|edge| fields(edge, known.revision, desk)).unwrap_or_default();
    table::draw(frame, inner, (&columns(), &edges.list), row, (desk.look, true));
    if let Some(edge) = edges.list.selected().and_then(|id| edges.edge(id)) {
        detail(edge, frame, details, desk);
    }
}

fn columns() -> [Column; 9] {
    [
        Column::new("EDGE", 9).least(10),
        Column::new("STATE", 8).least(9),
        Column::new("REV", 7).right(),
        Column::new("HEARD", 5).right(),
        Column::new("EVAL/S", 6).right(),
        Column::new("P99", 4).right(),
        Column::new("QUEUE", 3).right(),
        Column::new("VERSION", 2),
        Column::new("CLIENT", 1),
    ]
}

fn fields(edge: &Edge, revision: i64, desk: &Desk) -> Vec<Field> {
    let (tone, state) = state(edge, revision);
    let plain = |text: String| (Tone::Plain, text);
    vec![
        plain(edge.name.clone()),
        (tone, state),
        plain(edge.revision.to_string()),
        (Tone::Dim, desk.ago(edge.seen_at)),
        plain(edge.evaluations_per_second.map_or("-".to_owned(), number)),
        plain(edge.p99_ns.map_or("-".to_owned(), nanoseconds)),
        plain(edge.spooled.map_or("-".to_owned(), |n| n.to_string())),
        (Tone::Dim, edge.version.clone()),
        (Tone::Dim, edge.client.clone()),
    ]
}

fn state(edge: &Edge, revision: i64) -> (Tone, String) {
    match (edge.connected, edge.in_sync) {
        (false, _) => (Tone::Bad, "✗ away".to_owned()),
        (true, true) => (Tone::Good, "● in sync".to_owned()),
        (true, false) => (Tone::Waiting, format!("▲ {} behind", revision.saturating_sub(edge.revision))),
    }
}

/// Returns a short time in the unit that fits.
fn nanoseconds(ns: i64) -> String {
    match ns {
        ..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", ns / 1_000),
        _ => format!("{} ms", ns / 1_000_000),
    }
}

fn detail(edge: &Edge, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = pane(&edge.name, "", false, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let up =
        edge.uptime_seconds.and_then(|seconds| Some(desk.now - chrono::TimeDelta::try_seconds(seconds)?));
    let up = up.map_or_else(String::new, |since| format!("running for {}   ", desk.ago(since)));
    let lines = [
        format!(
            "client {}   version {}   kills at revision {}",
            edge.client, edge.version, edge.kills_revision
        ),
        format!(
            "{up}connected {}   heard {}   acknowledged {}",
            time::of_day(edge.connected_at),
            time::of_day(edge.seen_at),
            time::of_day(edge.acked_at)
        ),
        match (edge.connected, edge.in_sync) {
            (false, _) => "It may still serve what it had: nothing was heard of it.".to_owned(),
            (true, false) => "It has not confirmed the newest revision yet.".to_owned(),
            (true, true) => "It has confirmed all that is published.".to_owned(),
        },
    ];
    let lines: Vec<_> = lines.into_iter().map(|text| line(&Line::from(text), desk.look)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}
