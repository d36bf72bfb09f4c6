//! How a feature is drawn: the lane of its stages, and below it four panes, or one of them behind tabs.

use fluxgate_wording::figure::complete;
use fluxgate_wording::{Line, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Paragraph, Wrap};

use super::detail::Detail;
use super::{Feature, PARTS, Part, parts};
use crate::app::Desk;
use crate::keymap::Action;
use crate::look::Room;
use crate::screen::Screen;
use crate::theme::Token;
use crate::widget::lane::{self, Stop};
use crate::widget::wrap::{shortened, wrap};
use crate::widget::{bars, figure, line, pane, spark, table};

/// Where does an expression go on?
const WHEN: usize = 10;

pub(super) fn draw(feature: &Feature, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let (Some(detail), Some(env)) = (feature.detail(), feature.place()) else {
        return unknown(feature, frame, area, desk);
    };
    let killed = detail.stages().iter().any(|stage| stage.kill.is_some());
    let lane = match desk.room() {
        Room::Wide => 6 + u16::from(killed),
        Room::Normal => 3,
        _ => 1,
    };
    let rows = [Constraint::Length(1), Constraint::Length(lane), Constraint::Min(0)];
    let [facts, stages, body] = Layout::vertical(rows).areas(area);
    let words = parts::facts(detail, desk);
    let words = lane::clipped(&words, usize::from(area.width), desk.look);
    frame.render_widget(line(&words, desk.look), facts);
    self::stages(feature, detail, frame, stages, desk);
    if desk.room() == Room::Wide && !feature.whole {
        return four(feature, detail, env, (frame, body), desk);
    }
    let rows = [Constraint::Length(1), Constraint::Min(0)];
    let [names, body] = Layout::vertical(rows).areas(body);
    tabs(feature, frame, names, desk);
    part(feature, (detail, env), feature.part, (frame, body), desk);
}

fn unknown(feature: &Feature, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let words = match (feature.key.is_empty(), feature.told.data.is_some()) {
        (true, _) => {
            let key = desk.keys.called(Action::Show(Screen::Features), Screen::Feature);
            format!("No feature is chosen. {key} shows all of them.")
        }
        (_, true) => format!("{} has no stages.", feature.key),
        _ if feature.told.failure.is_some() => return,
        _ => format!("asking the server about {}", feature.key),
    };
    let words = Line::default().and(Tone::Dim, format!(" {words}"));
    frame.render_widget(line(&words, desk.look), area);
}

fn stages(feature: &Feature, detail: &Detail, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let stops: Vec<Stop> = detail.stages().iter().map(|stage| parts::stop(detail, stage, desk)).collect();
    if area.height >= 3 {
        return lane::draw(frame, area, &stops, feature.at(), desk.look);
    }
    let first = |stop: &Stop| (stop.title.clone(), stop.lines.first().cloned().unwrap_or_default());
    let row: Vec<(String, Line)> = stops.iter().map(first).collect();
    let mut words = lane::row(&row, feature.at());
    if line(&words, desk.look).width() > usize::from(area.width)
        && let Some((at, stop)) = feature.at().and_then(|at| Some((at, row.get(at)?.clone())))
    {
        // The one that is chosen, at least.
        words = Line::default().and(Tone::Dim, format!("stage {} of {}  ", at + 1, stops.len()));
        words.0.extend(lane::row(&[stop], Some(0)).0);
    }
    frame.render_widget(line(&lane::clipped(&words, usize::from(area.width), desk.look), desk.look), area);
}

fn four(feature: &Feature, detail: &Detail, env: &str, (frame, area): (&mut Frame<'_>, Rect), desk: &Desk) {
    let rows = [Constraint::Min(6), Constraint::Length(10)];
    let columns = || Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]);
    let [above, below] = Layout::vertical(rows).areas(area);
    let [rules, live] = columns().areas(above);
    let [history, relations] = columns().areas(below);
    for (which, spot) in
        [(Part::Rules, rules), (Part::Live, live), (Part::History, history), (Part::Relations, relations)]
    {
        part(feature, (detail, env), which, (frame, spot), desk);
    }
}

/// Draws the names of the parts, of which one is shown.
fn tabs(feature: &Feature, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let palette = desk.look.palette;
    let mut spans = Vec::new();
    for (part, name) in PARTS {
        let (text, token) = match part == feature.part {
            true => (format!("[{name}]"), Token::Accent),
            false => (format!(" {name} "), Token::Text),
        };
        spans.push(Span::styled(text, palette.style(token)));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled("  Tab next", palette.style(Token::Dim)));
    frame.render_widget(ratatui::text::Line::from(spans), area);
}

