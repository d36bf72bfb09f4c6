//! What lies over a screen: help, text to read, something to choose from, the command palette.

use fluxgate_wording::Tone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Kind};
use crate::keymap::{Action, Group};
use crate::look::{Look, Room};
use crate::overlay::{Choice, Overlay};
use crate::theme::Token;
use crate::widget::{line, popup};

/// The headings of the help, in its order.
const GROUPS: [(Group, &str); 5] = [
    (Group::Change, "Change (each asks first)"),
    (Group::Read, "Read"),
    (Group::Lists, "Lists"),
    (Group::Move, "Move"),
    (Group::Everywhere, "Everywhere"),
];

pub(super) fn draw(app: &App, overlay: &Overlay, frame: &mut Frame<'_>) {
    let look = app.desk.look;
    match overlay {
        Overlay::Help(top) => help(app, frame, *top),
        Overlay::Text { title, lines, top } => {
            text(frame, title, &lines.iter().map(|words| line(words, look)).collect::<Vec<_>>(), *top, look);
        }
        Overlay::Choose { what, items, at, .. } => choose(frame, what, items, *at, look),
    }
}

fn text(frame: &mut Frame<'_>, title: &str, lines: &[Line<'static>], top: usize, look: Look) {
    let whole = frame.area();
    let size = (whole.width.saturating_sub(4).min(110), whole.height.saturating_sub(2));
    let more = if lines.len() > usize::from(size.1.saturating_sub(2)) { ", j and k scroll" } else { "" };
    let title = format!("{title}{more}, Esc closes");
    let area = popup(frame, &title, size, look);
    let shown = lines.get(top..).unwrap_or_default().to_vec();
    frame.render_widget(Paragraph::new(shown).wrap(Wrap { trim: false }), area);
}

/// Draws the help of this screen: in two columns where there is room.
fn help(app: &App, frame: &mut Frame<'_>, top: usize) {
    let look = app.desk.look;
    let lines: Vec<Line<'static>> =
        GROUPS.into_iter().flat_map(|(group, heading)| keys_of(app, group, heading)).collect();
    let columns = if app.desk.room() == Room::Wide { 2 } else { 1 };
    let rows = lines.len().div_ceil(columns);
    let whole = frame.area();
    let height =
        u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2).min(whole.height.saturating_sub(2));
    let more = if rows > usize::from(height.saturating_sub(2)) { ", j and k scroll" } else { "" };
    let title = format!("Keys of {}{more}, Esc closes", app.screens.get(app.screen).crumb(&app.desk));
    let area = popup(frame, &title, (whole.width.saturating_sub(2), height), look);
    let top = top.min(rows.saturating_sub(usize::from(area.height)));
    let parts: Vec<&[Line<'static>]> = lines.chunks(rows.max(1)).collect();
    let areas = Layout::horizontal(vec![Constraint::Fill(1); parts.len()]).spacing(2).split(area);
    for (lines, area) in parts.into_iter().zip(areas.iter()) {
        frame.render_widget(Paragraph::new(lines.get(top..).unwrap_or_default().to_vec()), *area);
    }
}

