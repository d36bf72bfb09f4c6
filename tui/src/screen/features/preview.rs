//! What is known of the feature that the cursor is on, below the list.

use fluxgate_wording::{Line, Tone, change, time};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Paragraph;

use super::row::Spot;
use super::{Features, Row, signed};
use crate::app::Desk;
use crate::keymap::Action;
use crate::look::Room;
use crate::screen::Screen;
use crate::widget::lane::{self, Stop};
use crate::widget::{figure, line, pane};

pub(super) fn draw(features: &Features, row: &Row, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let look = desk.look;
    let block = pane(&row.key, &facts(row), false, look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let here = desk.place.env.as_deref();
    let at = here.and_then(|env| row.stages.iter().position(|spot| spot.env == env));
    let words = |lines: &[Line]| lines.iter().map(|words| line(words, look)).collect::<Vec<_>>();
    if desk.room() != Room::Wide {
        let stops: Vec<(String, Line)> =
            row.stages.iter().map(|spot| (spot.env.clone(), state(spot))).collect();
        let lines = [lane::row(&stops, at), relations(features, row), last(row, desk)];
        frame.render_widget(Paragraph::new(words(&lines)), inner);
        return;
    }
    let parts = [Constraint::Length(1), Constraint::Length(4), Constraint::Min(0)];
    let [top, stages, below] = Layout::vertical(parts).areas(inner);
    let name = Line::default().and(Tone::Plain, format!("{:?}", row.name));
    let name = name.and(Tone::Dim, rate(features, row, desk).unwrap_or_default());
    frame.render_widget(line(&name, look), top);
    let stops: Vec<Stop> = row.stages.iter().map(|spot| stop(spot, desk)).collect();
    lane::draw(frame, stages, &stops, at, look);
    let lines = [variants(row), relations(features, row), last(row, desk)];
    frame.render_widget(Paragraph::new(words(&lines)), below);
}

/// Says how often it was evaluated in the last minute, and in which.
fn rate(features: &Features, row: &Row, desk: &Desk) -> Option<String> {
    let rates = features.rates(desk)?;
    let Some(at) = rates.at else {
        return Some("   evaluations not known yet".to_owned());
    };
    let owing = if rates.owing { ", edges owe some" } else { "" };
    Some(format!("   {}/min at {}{owing}", figure(rates.minute(&row.key)?), time::minute(at)))
}

/// Returns what a feature is, in a line.
fn facts(row: &Row) -> String {
    let owner = if row.owner.is_empty() { String::new() } else { format!(", owner {}", row.owner) };
    let tags = if row.tags.is_empty() { String::new() } else { format!(", tags {}", row.tags.join(",")) };
    format!("{}, {}{owner}{tags}", row.kind, row.lifecycle.as_str().to_lowercase())
}

fn state(spot: &Spot) -> Line {
    let (tone, words) = signed(&spot.state);
    Line::default().and(tone, words)
}

fn stop(spot: &Spot, desk: &Desk) -> Stop {
    let version = match (spot.version, &spot.killed) {
        (_, Some(kill)) => {
            let until = kill.restore_at.map(|at| format!(", until {}", time::when(at, desk.now)));
            let by = change::by(&kill.by, kill.token.as_deref());
            // Where there is little room, who did it is what goes.
            format!("{} ago{}, by {by}", desk.ago(kill.since), until.unwrap_or_default())
        }
        (Some(version), None) => format!("v{version}"),
        (None, None) => "nothing is live".to_owned(),
    };
    Stop { title: spot.env.clone(), lines: vec![state(spot), Line::default().and(Tone::Dim, version)] }
}

fn variants(row: &Row) -> Line {
    let pairs: Vec<String> = row.variants.iter().map(|(name, value)| format!("{name} {value}")).collect();
    match pairs.is_empty() {
        true => Line::default(),
        false => Line::default().and(Tone::Dim, "variants   ").and(Tone::Plain, pairs.join("   ")),
    }
}

/// Returns what it needs and what needs it, each with how that is where it is needed.
fn relations(features: &Features, row: &Row) -> Line {
    let mut needs: Vec<String> = Vec::new();
    for key in row.stages.iter().flat_map(|spot| &spot.needs) {
        if !needs.contains(key) {
            needs.push(key.clone());
        }
    }
    let mut needed: Vec<String> = Vec::new();
    for (key, _) in features.rows.needed_by(&row.key) {
        if !needed.contains(&key) {
            needed.push(key);
        }
    }
    let with_kill = |key: String| {
        let other = features.rows.get(&key);
        let killed = other.is_some_and(|row| row.stages.iter().any(|spot| spot.killed.is_some()));
        if killed { format!("{key} (killed)") } else { key }
    };
    let worded = |keys: Vec<String>| match keys.is_empty() {
        true => "-".to_owned(),
        false => keys.into_iter().map(with_kill).collect::<Vec<_>>().join(", "),
    };
    Line::default()
        .and(Tone::Dim, "needs      ")
        .and(Tone::Plain, worded(needs))
        .and(Tone::Dim, "   needed by  ")
        .and(Tone::Plain, worded(needed))
}

/// Returns the key that shows what was live.
fn history(desk: &Desk) -> String {
    desk.keys.called(Action::History, Screen::Features)
}

fn last(row: &Row, desk: &Desk) -> Line {
    match &row.last {
        Some((words, at)) => Line::default()
            .and(Tone::Dim, "last       ")
            .and(Tone::Plain, words.clone())
            .and(Tone::Dim, format!(", {} ago   {} history", desk.ago(*at), history(desk))),
        None => Line::default().and(Tone::Dim, "last       nothing was applied yet"),
    }
}
