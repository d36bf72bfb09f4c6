//! Draws all that is known: header, tabs, a screen, what keys do, what was said; and what lies over it.

mod bar;
mod over;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::app::{App, Link};
use crate::dialog;
use crate::keymap::Action;
use crate::look::Room;
use crate::order::flag_of_server;
use crate::theme::Token;

/// Draws the dashboard.
pub(crate) fn draw(app: &App, frame: &mut Frame<'_>) {
    let room = app.desk.room();
    if room == Room::None {
        return too_small(app, frame);
    }
    let filter = u16::from(filter_is_shown(app));
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(filter),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ]);
    let [header, tabs, filter, body, hints, message] = rows.areas(frame.area());
    bar::header(app, frame, header);
    bar::tabs(app, frame, tabs);
    bar::filter(app, frame, filter);
    screen(app, frame, body);
    bar::hints(app, frame, hints);
    // What is wrong stands above, with the age of what is shown.
    let age = if trouble(app).is_none() { app.doubtful() } else { None };
    bar::message(app, age.as_deref(), frame, message);
    if let Some(overlay) = &app.overlay {
        over::draw(app, overlay, frame);
    }
    over::palette(app, frame);
    over::whom(app, frame);
    if let Some(dialog) = &app.dialog {
        dialog::view::draw(dialog, frame, &app.desk);
    }
    if let Some(sign_in) = &app.sign_in {
        sign_in.draw(frame, &app.desk.place.context, app.desk.look);
    }
}

fn filter_is_shown(app: &App) -> bool {
    bar::is_filtering(app) || !app.screens.get(app.screen).filtered().is_empty()
}

/// Draws the screen: what it knows, with a word on top where that is old, or why it knows nothing.
fn screen(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let pane = app.screens.get(app.screen);
    let Some(words) = trouble(app) else {
        return pane.draw(frame, area, &app.desk);
    };
    let look = app.desk.look;
    let key = |action| app.desk.keys.called(action, app.screen);
    let (retry, contexts, log) = (key(Action::Retry), key(Action::Contexts), key(Action::ClientLog));
    let again = match app.desk.link {
        Link::SignedOut { .. } => {
            format!("{retry} signs in (or fgctl login{})", flag_of_server(&app.desk.place))
        }
        _ => format!("{retry} tries again now"),
    };
    let keys = format!("{again}, {contexts} another context, {log} the client log");
    let hint = match (app.doubtful(), &app.desk.link) {
        (Some(age), _) => format!("  What is shown is {age}. {keys}"),
        (None, Link::Away { .. } | Link::SignedOut { .. }) => format!("  {keys}"),
        (None, _) => format!("  {keys}. The other screens may still work."),
    };
    let lines = vec![
        Line::styled(look.text(&format!("▲ {words}")).into_owned(), look.palette.style(Token::Bad)),
        Line::styled(look.text(&hint).into_owned(), look.palette.style(Token::Dim)),
    ];
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    let height = u16::try_from(text.line_count(area.width)).unwrap_or(2).min(area.height);
    let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
    frame.render_widget(text, above);
    pane.draw(frame, below, &app.desk);
}

/// Says why what the screen shows may be old, or is not there, if anything is wrong.
fn trouble(app: &App) -> Option<String> {
    match &app.desk.link {
        Link::Away { cause, .. } => Some(format!("Lost the server: {cause}")),
        Link::SignedOut { cause } => Some(format!("Signed out: {cause}")),
        _ => {
            let failure = app.screens.get(app.screen).failure()?;
            let request = failure.request.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
            Some(format!("{}{request}", failure.words))
        }
    }
}

fn too_small(app: &App, frame: &mut Frame<'_>) {
    let (width, height) = app.desk.size;
    let lines = vec![
        Line::from(Span::raw(format!("FluxGate needs 60x16, this is {width}x{height}."))),
        Line::from("Make it bigger, or run:"),
        Line::from("  fgctl status --watch"),
    ];
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), frame.area());
}
