//! The rows around a screen: where we are and how good the connection is, the tabs, what keys do, what was said.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Kind, Link};
use crate::keymap::{Action, Group};
use crate::look::Room;
use crate::screen::{Screen, TABS};
use crate::theme::Token;
use crate::widget::cut;

/// Draws where we are, who, and how fresh what is shown is. Where there is little room the clock goes first, and then server,
/// context and team become short; who one is stays, as that matters before something is changed.
pub(super) fn header(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let desk = &app.desk;
    let look = desk.look;
    let env = app.screens.get(app.screen).env(desk);
    let protected = env.as_deref().is_some_and(|env| desk.is_protected(env));
    let width = usize::from(area.width);
    let mut right = standing(app, protected, width);
    let taken: usize = right.iter().map(|span| span.content.width()).sum();
    let clock = desk.now.format("  %H:%MZ").to_string();
    let fits = |left: &&String, more: usize| left.width() + taken + more + 2 <= width;
    let lefts = crumbs(app);
    let whole = lefts.iter().take(2).find(|left| fits(left, clock.width()));
    let left = whole.or_else(|| lefts.iter().find(|left| fits(left, 0))).or(lefts.last());
    let left = left.map(String::as_str).unwrap_or_default();
    if whole.is_some() {
        right.push(Span::styled(clock, look.palette.style(Token::Dim)));
    }
    let taken: usize = right.iter().map(|span| span.content.width()).sum();
    let room = width.saturating_sub(taken + 2);
    let left = cut(left, room, look);
    let gap = " ".repeat((room + 1).saturating_sub(left.width()));
    let mut spans = vec![Span::styled(left, look.palette.style(Token::Title)), Span::raw(gap)];
    spans.extend(right);
    let bar = if protected { look.palette.style(Token::Protected) } else { Style::new() };
    if protected {
        spans = spans.into_iter().map(|span| Span::raw(span.content)).collect();
    }
    frame.render_widget(Paragraph::new(Line::from(spans)).style(bar), area);
}

/// Returns where we are, the longest way to say it first.
fn crumbs(app: &App) -> Vec<String> {
    let desk = &app.desk;
    let crumb = app.screens.get(app.screen).crumb(desk);
    let (context, team) = (desk.place.context.as_str(), desk.place.team.as_str());
    let short = |word: &str| cut(word, 7, desk.look);
    let mark = if desk.room() == Room::Wide { " FluxGate  " } else { "" };
    let crumbs = [
        format!("{mark}{context} > {team} > {crumb}"),
        format!("{context} > {team} > {crumb}"),
        format!("{} > {} > {crumb}", short(context), short(team)),
        format!("{} > {crumb}", short(context)),
        crumb,
    ];
    crumbs.iter().map(|crumb| desk.look.text(crumb).into_owned()).collect()
}

/// Returns what is to be known before anything is done: what is at stake, who one is, and how fresh what is shown is.
fn standing(app: &App, protected: bool, width: usize) -> Vec<Span<'static>> {
    let desk = &app.desk;
    let look = desk.look;
    let mut spans = Vec::new();
    if protected {
        spans.push(Span::styled("PRODUCTION  ", look.palette.style(Token::Title)));
    }
    if desk.place.read_only.is_some() {
        spans.push(Span::styled("READ ONLY  ", look.palette.style(Token::Warn)));
    }
    if let Some(who) = &desk.who {
        let words = look.text(&format!("{} · {}", who.name, who.role())).into_owned();
        let gap = if desk.room() == Room::Wide { "   " } else { "  " };
        let words = cut(&words, width / 2, look) + gap;
        spans.push(Span::styled(words, look.palette.style(Token::Dim)));
    }
    let (token, state) = state(app);
    spans.push(Span::styled(look.text(&state).into_owned(), look.palette.style(token)));
    spans
}

/// Says how fresh what is shown is.
fn state(app: &App) -> (Token, String) {
    let desk = &app.desk;
    if desk.paused.is_some() {
        return (Token::Warn, format!("॥ paused, {} new", desk.missed));
    }
    match &desk.link {
        Link::Connecting if desk.room() < Room::Wide => (Token::Wait, "◌ connecting".to_owned()),
        Link::Connecting => (Token::Wait, format!("◌ connecting to {}", desk.place.server)),
        Link::Live if app.is_waiting() => (Token::Wait, "◌ asking".to_owned()),
        Link::Live => (Token::Ok, "● live".to_owned()),
        Link::Polling { .. } => (Token::Wait, "◐ polling".to_owned()),
        Link::SignedOut { .. } => (Token::Bad, "✗ signed out".to_owned()),
        Link::Away { since, .. } => {
            let seconds = (desk.now - *since).num_seconds().max(0);
            (Token::Bad, format!("○ offline {}:{:02}", seconds / 60, seconds % 60))
        }
    }
}