fn part(
    feature: &Feature,
    (detail, env): (&Detail, &str),
    which: Part,
    (frame, area): (&mut Frame<'_>, Rect),
    desk: &Desk,
) {
    let here = feature.part == which;
    let title = match which {
        Part::Rules => format!("Rules in {env}, the first that matches decides"),
        Part::Live => format!("Evaluations in {env}, within the hour"),
        Part::History => "History".to_owned(),
        Part::Relations => format!("Dependencies in {env}"),
    };
    let right = match which {
        Part::Rules => detail.stage(env).and_then(|stage| stage.live.as_ref()),
        _ => None,
    };
    let right = right.map(|live| format!("v{}", live.number)).unwrap_or_default();
    let block = pane(&title, &right, here, desk.look);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    match which {
        Part::Rules => rules(feature, (detail, env), (frame, inner), desk),
        Part::Live => live((detail, env), (frame, inner), desk),
        Part::History => history(feature, detail, (frame, inner), desk),
        Part::Relations => relations(feature, (detail, env), (frame, inner), desk),
    }
}

fn rules(
    feature: &Feature,
    (detail, env): (&Detail, &str),
    (frame, area): (&mut Frame<'_>, Rect),
    desk: &Desk,
) {
    let width = usize::from(area.width);
    let wrapped = |words: Line| wrap(&line(&words, desk.look), width, WHEN);
    let kill = detail.stage(env).filter(|stage| stage.live.is_some()).and_then(|stage| stage.kill.as_ref());
    // A long reason does not push the rules out of sight, unless they have all the room.
    let rows = if feature.whole { usize::MAX } else { 2 };
    let stopped = kill.into_iter().flat_map(|kill| parts::stopped(kill, desk));
    let stopped = stopped.flat_map(|words| shortened(wrapped(words), (rows, width), desk.look));
    let lines = feature.waiting(desk).into_iter().flat_map(wrapped).chain(stopped);
    let lines: Vec<_> = lines.chain(parts::rules(detail, env).into_iter().flat_map(wrapped)).collect();
    let below = lines.len().saturating_sub(usize::from(area.height));
    feature.below.set(below);
    let top = u16::try_from(feature.top.min(below)).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(lines).scroll((top, 0)), area);
}

fn live((detail, env): (&Detail, &str), (frame, area): (&mut Frame<'_>, Rect), desk: &Desk) {
    let look = desk.look;
    let say = |frame: &mut Frame<'_>, words: &str| {
        let words = line(&Line::default().and(Tone::Dim, words), look);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), area);
    };
    let Some(evaluated) = detail.evaluated(env) else {
        return say(frame, "There are more variants and stages than the server counts at once.");
    };
    if evaluated.total == 0 {
        return say(frame, "No edge has told of an evaluation within the hour.");
    }
    let shown = evaluated.bars();
    let count = u16::try_from(shown.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(4)).max(1);
    let rows = [Constraint::Length(1), Constraint::Length(count), Constraint::Length(1), Constraint::Min(0)];
    let [head, bars, trend, rest] = Layout::vertical(rows).areas(area);
    let head_words = Line::default()
        .and(Tone::Strong, evaluated.rate())
        .and(Tone::Dim, format!("   {} in all", figure(evaluated.total)));
    frame.render_widget(line(&head_words, look), head);
    bars::draw(frame, bars, &shown, look);
    let width = usize::from(area.width.saturating_sub(5));
    let drawn = spark::spark(&evaluated.minutes, width, look);
    let drawn = Line::default().and(Tone::Plain, drawn).and(Tone::Dim, " 60m");
    frame.render_widget(line(&drawn, look), trend);
    let mut lines = vec![evaluated.reasons()];
    lines.extend(detail.completeness().map(|(known, until)| complete(known, until)));
    let lines: Vec<_> = lines.iter().map(|words| line(words, look)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), rest);
}

fn history(feature: &Feature, detail: &Detail, (frame, area): (&mut Frame<'_>, Rect), desk: &Desk) {
    let happened = detail.history();
    if happened.is_empty() {
        let words = Line::default().and(Tone::Dim, "Nothing has been live yet.");
        frame.render_widget(line(&words, desk.look), area);
        return;
    }
    let row = |id: &str| {
        let one = happened.iter().find(|one| one.id() == id);
        one.map(|one| parts::history_row(one, detail, desk)).unwrap_or_default()
    };
    let here = feature.part == Part::History;
    table::draw(frame, area, (&parts::history_columns(), &feature.history), row, (desk.look, here));
}

fn relations(
    feature: &Feature,
    (detail, env): (&Detail, &str),
    (frame, area): (&mut Frame<'_>, Rect),
    desk: &Desk,
) {
    let all = detail.relations(env);
    if all.is_empty() {
        let words =
            Line::default().and(Tone::Dim, format!("It needs no other feature in {env}, and none needs it."));
        frame.render_widget(Paragraph::new(line(&words, desk.look)).wrap(Wrap { trim: true }), area);
        return;
    }
    let row = |id: &str| {
        let one = all.iter().find(|one| id == format!("{} {}", one.needed, one.key));
        one.map(|one| {
            let word = if one.needed { "needs" } else { "needed by" };
            vec![(Tone::Dim, word.to_owned()), (Tone::Plain, one.key.clone()), (Tone::Dim, one.note.clone())]
        })
        .unwrap_or_default()
    };
    let here = feature.part == Part::Relations;
    table::draw(frame, area, (&parts::relation_columns(), &feature.relations), row, (desk.look, here));
}
