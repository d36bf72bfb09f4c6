//! The terminal: taken on the way in, given back on every way out, and the only place that writes to it.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyCode,
    KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal as Screen};
use tokio::sync::Notify;

use crate::key::Key;
use crate::message::{Message, Mouse};

/// How much is written at once? A whole screen of cells with colours.
const BUFFER: usize = 64 * 1024;

/// Whether the terminal is ours, and to be given back.
static OURS: AtomicBool = AtomicBool::new(false);
/// Whether something panicked, which gave it back.
static LOST: AtomicBool = AtomicBool::new(false);
/// Wakes the loop then: the panic of a task goes no further.
static LOSS: Notify = Notify::const_new();

/// The terminal, as long as it is ours.
pub(crate) struct Terminal {
    screen: Screen<CrosstermBackend<BufWriter<Stdout>>>,
    /// Whether the mouse is ours.
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal; a panic gives it back before it says anything.
    pub(crate) fn take() -> io::Result<Self> {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            LOST.store(true, Ordering::SeqCst);
            give_back();
            report(info);
            LOSS.notify_one();
        }));
        let out = BufWriter::with_capacity(BUFFER, io::stdout());
        let screen = enter().and_then(|()| Screen::new(CrosstermBackend::new(out)));
        match screen {
            Ok(screen) => Ok(Self { screen, mouse: false }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws a frame: only the cells that are others are written.
    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.screen.draw(view)?;
        Ok(())
    }

    /// Returns its size: columns, rows.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.screen.size()?;
        Ok((size.width, size.height))
    }

    /// Draws everything again with the next frame.
    ///
    /// Not by ratatui's `clear`, which asks the terminal where its cursor is: that is slow over ssh, and whoever reads the keys
    /// may get the answer.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        let size = self.screen.size()?;
        self.screen.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Gives text to the clipboard of whoever looks, over ssh too.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.screen.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Takes the mouse, or gives it back.
    pub(crate) fn mouse(&mut self, ours: bool) -> io::Result<()> {
        self.mouse = ours;
        match ours {
            true => execute!(self.screen.backend_mut(), EnableMouseCapture),
            false => execute!(self.screen.backend_mut(), DisableMouseCapture),
        }
    }

    /// Gives the terminal back for a while.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        self.screen.show_cursor()?;
        self.screen.backend_mut().flush()?;
        give_back();
        Ok(())
    }

    /// Takes it again.
    pub(crate) fn come_back(&mut self) -> io::Result<()> {
        enter()?;
        if self.mouse {
            self.mouse(true)?;
        }
        self.clear()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.screen.show_cursor();
        give_back();
    }
}

/// Returns whether something panicked: the terminal is not ours any more.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::SeqCst)
}

/// Waits until something panicked.
pub(crate) async fn lost() {
    LOSS.notified().await;
}

fn enter() -> io::Result<()> {
    OURS.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Gives the terminal back, once, as far as that is possible: nobody is left to tell.
fn give_back() {
    // A second time would move the cursor to where it was before, over what a panic said.
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen);
}

/// Returns what an event of the terminal means; none where it means nothing.
pub(crate) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => key(event).map(Message::Key),
        Event::Paste(text) => Some(Message::Pasted(text)),
        Event::Resize(width, height) => Some(Message::Resized(width, height)),
        Event::Mouse(event) => match event.kind {
            MouseEventKind::ScrollDown => Some(Message::Mouse(Mouse::Down)),
            MouseEventKind::ScrollUp => Some(Message::Mouse(Mouse::Up)),
            _ => None,
        },
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    // With Alt it is not the same key: nobody asks for a kill by Alt-K.
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => {
            Key::Ctrl(c.to_ascii_lowercase())
        }
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    })
}
