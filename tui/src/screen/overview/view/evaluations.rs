//! How much is evaluated, minute by minute and by feature, as far as edges have told.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::EvaluationReason;
use fluxgate_client::overview::Minutes;
use fluxgate_wording::figure::{complete, share};
use fluxgate_wording::{Line, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Paragraph, Wrap};

use super::{Overview, asking, framed, words};
use crate::app::Desk;
use crate::widget::bars::{self, Lying};
use crate::widget::{chart, line};

/// How late may edges be with what they tell, until it is a gap that is shown?
const LATE: TimeDelta = TimeDelta::minutes(2);
/// How many minutes are shown?
const SHOWN: usize = 60;

/// Whole minutes, as far as they were told.
pub(super) struct Told {
    /// How many there were in each, the newest last.
    pub(super) minutes: Vec<i64>,
}

/// Returns the minutes that are over: those that edges have told, and those that they should have.
pub(super) fn told(minutes: &Minutes, now: DateTime<Utc>) -> Told {
    let Some(until) = minutes.completeness.until else {
        return Told { minutes: Vec::new() };
    };
    let whole = (until.max(now - LATE).min(now) - minutes.from).num_minutes();
    let most = minutes.series.iter().map(|series| series.points.len()).max().unwrap_or_default();
    let steps = usize::try_from((minutes.until - minutes.from).num_minutes()).unwrap_or_default();
    let whole = usize::try_from(whole).unwrap_or_default().min(most.max(steps)).min(24 * 60);
    let at = |minute: usize| {
        let points = minutes.series.iter().filter_map(|series| series.points.get(minute));
        points.fold(0_i64, |sum, point| sum.saturating_add(*point))
    };
    Told { minutes: (whole.saturating_sub(SHOWN)..whole).map(at).collect() }
}

/// Returns how many there were since a time.
fn since(minutes: &Minutes, from: DateTime<Utc>) -> i64 {
    let before = usize::try_from((from - minutes.from).num_minutes()).unwrap_or_default();
    let points = minutes.series.iter().flat_map(|series| series.points.iter().skip(before));
    points.fold(0_i64, |sum, point| sum.saturating_add(*point))
}

pub(super) fn chart(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let env = desk.place.env.as_deref().unwrap_or("all environments");
    let inner = framed(frame, area, ("Evaluations per minute", env), false, desk);
    let Some(seen) = overview.figures(desk) else {
        return asking(frame, inner, desk);
    };
    let evaluations = &seen.evaluations;
    let told = told(evaluations, desk.now);
    let known = &evaluations.completeness;
    let late = known.until.is_some_and(|until| desk.now - until > LATE);
    let mut notes = Vec::new();
    if !known.complete || late || known.until.is_none() {
        let note = Paragraph::new(line(&complete(known), desk.look)).wrap(Wrap { trim: true });
        notes.push(note);
    }
    let height = notes.iter().map(|note| note.line_count(inner.width)).sum::<usize>();
    let below = u16::try_from(height).unwrap_or(1);
    let rows = [Constraint::Fill(1), Constraint::Length(1), Constraint::Length(below)];
    let [bars, reasons, note] = Layout::vertical(rows).areas(inner);
    if told.minutes.is_empty() {
        words(frame, bars, &[Line::default().and(Tone::Dim, "no figures yet")], desk);
    } else {
        chart::draw(frame, bars, &told.minutes, desk.look);
        words(frame, reasons, &[by_reason(evaluations)], desk);
    }
    for paragraph in notes {
        frame.render_widget(paragraph, note);
    }
}

/// Says which reasons evaluations had, the most frequent first.
fn by_reason(minutes: &Minutes) -> Line {
    let all: i64 = minutes.series.iter().map(|series| series.total).sum();
    if all == 0 {
        return Line::default().and(Tone::Dim, " nothing was evaluated");
    }
    let mut series: Vec<_> = minutes.series.iter().filter(|series| series.total > 0).collect();
    // Errors first: what has no room is cut.
    let is_error = |reason: Option<&EvaluationReason>| reason == Some(&EvaluationReason::Error);
    series.sort_by_key(|series| (!is_error(series.reason.as_ref()), std::cmp::Reverse(series.total)));
    series.into_iter().fold(Line::default(), |line, series| {
        let name = series.reason.as_ref().map_or("?", |reason| reason.as_str());
        let tone = if is_error(series.reason.as_ref()) { Tone::Bad } else { Tone::Dim };
        line.and(tone, format!(" {name}")).and(Tone::Plain, format!(" {} ", share(series.total, all)))
    })
}

pub(super) fn top(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let env = desk.place.env.as_deref().unwrap_or_default();
    let inner = framed(frame, area, ("Top features, last 60 min", env), false, desk);
    let Some(seen) = overview.figures(desk) else {
        return asking(frame, inner, desk);
    };
    if seen.top.features.is_empty() {
        return words(frame, inner, &[Line::default().and(Tone::Dim, "nothing was evaluated")], desk);
    }
    let all = since(&seen.evaluations, seen.top.from);
    let bars: Vec<Lying> = seen
        .top
        .features
        .iter()
        .map(|top| Lying { label: top.feature.key.clone(), value: top.total, of: Some(all) })
        .collect();
    bars::draw(frame, inner, &bars, desk.look);
}