pub(super) fn tabs(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let look = app.desk.look;
    let wide = app.desk.room() == Room::Wide;
    let mut spans = Vec::new();
    for (index, (screen, long, short)) in TABS.into_iter().enumerate() {
        let name = if wide { long } else { short };
        let count = count(app, screen).map_or_else(String::new, |count| format!("({count})"));
        let text = format!("{} {name}{count}", index + 1);
        let here = app.screen.tab() == screen;
        let text = if here { format!("[{text}]") } else { format!(" {text} ") };
        let token = if here { Token::Accent } else { Token::Text };
        spans.push(Span::styled(text, look.palette.style(token)));
        spans.push(Span::raw(if wide { "  " } else { " " }));
    }
    // The longest hint that there is room for.
    let taken: usize = spans.iter().map(|span| span.content.width()).sum();
    let hints = ["  : command   / filter   ? help", "  : command   ? help", "  ? help"];
    let fits = |hint: &&str| taken + hint.width() <= usize::from(area.width);
    if let Some(hint) = hints.into_iter().find(|hint| wide && fits(hint)) {
        spans.push(Span::styled(hint, look.palette.style(Token::Dim)));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Returns how much on a screen needs somebody.
fn count(app: &App, screen: Screen) -> Option<usize> {
    let counts = app.screens.overview.counts();
    let kills = app.screens.kills.count().filter(|_| app.screen == Screen::Kills);
    let count = match screen {
        Screen::Changes => counts.map_or(0, |counts| counts.changes),
        // A screen that is shown is asked more often than what is counted.
        Screen::Kills => kills.or_else(|| counts.map(|counts| counts.kills)).unwrap_or_default(),
        Screen::Edges => counts.map_or_else(|| app.screens.edges.in_trouble(), |counts| counts.edges),
        _ => 0,
    };
    (count > 0).then_some(count)
}

pub(super) fn is_filtering(app: &App) -> bool {
    app.prompt.as_ref().is_some_and(|prompt| prompt.kind == Kind::Filter)
}

pub(super) fn filter(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let look = app.desk.look;
    let typed = app.prompt.as_ref().filter(|prompt| prompt.kind == Kind::Filter);
    let text = match typed {
        Some(prompt) => prompt.input.value().to_owned(),
        None => app.screens.get(app.screen).filtered().to_owned(),
    };
    let mut spans =
        vec![Span::styled("/ ", look.palette.style(Token::Accent)), Span::raw(look.text(&text).into_owned())];
    match typed.and_then(|prompt| prompt.wrong.as_ref()) {
        Some(wrong) => {
            let wrong = format!("   {}", look.text(wrong));
            spans.push(Span::styled(wrong, look.palette.style(Token::Bad)));
        }
        None => spans.push(Span::styled("   Esc clears", look.palette.style(Token::Dim))),
    }
    frame.render_widget(Line::from(spans), area);
    if let Some(prompt) = typed {
        let x =
            area.x.saturating_add(2).saturating_add(u16::try_from(prompt.input.visual_cursor()).unwrap_or(0));
        if x < area.right() {
            frame.set_cursor_position(Position::new(x, area.y));
        }
    }
}

/// Writes what keys do where the cursor is, as many as there is room for, that of the help always; those that change something
/// are dim where they are off.
pub(super) fn hints(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let look = app.desk.look;
    let mut spans = Vec::new();
    let mut room = usize::from(area.width);
    let here = app.here();
    let hinted = || app.desk.keys.on(app.screen).filter(|key| !key.hint.is_empty() && (key.when)(here));
    let help = hinted().find(|key| key.action == Action::Help);
    room = room.saturating_sub(help.map_or(0, |key| key.key.name().width() + key.hint.width() + 3));
    for key in hinted().filter(|key| key.action != Action::Help) {
        let off = key.group == Group::Change && app.desk.off(key.action).is_some();
        let name = look.text(&key.key.name()).into_owned();
        let width = name.width() + key.hint.width() + 3;
        if width > room {
            break;
        }
        room -= width;
        let (accent, text) = if off { (Token::Dim, Token::Dim) } else { (Token::Accent, Token::Text) };
        spans.push(Span::styled(name, look.palette.style(accent)));
        spans.push(Span::styled(format!(" {}  ", key.hint), look.palette.style(text)));
    }
    if let Some(key) = help {
        spans.push(Span::styled(look.text(&key.key.name()).into_owned(), look.palette.style(Token::Accent)));
        spans.push(Span::styled(format!(" {}", key.hint), look.palette.style(Token::Text)));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Writes what was said, and on the right how old what is shown is, where that may not be current.
pub(super) fn message(app: &App, age: Option<&str>, frame: &mut Frame<'_>, area: Rect) {
    let look = app.desk.look;
    let age = cut(age.unwrap_or_default(), usize::from(area.width), look);
    let taken = if age.is_empty() { 0 } else { age.width() + 1 };
    let said = look.text(app.said.as_deref().unwrap_or_default()).into_owned();
    let said = cut(&said, usize::from(area.width).saturating_sub(taken), look);
    frame.render_widget(Line::styled(said, look.palette.style(Token::Text)), area);
    if !age.is_empty() {
        frame.render_widget(Line::styled(age, look.palette.style(Token::Warn)).right_aligned(), area);
    }
}
