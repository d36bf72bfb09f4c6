//! How a dialog is drawn: over the screen, what is typed and its buttons always in sight, what is to be known scrolling above.

use fluxgate_wording::{Line, Tone, text};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{self as drawn, Span};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::field::{Entry, Field, Part};
use super::{Dialog, Preview, State};
use crate::app::{Desk, Link};
use crate::keymap::Action;
use crate::look::Look;
use crate::screen::Screen;
use crate::theme::Token;
use crate::widget::reader::Row;
use crate::widget::wrap::wrap;
use crate::widget::{cut, line, popup};

/// How wide are the names of fields?
pub(super) const LABEL: usize = 12;
/// How wide is a dialog at most?
const WIDEST: u16 = 100;

/// Draws a dialog in the middle of the screen.
pub(crate) fn draw(dialog: &Dialog, frame: &mut Frame<'_>, desk: &Desk) {
    let look = desk.look;
    let width = frame.area().width.saturating_sub(4).min(WIDEST);
    let inner = usize::from(width.saturating_sub(4));
    let body = body(dialog, look);
    let rows: usize = body.iter().map(|row| wrap(&row.line, inner, row.indent).len()).sum();
    let room = usize::from(frame.area().height).saturating_sub(2);
    let foot = foot(dialog, (inner, room / 7), desk);
    // What explains goes first where there is too little room; what is typed and the buttons stay.
    let spare = room.saturating_sub(dialog.fields.len() + 1);
    let foot: Vec<_> = foot.into_iter().take(spare.min(room)).collect();
    let blanks = if dialog.fields.len() + 1 + foot.len() + rows.min(3) + 3 <= room { 1 } else { 0 };
    let needed = dialog.fields.len() + 1 + foot.len() + blanks * 3;
    let height = (needed + rows + 2).min(usize::from(frame.area().height));
    let area = popup(frame, &dialog.title, (width, u16::try_from(height).unwrap_or(u16::MAX)), look);
    let above = usize::from(area.height).saturating_sub(needed).min(rows);
    let mut at = Rows { area, y: area.y };
    let place = at.take(above);
    dialog.reader.draw(frame, place, &body);
    let hidden = dialog.reader.below();
    let more = at.take(blanks);
    if hidden > 0 {
        let words = format!("{hidden} more lines: PgDn");
        let style = look.palette.style(Token::Dim);
        // Without a line of its own it stands at the end of the last.
        let y = if blanks > 0 { more.y } else { place.bottom().saturating_sub(1) };
        let width = u16::try_from(words.width()).unwrap_or(u16::MAX).min(area.width);
        let spot = Rect { x: area.right().saturating_sub(width), y, width, height: 1 };
        frame.render_widget(drawn::Line::styled(words, style), spot.intersection(area));
    }
    for (index, field) in dialog.fields.iter().enumerate() {
        entry(field, dialog.focus == index, frame, at.take(1), look);
    }
    at.take(blanks);
    frame.render_widget(buttons(dialog, inner, look), at.take(1));
    at.take(blanks);
    for words in foot {
        frame.render_widget(words, at.take(1));
    }
}

/// Rows from the top of an area on.
pub(super) struct Rows {
    pub(super) area: Rect,
    pub(super) y: u16,
}

impl Rows {
    /// Returns the next rows, as far as there are any.
    pub(super) fn take(&mut self, rows: usize) -> Rect {
        let left = self.area.bottom().saturating_sub(self.y);
        let height = u16::try_from(rows).unwrap_or(u16::MAX).min(left);
        let rect = Rect { y: self.y, height, ..self.area };
        self.y = self.y.saturating_add(height);
        rect
    }
}

fn body(dialog: &Dialog, look: Look) -> Vec<Row> {
    let row = |line: drawn::Line<'static>| Row { line, mark: false, indent: 4 };
    let mut rows: Vec<Row> = dialog.facts.iter().map(|fact| row(line(fact, look))).collect();
    match &dialog.preview {
        Preview::None => {}
        Preview::Asked => {
            let words = "asking the server what it would do";
            rows.push(row(drawn::Line::styled(words, look.palette.style(Token::Dim))));
        }
        Preview::Known { lines: known, .. } => rows.extend(known.iter().map(|known| row(line(known, look)))),
        Preview::Failed(failure) => {
            let request = failure.request.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
            let words = look.text(&format!("✗ {}{request}", failure.words)).into_owned();
            rows.push(row(drawn::Line::styled(words, look.palette.style(Token::Bad))));
        }
    }
    rows
}