/// Writes a part of the help.
fn keys_of(app: &App, group: Group, heading: &'static str) -> Vec<Line<'static>> {
    let look = app.desk.look;
    let rows = app.desk.keys.help(app.screen, group);
    if rows.is_empty() {
        return Vec::new();
    }
    let row = |(keys, words, action): (Vec<String>, &'static str, Action)| {
        let off = app.desk.off(action).filter(|_| group == Group::Change);
        let token = if off.is_some() { Token::Dim } else { Token::Text };
        let words = off.map_or_else(|| words.to_owned(), |why| format!("{words} (off: {why})"));
        let keys = look.text(&keys.join(" ")).into_owned();
        Line::from(vec![
            Span::styled(format!("  {keys:<12}"), look.palette.style(Token::Accent)),
            Span::styled(look.text(&words).into_owned(), look.palette.style(token)),
        ])
    };
    let title = Line::styled(heading, look.palette.style(Token::Title));
    std::iter::once(title).chain(rows.into_iter().map(row)).chain([Line::default()]).collect()
}

fn choose(frame: &mut Frame<'_>, what: &Choice, items: &[String], at: usize, look: Look) {
    let title = match what {
        Choice::Context => "Context".to_owned(),
        Choice::Environment => "Environment".to_owned(),
        Choice::Stage(_, key) => format!("{key}: where?"),
    };
    let widest = items.iter().map(|item| item.width()).max().unwrap_or_default().max(title.width());
    let width = u16::try_from(widest + 8).unwrap_or(u16::MAX).max(24);
    let height = u16::try_from(items.len() + 2).unwrap_or(u16::MAX);
    let area = popup(frame, &title, (width, height), look);
    rows(frame, area, items.iter().map(|item| (item.clone(), String::new())), at, look);
}

/// Draws rows of which one is chosen, so that it is among them.
fn rows(
    frame: &mut Frame<'_>,
    area: Rect,
    items: impl ExactSizeIterator<Item = (String, String)>,
    at: usize,
    look: Look,
) {
    let room = usize::from(area.height);
    let at = at.min(items.len().saturating_sub(1));
    let top = (at + 1).saturating_sub(room);
    for ((index, (words, about)), y) in items.enumerate().skip(top).zip(area.y..area.bottom()) {
        let sign = if index == at { "> " } else { "  " };
        let words = fluxgate_wording::Line::default()
            .and(Tone::Plain, format!("{sign}{words}"))
            .and(Tone::Dim, format!("  {about}"));
        let row = line(&words, look);
        let row = if index == at { row.patch_style(look.palette.style(Token::Selected)) } else { row };
        frame.render_widget(row, Rect { y, height: 1, ..area });
    }
}

/// Draws the question for whom something is to be explained, when it is open.
pub(super) fn whom(app: &App, frame: &mut Frame<'_>) {
    let Some(prompt) = app.prompt.as_ref().filter(|prompt| prompt.kind == Kind::Whom) else {
        return;
    };
    let Some((feature, env)) = &prompt.about else {
        return;
    };
    let look = app.desk.look;
    let title = format!("Explain {feature} in {env}: for whom?");
    let area = popup(frame, &title, (frame.area().width.saturating_sub(8).min(80), 6), look);
    let typed = format!("[{}]", look.text(prompt.input.value()));
    let (token, below) = match &prompt.wrong {
        Some(wrong) => (Token::Bad, wrong.as_str()),
        None => (Token::Dim, "The targeting key, then what is known: user-42 tier=pro country=FI"),
    };
    let lines = vec![
        Line::raw(typed),
        Line::styled(look.text(below).into_owned(), look.palette.style(token)),
        Line::default(),
        Line::styled("Enter explains, Esc closes", look.palette.style(Token::Dim)),
    ];
    frame.render_widget(Paragraph::new(lines), area);
    let x = area.x.saturating_add(1).saturating_add(u16::try_from(prompt.input.visual_cursor()).unwrap_or(0));
    if x < area.right() && area.height > 0 {
        frame.set_cursor_position(Position::new(x, area.y));
    }
}

/// How many rows does the palette have at most?
const ROWS: usize = 14;

/// Draws the command palette, when it is open: each line with what it would do, and the key that does it too.
pub(super) fn palette(app: &App, frame: &mut Frame<'_>) {
    let Some(prompt) = app.prompt.as_ref().filter(|prompt| prompt.kind == Kind::Command) else {
        return;
    };
    let look = app.desk.look;
    let commands = app.commands(prompt.input.value());
    let height = u16::try_from(commands.len().clamp(1, ROWS) + 4).unwrap_or(u16::MAX);
    let area = popup(frame, "Command", (frame.area().width.saturating_sub(8).min(90), height), look);
    let [typed, below, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let text = look.text(prompt.input.value()).into_owned();
    frame.render_widget(Line::raw(format!(":{text}")), typed);
    let x =
        typed.x.saturating_add(1).saturating_add(u16::try_from(prompt.input.visual_cursor()).unwrap_or(0));
    if x < typed.right() && typed.height > 0 {
        frame.set_cursor_position(Position::new(x, typed.y));
    }
    let dim = look.palette.style(Token::Dim);
    if commands.is_empty() {
        frame.render_widget(Line::styled("  no command is like this", dim), below);
    }
    let widest = commands.iter().map(|command| command.words.width()).max().unwrap_or_default().min(40);
    let items: Vec<(String, String)> = commands
        .into_iter()
        .map(|command| {
            let gap = " ".repeat(widest.saturating_sub(command.words.width()));
            (format!("{}{gap}  {:<6}", command.words, command.key), command.about)
        })
        .collect();
    rows(frame, below, items.into_iter(), prompt.at, look);
    frame.render_widget(Line::styled("Tab completes, Enter does it, Esc closes", dim), foot);
}
