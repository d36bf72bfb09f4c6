//! How a dialog is drawn: over the screen, its button dim as long as it is asleep.

use fluxgate_wording::Line;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Paragraph, Wrap};

use super::field::{Entry, Field};
use super::{Dialog, Preview, State};
use crate::look::Look;
use crate::theme::Token;
use crate::widget::{line, popup};

const LABEL: usize = 12;

/// Draws a dialog in the middle of the screen.
pub(crate) fn draw(dialog: &Dialog, frame: &mut Frame<'_>, look: Look) {
    let width = frame.area().width.saturating_sub(4).min(100);
    let mut lines = body(dialog, look);
    let typed = lines.len();
    lines.extend(dialog.fields.iter().enumerate().map(|(at, field)| entry(dialog, at, field, look)));
    lines.push(ratatui::text::Line::default());
    lines.push(buttons(dialog, look));
    lines.push(ratatui::text::Line::default());
    lines.push(message(dialog, look));
    let command = format!("same as: {}", dialog.order().command());
    lines.push(line(&Line::default().and(fluxgate_wording::Tone::Dim, command), look));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    let inner = width.saturating_sub(4);
    let height = u16::try_from(text.line_count(inner)).unwrap_or(u16::MAX).saturating_add(2);
    let area = popup(frame, &dialog.title, (width, height), look);
    let lost = height.saturating_sub(area.height.saturating_add(2));
    // What is typed stays in sight where there is too little room: what is above goes.
    frame.render_widget(text.scroll((lost, 0)), area);
    cursor(dialog, frame, area, typed, lost);
}

/// Puts the cursor where the text goes. Lines above that are wrapped are counted as wrapped.
fn cursor(dialog: &Dialog, frame: &mut Frame<'_>, area: Rect, typed: usize, lost: u16) {
    let Some(Entry::Text(input) | Entry::Exactly { input, .. }) =
        dialog.fields.get(dialog.focus).map(|field| &field.entry)
    else {
        return;
    };
    let look = Look::default();
    let above = Paragraph::new(body(dialog, look)).wrap(Wrap { trim: false });
    let above = if typed == 0 { 0 } else { above.line_count(area.width) };
    let y = u16::try_from(above + dialog.focus).unwrap_or(u16::MAX).saturating_sub(lost);
    let x = u16::try_from(LABEL + 1 + input.visual_cursor()).unwrap_or(u16::MAX);
    if y < area.height && x < area.width {
        frame.set_cursor_position(Position::new(area.x + x, area.y + y));
    }
}

fn body(dialog: &Dialog, look: Look) -> Vec<ratatui::text::Line<'static>> {
    let mut lines: Vec<_> = dialog.facts.iter().map(|fact| line(fact, look)).collect();
    match &dialog.preview {
        Preview::None => {}
        Preview::Asked => lines.push(ratatui::text::Line::styled(
            "asking the server what it would do",
            look.palette.style(Token::Dim),
        )),
        Preview::Known { lines: known, .. } => lines.extend(known.iter().map(|known| line(known, look))),
        Preview::Failed(failure) => lines.push(ratatui::text::Line::styled(
            format!("{} {}", look.text("✗"), look.text(&failure.words)),
            look.palette.style(Token::Bad),
        )),
    }
    if !lines.is_empty() {
        lines.push(ratatui::text::Line::default());
    }
    lines
}

fn entry(dialog: &Dialog, at: usize, field: &Field, look: Look) -> ratatui::text::Line<'static> {
    let here = dialog.focus == at;
    let label = Span::styled(
        format!("{:<LABEL$}", field.label),
        look.palette.style(if here { Token::Accent } else { Token::Dim }),
    );
    let value = match &field.entry {
        Entry::Text(input) => format!("[{}]", look.text(input.value())),
        Entry::Exactly { input, wanted } => format!("[{}]  {wanted}", look.text(input.value())),
        Entry::Choice { options, at } => {
            let option = |(index, option): (usize, &String)| match index == *at {
                true => format!("(•) {option}"),
                false => format!("( ) {option}"),
            };
            options.iter().enumerate().map(option).collect::<Vec<_>>().join("  ")
        }
    };
    let value = look.text(&value).into_owned();
    ratatui::text::Line::from(vec![label, Span::styled(value, look.palette.style(Token::Text))])
}

fn buttons(dialog: &Dialog, look: Look) -> ratatui::text::Line<'static> {
    let cancel = dialog.fields.len();
    let style = |focus: bool, awake: bool| match (focus, awake) {
        (true, true) => look.palette.style(Token::Selected),
        (true, false) => look.palette.style(Token::Dim).patch(look.palette.style(Token::Selected)),
        (false, true) => look.palette.style(Token::Text),
        (false, false) => look.palette.style(Token::Dim),
    };
    let verb = if let State::Moved(_) = dialog.state { "Look again" } else { dialog.verb };
    ratatui::text::Line::from(vec![
        Span::raw(" ".repeat(LABEL)),
        Span::styled("[ Cancel ]", style(dialog.focus == cancel, true)),
        Span::raw("   "),
        Span::styled(format!("[ {verb} ]"), style(dialog.focus == cancel + 1, dialog.asleep().is_none())),
    ])
}

/// Says why the button is asleep, or what went wrong.
fn message(dialog: &Dialog, look: Look) -> ratatui::text::Line<'static> {
    let (token, text) = match (&dialog.state, dialog.asleep()) {
        (State::Sending, _) => (Token::Wait, "on its way".to_owned()),
        (State::Moved(words), _) => (Token::Warn, format!("▲ {words}")),
        (State::Failed(failure), _) => {
            let request = failure.request.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
            (Token::Bad, format!("✗ {}{request}", failure.words))
        }
        (State::Open, Some(why)) => (Token::Dim, why),
        (State::Open, None) => (Token::Dim, "Tab to the button, Enter does it, Esc cancels".to_owned()),
    };
    ratatui::text::Line::styled(look.text(&text).into_owned(), look.palette.style(token))
}