/// Returns what stands below the buttons: why they are asleep or what went wrong, and the command that is the same.
fn foot(dialog: &Dialog, (width, room): (usize, usize), desk: &Desk) -> Vec<drawn::Line<'static>> {
    let look = desk.look;
    let mut lines = wrap(&message(dialog, width, desk), width, 2);
    lines.truncate(4);
    let types = dialog.fields.get(dialog.focus).is_some_and(Field::takes_letters);
    let copies = if types { "Ctrl-y" } else { "Y" };
    let Some(order) = dialog.told() else {
        return lines;
    };
    let command = format!("same as ({copies} copies): {}", order.command_at(&desk.place));
    let shown = |text: String| line(&Line::default().and(Tone::Dim, text), look);
    let wrapped = wrap(&shown(command.clone()), width, 2);
    if wrapped.len() <= room {
        lines.extend(wrapped);
    } else {
        lines.push(shown(cut(&command, width, look)));
    }
    lines
}

/// Draws a field on a row, and the cursor where text goes.
fn entry(field: &Field, here: bool, frame: &mut Frame<'_>, area: Rect, look: Look) {
    let plain = look.palette.style(Token::Text);
    let token = if here { Token::Accent } else { Token::Dim };
    let mut spans = vec![Span::styled(format!("{:<LABEL$}", field.label), look.palette.style(token))];
    let room = usize::from(area.width).saturating_sub(LABEL);
    let mut cursor = None;
    match &field.entry {
        Entry::Text(input) => {
            let (shown, x) = window(input, room.saturating_sub(2));
            cursor = Some(LABEL + 1 + x);
            spans.push(Span::styled(format!("[{shown}]"), plain));
        }
        Entry::Exactly { input, wanted } => {
            let wanted = look.text(wanted).into_owned();
            let width = (wanted.width() + 1).min(room.saturating_sub(2));
            let (shown, x) = window(input, width);
            cursor = Some(LABEL + 1 + x);
            spans.push(Span::styled(format!("[{shown}]"), plain));
            spans.push(Span::styled(format!("  {wanted}"), look.palette.style(Token::Dim)));
        }
        Entry::End(end) => {
            let [hand, after] = [end.by_hand, !end.by_hand].map(|on| radio(on, look));
            let word = if end.is_time() { "at" } else { "after" };
            let begin = format!("{hand} by hand   {after} {word} [");
            let unit = if let Part::End(now) = field.part { end.unit(now) } else { String::new() };
            // What is typed is seen before what it means.
            let width = room.saturating_sub(begin.width() + 10).clamp(6, 21);
            let (shown, x) = window(&end.typed, width);
            cursor = end.in_box.then_some(LABEL + begin.width() + x);
            // Which of its two parts the keys go to.
            let lit = |part: bool| if here && part { look.palette.style(Token::Accent) } else { plain };
            let dim = end.by_hand && !(here && end.in_box);
            let style = if dim { look.palette.style(Token::Dim) } else { lit(end.in_box) };
            spans.push(Span::styled(begin, lit(!end.in_box)));
            spans.push(Span::styled(shown, style));
            spans.push(Span::styled(format!("] {unit}"), lit(end.in_box)));
        }
        Entry::Choice { options, at } => spans.push(Span::styled(choice(options, *at, room, look), plain)),
    }
    frame.render_widget(drawn::Line::from(spans), area);
    put(frame, area, cursor.filter(|_| here));
}

/// Puts the cursor at a column of a row.
pub(super) fn put(frame: &mut Frame<'_>, area: Rect, column: Option<usize>) {
    let Some(x) = column.and_then(|column| u16::try_from(column).ok()) else {
        return;
    };
    if area.height > 0 && x < area.width {
        frame.set_cursor_position(Position::new(area.x.saturating_add(x), area.y));
    }
}

/// Returns the part of a text that the cursor is in, as wide as it is to be, and where the cursor is in it.
pub(super) fn window(input: &Input, width: usize) -> (String, usize) {
    let skipped = input.visual_scroll(width.saturating_sub(1));
    let mut column = 0;
    let mut shown = String::new();
    for c in input.value().chars() {
        let next = column + unicode_width::UnicodeWidthChar::width(c).unwrap_or_default();
        if column >= skipped {
            if next - skipped > width {
                break;
            }
            shown.push(c);
        }
        column = next;
    }
    let shown = text::clean(&shown).into_owned();
    let pad = " ".repeat(width.saturating_sub(shown.width()));
    (shown + &pad, input.visual_cursor().saturating_sub(skipped))
}

fn radio(on: bool, look: Look) -> &'static str {
    match (on, look.ascii) {
        (true, false) => "(•)",
        (true, true) => "(*)",
        (false, _) => "( )",
    }
}

