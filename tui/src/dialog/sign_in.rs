//! The question who somebody is, once the sign-in is over: what is on the screen stays.

use fluxgate_wording::text::is_hostile;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::field::edit;
use super::view::{LABEL, Rows, put, style, window};
use crate::effect::Effect;
use crate::key::Key;
use crate::look::Look;
use crate::theme::Token;
use crate::widget::popup;
use crate::widget::wrap::wrap;

/// How long may a password be?
const MOST: usize = 1_024;
/// Where the keys go.
const USER: usize = 0;
const PASSWORD: usize = 1;
const LATER: usize = 2;
const BUTTON: usize = 3;

/// The dialog.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// Why it is asked.
    cause: String,
    user: Input,
    // Never copied by growing, nor shown.
    password: SecretBox<String>,
    focus: usize,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Open,
    Sending,
    Failed(String),
}

/// What it wants after a key.
#[derive(Debug)]
pub(crate) enum Wish {
    Nothing,
    Close,
    Do(Effect),
}

impl SignIn {
    /// Asks for a password, and for a name where none is known.
    pub(crate) fn new(cause: String, user: Option<&str>) -> Self {
        Self {
            cause,
            user: Input::new(user.unwrap_or_default().to_owned()),
            password: SecretBox::new(Box::new(String::with_capacity(MOST))),
            focus: if user.is_some() { PASSWORD } else { USER },
            state: State::Open,
        }
    }

    fn is_awake(&self) -> bool {
        let said = !self.user.value().trim().is_empty() && !self.password.expose_secret().is_empty();
        said && self.state != State::Sending
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: Key) -> Wish {
        match (key, self.focus) {
            (Key::Esc | Key::Ctrl('c'), _) => return Wish::Close,
            (Key::Enter, LATER) => return Wish::Close,
            (Key::Tab | Key::Down, at) => self.focus = if at >= BUTTON { USER } else { at + 1 },
            (Key::BackTab | Key::Up, at) => self.focus = at.checked_sub(1).unwrap_or(BUTTON),
            (Key::Left | Key::Right, LATER) => self.focus = BUTTON,
            (Key::Left | Key::Right, BUTTON) => self.focus = LATER,
            (Key::Enter, USER) => self.focus = PASSWORD,
            (Key::Enter, _) if self.is_awake() => {
                self.state = State::Sending;
                let password = SecretString::from(self.password.expose_secret().as_str());
                return Wish::Do(Effect::SignIn { user: self.user.value().trim().to_owned(), password });
            }
            (key, USER) => {
                edit(&mut self.user, key);
            }
            (key, PASSWORD) => self.type_secret(key),
            _ => {}
        }
        Wish::Nothing
    }

    fn type_secret(&mut self, key: Key) {
        let password = self.password.expose_secret_mut();
        match key {
            Key::Char(c) if !is_hostile(c) && password.len() + c.len_utf8() <= MOST => password.push(c),
            Key::Backspace | Key::Ctrl('h') => {
                password.pop();
            }
            Key::Ctrl('u' | 'w') => password.clear(),
            _ => {}
        }
    }

    /// Takes in text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !is_hostile(*c)) {
            match self.focus {
                USER => {
                    edit(&mut self.user, Key::Char(c));
                }
                PASSWORD => self.type_secret(Key::Char(c)),
                _ => {}
            }
        }
    }

    /// Takes in why it did not work; the password is typed anew.
    pub(crate) fn failed(&mut self, words: String) {
        self.password.expose_secret_mut().clear();
        self.focus = PASSWORD;
        self.state = State::Failed(words);
    }

    /// Draws it in the middle of the screen.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, place: &str, look: Look) {
        let width = frame.area().width.saturating_sub(4).min(76);
        let inner = usize::from(width.saturating_sub(4));
        let about = format!("{}. What is on the screen stays, and is from before.", self.cause);
        let about = wrap(&Line::from(look.text(&about).into_owned()), inner, 0);
        let (token, words) = match &self.state {
            State::Open => (Token::Dim, "Enter signs in, Esc looks on without; r asks again".to_owned()),
            State::Sending => (Token::Wait, "signing in".to_owned()),
            State::Failed(words) => (Token::Bad, format!("✗ {words}")),
        };
        let words = Line::styled(look.text(&words).into_owned(), look.palette.style(token));
        let words = wrap(&words, inner, 2);
        let room = usize::from(frame.area().height).saturating_sub(2);
        let above = about.len().min(room.saturating_sub(words.len() + 5));
        let rows = above + words.len() + 7;
        let size = (width, u16::try_from(rows).unwrap_or(u16::MAX));
        let area = popup(frame, &format!("Sign in to {place}"), size, look);
        let mut at = Rows { area, y: area.y };
        let blanks = usize::from(rows <= room + 2);
        for line in about.into_iter().take(above) {
            frame.render_widget(line, at.take(1));
        }
        at.take(blanks);
        let label = |name: &str, here: bool| {
            let token = if here { Token::Accent } else { Token::Dim };
            Span::styled(format!("{name:<LABEL$}"), look.palette.style(token))
        };
        let field = inner.saturating_sub(LABEL + 2);
        let (user, cursor) = window(&self.user, field);
        let row = at.take(1);
        frame.render_widget(
            Line::from(vec![label("User", self.focus == USER), format!("[{user}]").into()]),
            row,
        );
        put(frame, row, Some(LABEL + 1 + cursor).filter(|_| self.focus == USER));
        let sign = if look.ascii { "*" } else { "•" };
        let typed = self.password.expose_secret().chars().count().min(field.saturating_sub(1));
        let hidden = sign.repeat(typed);
        let pad = " ".repeat(field.saturating_sub(hidden.width()));
        let row = at.take(1);
        let text = format!("[{hidden}{pad}]");
        frame.render_widget(Line::from(vec![label("Password", self.focus == PASSWORD), text.into()]), row);
        put(frame, row, Some(LABEL + 1 + typed).filter(|_| self.focus == PASSWORD));
        at.take(blanks);
        let buttons = Line::from(vec![
            Span::raw(" ".repeat(LABEL)),
            Span::styled("[ Later ]", style(self.focus == LATER, true, look)),
            Span::raw("   "),
            Span::styled("[ Sign in ]", style(self.focus == BUTTON, self.is_awake(), look)),
        ]);
        frame.render_widget(buttons, at.take(1));
        for line in words {
            frame.render_widget(line, at.take(1));
        }
    }
}
