//! The team in figures: four boxes, or two lines.

use fluxgate_client::overview::Overview as Seen;
use fluxgate_client::status::Status;
use fluxgate_wording::figure::complete_today;
use fluxgate_wording::{Line, Tone, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::evaluations::{Told, told, within};
use super::{Overview, asking, framed, words};
use crate::app::Desk;
use crate::widget::spark::spark;
use crate::widget::{figure, number};

pub(super) fn boxes(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let areas: [Rect; 4] = Layout::horizontal([Constraint::Fill(1); 4]).areas(area);
    let titles = ["Features", "Changes", "Evaluations", "Edges"];
    let inner: Vec<Rect> = titles
        .into_iter()
        .zip(areas)
        .map(|(title, area)| {
            let inner = framed(frame, area, (title, ""), false, desk);
            Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(1), ..inner }
        })
        .collect();
    let Some(seen) = &overview.seen.data else {
        for area in inner {
            asking(frame, area, desk);
        }
        return;
    };
    let width = inner.first().map_or(0, |area| usize::from(area.width.saturating_sub(1)));
    let failed = overview.attention.iter().filter(|item| item.kind == "failed").count();
    let lines = [
        features(&seen.status),
        changes(&seen.status, failed, desk),
        overview.figures(desk).map_or_else(unknown, |seen| evaluations(seen, width, desk)),
        edges(&seen.status),
    ];
    for (lines, area) in lines.iter().zip(inner) {
        words(frame, area, lines, desk);
    }
}

pub(super) fn lines(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let Some(seen) = &overview.seen.data else {
        return asking(frame, area, desk);
    };
    let team = &seen.status.team;
    let first = plain(format!(" {}, ", counted(team.features.total_count, "feature")))
        .and(bad_if(team.kills.total_count), format!("{} killed", team.kills.total_count))
        .and(Tone::Plain, format!(", {} stale", team.stale_features.total_count))
        .and(Tone::Plain, "   ")
        .and(
            waits(&seen.status),
            waiting(
                &seen.status,
                if team.pending.total_count == 1 { "change waiting" } else { "changes waiting" },
            ),
        );
    let mut second = plain(format!(" {} edges in sync   ", in_sync(&seen.status)));
    if let Some(seen) = overview.figures(desk) {
        let told = told(&seen.evaluations, desk.now);
        let spark = spark(&told.minutes, 16, desk.look);
        second = second.and(Tone::Plain, format!("{} {spark}   ", rate(&told)));
        second.0.extend(complete_today(&seen.evaluations.completeness, seen.top.until).0);
    } else {
        second.0.extend(unknown().into_iter().flat_map(|line| line.0));
    }
    words(frame, area, &[first, second], desk);
}

/// Returns what is said while figures are of another environment.
fn unknown() -> Vec<Line> {
    vec![Line::default().and(Tone::Dim, "asking the server")]
}

fn plain(text: String) -> Line {
    Line::default().and(Tone::Plain, text)
}

fn bad_if(count: i64) -> Tone {
    if count > 0 { Tone::Bad } else { Tone::Plain }
}

fn counted(count: i64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{} {thing}s", figure(count)) }
}

fn features(status: &Status) -> Vec<Line> {
    let team = &status.team;
    let stale = &team.stale_features;
    let sure = if stale.completeness.complete { "" } else { ", as far as told" };
    vec![
        plain(counted(team.features.total_count, "feature")),
        Line::default().and(bad_if(team.kills.total_count), format!("{} killed", team.kills.total_count)),
        plain(format!("{} in motion", team.pending.total_count + team.scheduled.total_count)),
        Line::default().and(Tone::Dim, format!("{} stale{sure}", stale.total_count)),
    ]
}

fn waiting(status: &Status, word: &str) -> String {
    match status.team.pending.total_count {
        0 => "no change waits".to_owned(),
        total => format!("{total} {word}, {} you can decide", status.team.waiting_for_me.total_count),
    }
}

fn waits(status: &Status) -> Tone {
    if status.team.waiting_for_me.total_count > 0 { Tone::Waiting } else { Tone::Plain }
}

fn changes(status: &Status, failed: usize, desk: &Desk) -> Vec<Line> {
    let team = &status.team;
    let mut lines = vec![Line::default().and(waits(status), waiting(status, "waiting"))];
    // Those that are left out are older, so the oldest is known only without them.
    let all = i64::try_from(team.pending.nodes.len()).is_ok_and(|shown| shown == team.pending.total_count);
    if let Some(oldest) = team.pending.nodes.last().filter(|_| all) {
        lines.push(plain(format!("oldest #{}, {}", oldest.number, desk.ago(oldest.created_at))));
    }
    let next = team.scheduled.nodes.iter().filter_map(|change| change.apply_at).min();
    let next = next.map_or_else(String::new, |at| format!(", next in {}", time::left(at, desk.now)));
    lines.push(plain(format!("{} scheduled{next}", team.scheduled.total_count)));
    if failed > 0 {
        lines.push(Line::default().and(Tone::Bad, format!("{failed} failed within a day")));
    }
    lines
}

fn rate(told: &Told) -> String {
    told.last.map_or_else(|| "-/min".to_owned(), |(last, _)| format!("{}/min", figure(last)))
}

fn evaluations(seen: &Seen, width: usize, desk: &Desk) -> Vec<Line> {
    let told = told(&seen.evaluations, desk.now);
    let complete = complete_today(&seen.evaluations.completeness, seen.top.until);
    if told.minutes.is_empty() {
        return vec![Line::default().and(Tone::Dim, "no figures yet"), complete];
    }
    let (from, until) = (seen.top.from, seen.top.until);
    let hour = within(&seen.evaluations, (from, until));
    let which = told.last.map_or(" not known yet".to_owned(), |(_, at)| format!(" at {}", time::minute(at)));
    vec![
        Line::default().and(Tone::Strong, rate(&told)).and(Tone::Dim, which),
        plain(spark(&told.minutes, width, desk.look)),
        Line::default().and(Tone::Dim, format!("{} in 60 min to {}", figure(hour), time::minute(until))),
        complete,
    ]
}

/// Says how many edges are as they should be.
fn in_sync(status: &Status) -> String {
    let edges = &status.team.edges;
    let in_sync = edges.nodes.iter().filter(|edge| edge.in_sync).count();
    format!("{in_sync} of {}", edges.total_count)
}

fn edges(status: &Status) -> Vec<Line> {
    let edges = &status.team.edges;
    let revision = plain(format!("revision {}", status.server.revision));
    if edges.total_count == 0 {
        return vec![Line::default().and(Tone::Dim, "none within the hour"), revision];
    }
    let connected = edges.nodes.iter().filter(|edge| edge.connected).count();
    // One that is away said once how many it had.
    let there = edges.nodes.iter().filter(|edge| edge.connected);
    let rates = there.filter_map(|edge| edge.evaluations_per_second);
    let rate = rates.fold(0.0, |sum, rate| sum + rate);
    let well = edges.nodes.iter().all(|edge| edge.connected && edge.in_sync);
    let tone = if well { Tone::Good } else { Tone::Waiting };
    vec![
        Line::default().and(tone, format!("{} in sync", in_sync(status))),
        plain(format!("{connected} connected")),
        plain(format!("{} evaluations/s", number(rate))),
        revision,
    ]
}