/// Returns all options, or the chosen one alone where they have no room.
fn choice(options: &[String], at: usize, room: usize, look: Look) -> String {
    let clean = |option: &String| look.text(option).into_owned();
    let all = options
        .iter()
        .enumerate()
        .map(|(index, option)| format!("{} {}", radio(index == at, look), clean(option)));
    let all = all.collect::<Vec<_>>().join("  ");
    if all.width() <= room {
        return all;
    }
    let chosen = options.get(at).map(clean).unwrap_or_default();
    let count = format!("   {} of {}: left, right", at + 1, options.len());
    let chosen = cut(&chosen, room.saturating_sub(count.width() + 4), look);
    format!("{} {chosen}{count}", radio(true, look))
}

/// Returns the style of a button.
pub(super) fn style(focus: bool, awake: bool, look: Look) -> ratatui::style::Style {
    match (focus, awake) {
        (true, true) => look.palette.style(Token::Selected),
        (true, false) => look.palette.style(Token::Dim).patch(look.palette.style(Token::Selected)),
        (false, true) => look.palette.style(Token::Text),
        (false, false) => look.palette.style(Token::Dim),
    }
}

fn buttons(dialog: &Dialog, width: usize, look: Look) -> drawn::Line<'static> {
    let cancel = dialog.fields.len();
    let verb = if let State::Moved(_) = dialog.state { "Look again" } else { dialog.verb };
    let awake = dialog.asleep().is_none();
    // Not by its colour alone.
    let why = beside(dialog, width).map_or_else(String::new, |why| format!("  {}", look.text(&why)));
    drawn::Line::from(vec![
        Span::raw(" ".repeat(LABEL)),
        Span::styled(format!("[ {} ]", dialog.back), style(dialog.focus == cancel, true, look)),
        Span::raw("   "),
        Span::styled(format!("[ {verb} ]"), style(dialog.focus == cancel + 1, awake, look)),
        Span::styled(why, look.palette.style(Token::Dim)),
    ])
}

/// Returns what is missing, where that has room beside the button.
fn beside(dialog: &Dialog, width: usize) -> Option<String> {
    let why = dialog.asleep().filter(|_| dialog.state == State::Open)?;
    let taken = LABEL + "[  ]   [  ]  ".width() + dialog.back.width() + dialog.verb.width();
    (taken + why.width() <= width).then_some(why)
}

/// Says what leads on while nobody is signed in; nothing where something else is missing first.
fn signed_out(dialog: &Dialog, desk: &Desk) -> Option<String> {
    let Link::SignedOut { .. } = desk.link else {
        return None;
    };
    match (&dialog.state, &dialog.preview) {
        (State::Sending | State::Moved(_), _) => None,
        (_, Preview::Failed(_)) => {
            let key = desk.keys.called(Action::Retry, Screen::Overview);
            Some(format!("signed out: {key} signs in once this is closed"))
        }
        _ if dialog.is_ready() => Some("signed out: Enter signs in".to_owned()),
        _ if dialog.asleep().is_none() => Some("signed out: Tab to the button, Enter signs in".to_owned()),
        _ => None,
    }
}

/// Says why the button is asleep, or what went wrong.
fn message(dialog: &Dialog, width: usize, desk: &Desk) -> drawn::Line<'static> {
    let look = desk.look;
    let esc = if dialog.back == "Cancel" { "Esc cancels" } else { "Esc keeps it" };
    if let Some(words) = signed_out(dialog, desk) {
        let words = look.text(&format!("▲ {words}, {esc}")).into_owned();
        return drawn::Line::styled(words, look.palette.style(Token::Warn));
    }
    let (token, text) = match (&dialog.state, dialog.asleep()) {
        (State::Sending, _) => (Token::Wait, "on its way".to_owned()),
        (State::Moved(words), _) => (Token::Warn, format!("▲ {words}")),
        (State::Failed(failure), _) => {
            let request = failure.request.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
            (Token::Bad, format!("✗ {}{request}", failure.words))
        }
        (State::Open, Some(_)) if beside(dialog, width).is_some() => {
            (Token::Dim, format!("Tab goes on, {esc}"))
        }
        (State::Open, Some(why)) => (Token::Dim, why),
        (State::Open, None) if dialog.is_ready() => (Token::Dim, format!("Enter does it, {esc}")),
        (State::Open, None) => (Token::Dim, format!("Tab to the button, Enter does it, {esc}")),
    };
    drawn::Line::styled(look.text(&text).into_owned(), look.palette.style(token))
}
