//! How much is evaluated, minute by minute and by feature, as far as edges have told.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::EvaluationReason;
use fluxgate_client::analytics::Span;
use fluxgate_client::overview::{ByReason, Minutes};
use fluxgate_wording::figure::{complete, last_minute, share};
use fluxgate_wording::{Line, Tone, time};
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
    /// How many there were in the last minute that all edges have told, and when that began; none while that is not known.
    pub(super) last: Option<(i64, DateTime<Utc>)>,
}

/// Returns the minutes that are over: those that edges have told, and those that they should have.
pub(super) fn told(minutes: &Minutes, now: DateTime<Utc>) -> Told {
    let Some(until) = minutes.completeness.until else {
        return Told { minutes: Vec::new(), last: None };
    };
    let whole = (until.max(now - LATE).min(now) - minutes.from).num_minutes();
    let most = minutes.series.iter().map(|series| series.points.len()).max().unwrap_or_default();
    let steps = usize::try_from((minutes.until - minutes.from).num_minutes()).unwrap_or_default();
    let whole = usize::try_from(whole).unwrap_or_default().min(most.max(steps)).min(24 * 60);
    let at = |minute: usize| {
        let points = minutes.series.iter().filter_map(|series| series.points.get(minute));
        points.fold(0_i64, |sum, point| sum.saturating_add(*point))
    };
    let last = last_minute((minutes.from, minutes.until), &minutes.completeness);
    Told {
        minutes: (whole.saturating_sub(SHOWN)..whole).map(at).collect(),
        last: last.map(|(place, begin)| (at(place), begin)),
    }
}

/// Returns how many there were from when until when.
pub(super) fn within(minutes: &Minutes, span: Span) -> i64 {
    minutes.series.iter().fold(0, |sum, series| sum.saturating_add(of(series, minutes, span)))
}

/// Returns how many of them came to their value for one reason.
fn of(series: &ByReason, minutes: &Minutes, (from, until): Span) -> i64 {
    let steps = |span: TimeDelta| usize::try_from(span.num_minutes()).unwrap_or_default();
    let points = series.points.iter().skip(steps(from - minutes.from)).take(steps(until - from));
    points.fold(0, |sum, point| sum.saturating_add(*point))
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
        let note =
            Paragraph::new(line(&complete(known, evaluations.until), desk.look)).wrap(Wrap { trim: true });
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
        words(frame, reasons, &[by_reason(evaluations, (seen.top.from, seen.top.until))], desk);
    }
    for paragraph in notes {
        frame.render_widget(paragraph, note);
    }
}

/// Says which reasons evaluations had, the most frequent first.
fn by_reason(minutes: &Minutes, span: Span) -> Line {
    let all = within(minutes, span);
    if all == 0 {
        return Line::default().and(Tone::Dim, " nothing was evaluated");
    }
    let counted = minutes.series.iter().map(|series| (series, of(series, minutes, span)));
    let mut series: Vec<_> = counted.filter(|(_, total)| *total > 0).collect();
    // Errors first: what has no room is cut.
    let is_error = |reason: Option<&EvaluationReason>| reason == Some(&EvaluationReason::Error);
    series.sort_by_key(|(series, total)| (!is_error(series.reason.as_ref()), std::cmp::Reverse(*total)));
    series.into_iter().fold(Line::default(), |line, (series, total)| {
        let name = series.reason.as_ref().map_or("?", |reason| reason.as_str());
        let tone = if is_error(series.reason.as_ref()) { Tone::Bad } else { Tone::Dim };
        line.and(tone, format!(" {name}")).and(Tone::Plain, format!(" {} ", share(total, all)))
    })
}

pub(super) fn top(overview: &Overview, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let env = desk.place.env.as_deref().unwrap_or_default();
    let figures = overview.figures(desk);
    let until = figures.map(|seen| format!(" to {}", time::minute(seen.top.until))).unwrap_or_default();
    let inner = framed(frame, area, (&format!("Top features, 60 min{until}"), env), false, desk);
    let Some(seen) = figures else {
        return asking(frame, inner, desk);
    };
    if seen.top.features.is_empty() {
        return words(frame, inner, &[Line::default().and(Tone::Dim, "nothing was evaluated")], desk);
    }
    let all = within(&seen.evaluations, (seen.top.from, seen.top.until));
    let bars: Vec<Lying> = seen
        .top
        .features
        .iter()
        .map(|top| Lying { label: top.feature.key.clone(), value: top.total, of: Some(all) })
        .collect();
    bars::draw(frame, inner, &bars, desk.look);
}
