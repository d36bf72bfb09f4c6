//! What lies over a screen: help, text to read, something to choose from, the command palette.

use fluxgate_wording::Tone;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Kind};
use crate::keymap::{self, Group};
use crate::look::Look;
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
        Overlay::Help(top) => text(frame, "Keys", &help(app), *top, look),
        Overlay::Text { title, lines, top } => {
            text(frame, title, &lines.iter().map(|words| line(words, look)).collect::<Vec<_>>(), *top, look);
        }
        Overlay::Choose { what, items, at } => choose(frame, *what, items, *at, look),
    }
}

fn text(frame: &mut Frame<'_>, title: &str, lines: &[Line<'static>], top: usize, look: Look) {
    let whole = frame.area();
    let size = (whole.width.saturating_sub(4).min(110), whole.height.saturating_sub(2));
    let area = popup(frame, title, size, look);
    let shown = lines.get(top..).unwrap_or_default().to_vec();
    frame.render_widget(Paragraph::new(shown).wrap(Wrap { trim: false }), area);
}

/// Writes the help of this screen from the table of keys.
fn help(app: &App) -> Vec<Line<'static>> {
    let look = app.desk.look;
    let mut lines = Vec::new();
    for (group, heading) in GROUPS {
        let keys: Vec<_> = keymap::on(app.screen).filter(|key| key.group == group).collect();
        if keys.is_empty() {
            continue;
        }
        lines.push(Line::styled(heading, look.palette.style(Token::Title)));
        let mut told = Vec::new();
        for key in &keys {
            if told.contains(&key.help) {
                continue;
            }
            told.push(key.help);
            let same = keys.iter().filter(|other| other.help == key.help);
            let names: Vec<String> = same.map(|other| look.text(&other.key.name()).into_owned()).collect();
            let off = app.desk.off(key.action).filter(|_| group == Group::Change);
            let off = off.map_or_else(String::new, |why| format!("   (off: {why})"));
            let words = format!("  {:<12} {}{off}", names.join(" "), key.help);
            lines.push(Line::styled(words, look.palette.style(Token::Text)));
        }
        lines.push(Line::default());
    }
    lines.push(Line::styled("Esc closes this.", look.palette.style(Token::Dim)));
    lines
}

fn choose(frame: &mut Frame<'_>, what: Choice, items: &[String], at: usize, look: Look) {
    let title = match what {
        Choice::Context => "Context",
        Choice::Environment => "Environment",
        Choice::Stage(_) => "Where?",
    };
    let widest = items.iter().map(|item| item.width()).max().unwrap_or_default();
    let width = u16::try_from(widest + 8).unwrap_or(u16::MAX).max(24);
    let height = u16::try_from(items.len() + 2).unwrap_or(u16::MAX);
    let area = popup(frame, title, (width, height), look);
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

/// Draws the command palette, when it is open.
pub(super) fn palette(app: &App, frame: &mut Frame<'_>) {
    let Some(prompt) = app.prompt.as_ref().filter(|prompt| prompt.kind == Kind::Command) else {
        return;
    };
    let look = app.desk.look;
    let commands = app.commands(prompt.input.value());
    let height = u16::try_from(commands.len() + 4).unwrap_or(u16::MAX).min(frame.area().height.min(16));
    let area = popup(frame, "Command", (frame.area().width.saturating_sub(8).min(80), height), look);
    if area.height == 0 {
        return;
    }
    let typed = look.text(prompt.input.value()).into_owned();
    frame.render_widget(Line::raw(format!(":{typed}")), Rect { height: 1, ..area });
    let x = area.x.saturating_add(1).saturating_add(u16::try_from(prompt.input.visual_cursor()).unwrap_or(0));
    if x < area.right() {
        frame.set_cursor_position(Position::new(x, area.y));
    }
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let items: Vec<_> = commands.into_iter().map(|command| (command.words, command.about)).collect();
    rows(frame, below, items.into_iter(), prompt.at, look);
}
