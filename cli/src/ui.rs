//! The person or the script at the other end: the only place that prints, and that asks.
//!
//! Results go to stdout, everything else to stderr. Whatever is printed passes through [`crate::text::clean`] first.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use clap::builder::StyledStr;
use fluxgate_client::{Before, Gate, Retrying, clock};
use secrecy::SecretString;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{
    Format, Line, Looks, Shape, Tone, View, frame, joined, one_line, render, show_line, whole, wrapped,
    wrapped_at,
};
use crate::pager;
use crate::screen::{Screen, Stream, variable};
use crate::text::clean;
use crate::time;

/// What stands before the commands that come next?
const NEXT: &str = "Next: ";

/// What is said where stdout was closed?
const CLOSED: &str = "stdout is closed";

/// How wide is a gate's name at least?
const GATE: usize = 11;

/// The person or the script at the other end.
pub(crate) struct Ui {
    shape: Shape,
    screen: Screen,
    may_ask: bool,
    // Whether lines are redrawn in place, among which no other must come.
    drawing: Arc<AtomicBool>,
    rehearsing: AtomicBool,
}

impl Ui {
    /// Looks at the streams; `ascii` and `no_input` are what was asked for.
    pub(crate) fn new(shape: Shape, ascii: bool, no_input: bool) -> Self {
        let mut screen = Screen::look();
        screen.stdout.ascii |= ascii;
        screen.stderr.ascii |= ascii;
        let may_ask = screen.stderr.terminal && io::stdin().is_terminal() && !no_input;
        Self { shape, screen, may_ask, drawing: Arc::default(), rehearsing: AtomicBool::new(false) }
    }

    /// Prints a result and what there is to say about it.
    ///
    /// What cannot be written is an error; a reader that has gone, as `head` does, has seen what it wanted, unless it is a
    /// secret. What was done and cannot be shown as it was asked for is shown whole.
    pub(crate) fn show(&self, view: View) -> Result<(), CliError> {
        let view = &if self.is_rehearsal() { view.rehearsed() } else { view };
        let looks = self.looks(self.screen.stdout);
        let (text, wrong) = match render(view, &self.shape, looks) {
            Ok(text) => (text, None),
            Err(error) if self.shape.done.is() && !self.is_rehearsal() => {
                (whole(view, looks), Some(done_all_the_same(&error)))
            }
            Err(error) => return Err(error),
        };
        match (self.write_out(&text, self.coloured()), &view.secret) {
            (Err(error), Some(again)) => return Err(lost(&error, again)),
            (written, _) => reads(written).map(drop)?,
        }
        for note in &view.notes {
            self.note(note.clone());
        }
        if self.is_rehearsal() && !matches!(self.shape.format, Format::Table | Format::Wide) {
            self.note("(dry run)");
        }
        if self.screen.stderr.terminal && !view.next.is_empty() {
            // A command that is torn apart cannot be pasted.
            let room = self.screen.stderr.width.map(|width| width.saturating_sub(NEXT.len()));
            for (index, line) in joined(&view.next, " ·", room).iter().enumerate() {
                let before = if index == 0 { NEXT } else { "" };
                let line = format!("{before:<width$}{line}", width = NEXT.len());
                self.note(Line::default().and(Tone::Dim, line));
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    /// Prints a failure.
    pub(crate) fn fail(&self, error: &CliError) {
        if self.machine() {
            write_err(&format!("{}\n", one_line(&error.to_json())), ColorChoice::Never);
            return;
        }
        self.note(Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, shortened(&error.message)));
        for detail in error.details.iter().flat_map(|detail| detail.lines()) {
            // As it is: a caret must stay below its place.
            self.note_as_it_is(&Line::from(format!("  {detail}")));
        }
        let names = error.gates.iter().map(|gate| gate.gate.chars().count());
        let names = names.fold(GATE, usize::max);
        for gate in &error.gates {
            self.gate(gate, names);
        }
        if let Some(hint) = &error.hint {
            self.note(format!("  {hint}"));
        }
        if let Some(id) = &error.request_id {
            self.note(Line::default().and(Tone::Dim, format!("  request {id}")));
        }
        if variable("FGCTL_DEBUG").is_some() {
            self.note(format!("  {error:?}"));
        }
    }

    /// Says something on the way. Scripts that read JSON do not get it: their stderr is for one error.
    pub(crate) fn note(&self, line: impl Into<Line>) {
        for line in wrapped(&line.into(), self.screen.stderr.width) {
            self.note_as_it_is(&line);
        }
    }

    fn note_as_it_is(&self, line: &Line) {
        if !self.machine() {
            let line = show_line(line, self.looks(self.screen.stderr));
            write_err(&format!("{line}\n"), self.screen.stderr.colour);
        }
    }

    /// Tells of a step, with its time where that is kept, as in a CI log.
    pub(crate) fn step(&self, text: impl Into<String>) {
        let text = text.into();
        if self.screen.stderr.terminal {
            self.note(text);
        } else {
            self.note(format!("{} {text}", time::instant(clock::now())));
        }
    }

    /// Tells of a gate, open or closed, whose name is in a column of this width.
    fn gate(&self, gate: &Gate, names: usize) {
        let (tone, sign) = match gate.passed {
            true => (Tone::Good, "✓"),
            false => (Tone::Bad, "✗"),
        };
        // The longer one of the two is ASCII's "ok".
        let signs = if self.screen.stderr.ascii { 2 } else { 1 };
        let sign = format!("  {:<signs$} ", self.looks(self.screen.stderr).text(sign));
        // Everything about a gate stands below its message.
        let column = 2 + signs + 1 + names + 1;
        let line = Line::default().and(tone, sign);
        let whose = gate.feature.as_ref().map_or_else(String::new, |feature| format!("{feature}: "));
        let line = line.and(Tone::Plain, format!("{:<names$} {whose}{}", gate.gate, gate.message));
        let hint = gate.hint.as_ref().filter(|_| !gate.passed);
        let hint = hint.map(|hint| Line::from(format!("{:column$}({hint})", "")));
        for line in std::iter::once(line).chain(hint) {
            for line in wrapped_at(&line, self.screen.stderr.width, column) {
                self.note_as_it_is(&line);
            }
        }
    }

    /// Returns whether somebody sees on a terminal what is redrawn in place.
    pub(crate) fn is_live(&self) -> bool {
        self.screen.stderr.terminal && !self.screen.dumb && !self.machine()
    }

    /// Says nothing of requests from here on: something is redrawn in place.
    pub(crate) fn draws(&self) {
        self.drawing.store(true, Ordering::Relaxed);
    }

    /// Returns how somebody at a terminal hears that a request is tried again.
    pub(crate) fn retrying(&self) -> Retrying {
        let (stream, looks) = (self.screen.stderr, self.looks(self.screen.stderr));
        let (silent, drawing) = (!stream.terminal || self.machine(), Arc::clone(&self.drawing));
        Box::new(move |number, of| {
            if !silent && !drawing.load(Ordering::Relaxed) {
                let line = Line::default().and(Tone::Dim, format!("retrying, try {number} of {of}"));
                write_err(&format!("{}\n", show_line(&line, looks)), stream.colour);
            }
        })
    }

    /// Returns what a connection asks before it sends something that changes something.
    pub(crate) fn before(&self) -> Before {
        self.shape.before()
    }

    /// Notes that a command changes something on this machine.
    pub(crate) fn changes(&self) {
        self.shape.done.note();
    }

    /// Returns whether what is written to stdout is lost for certain.
    pub(crate) fn reaches_nobody(&self) -> bool {
        self.screen.closed
    }

    /// Makes sure, before something is watched, that anybody could see it.
    pub(crate) fn has_reader(&self) -> Result<(), CliError> {
        match self.reaches_nobody() {
            true => Err(CliError::usage(format!("{CLOSED}, and what is watched is shown only there"))
                .hint("write it to a file: > FILE")),
            false => Ok(()),
        }
    }

    /// Returns whether there is somebody to ask.
    pub(crate) fn may_ask(&self) -> bool {
        self.may_ask
    }

    /// Asks for yes or no; everything but yes is no.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), CliError> {
        let answer = self.ask(&format!("{question} [y/N] "))?;
        match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(stopped()),
        }
    }

    /// Asks for a name to be typed in full.
    pub(crate) fn type_in(&self, question: &str, name: &str) -> Result<(), CliError> {
        if self.ask(&format!("{question}: "))? == name {
            return Ok(());
        }
        Err(stopped())
    }

    /// Asks for a line.
    pub(crate) fn ask(&self, question: &str) -> Result<String, CliError> {
        if !self.may_ask {
            let question = question.trim_end().trim_end_matches(':');
            let message = format!("{question:?} cannot be asked when not run interactively");
            return Err(CliError::usage(message));
        }
        let line = show_line(&Line::from(question), self.looks(self.screen.stderr));
        write_err(&line, self.screen.stderr.colour);
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(1..) => Ok(answer.trim().to_owned()),
            _ => Err(stopped()),
        }
    }

    /// Asks for a password, which is not shown.
    pub(crate) fn password(&self, question: &str) -> Result<SecretString, CliError> {
        if !self.may_ask {
            return Err(CliError::usage("no password given").hint("pipe it in with --password-stdin"));
        }
        inquire::Password::new(question)
            .without_confirmation()
            .prompt()
            .map(SecretString::from)
            .map_err(|_| stopped())
    }

    /// Prints text that is its own format: a script, a secret.
    pub(crate) fn raw(&self, text: &str) -> Result<(), CliError> {
        reads(self.write_out(text, false)).map(drop)
    }

    /// Notes that what is done here is taken back.
    pub(crate) fn rehearses(&self) {
        self.rehearsing.store(true, Ordering::Relaxed);
    }

    /// Returns whether what is done here is taken back.
    pub(crate) fn is_rehearsal(&self) -> bool {
        self.rehearsing.load(Ordering::Relaxed)
    }

    /// Returns whether the file that defines an object is wanted, where there is one.
    pub(crate) fn wants_file(&self) -> bool {
        self.shape.is_file()
    }

    /// Returns whether only the names of a result's fields are to be told, which must change nothing.
    pub(crate) fn names_only(&self) -> bool {
        self.shape.names_only()
    }

    fn machine(&self) -> bool {
        self.shape.machine()
    }

    /// Returns whether fgctl itself put colours into what it shows on stdout.
    fn coloured(&self) -> bool {
        self.shape.coloured()
    }

    fn looks(&self, stream: Stream) -> Looks {
        Looks { terminal: stream.terminal, width: stream.width, ascii: stream.ascii, now: clock::now() }
    }

    fn write_out(&self, text: &str, coloured: bool) -> io::Result<()> {
        let stream = self.screen.stdout;
        let text = match stream.colour {
            ColorChoice::Never if coloured => anstream::adapter::strip_str(text).to_string(),
            _ => text.to_owned(),
        };
        let long = stream.height.is_some_and(|height| text.lines().count() >= height);
        if long
            && !self.screen.dumb
            && self.may_ask
            && let Some(shown) = pager::show(&text)
        {
            return shown;
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    }
}

/// What goes on for a while: many results, and what is drawn in place.
impl Ui {
    /// Prints one of many results: an object a line where machines read. Tells whether somebody still reads.
    pub(crate) fn item(&self, view: &View) -> Result<bool, CliError> {
        let looks = self.looks(self.screen.stdout);
        let looks = Looks { terminal: looks.terminal && !self.machine(), ..looks };
        let text = render(view, &self.shape, looks)?;
        let mut stdout = AutoStream::new(io::stdout().lock(), self.screen.stdout.colour);
        reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Prints text for another program as it is; whoever looks at it on a terminal gets it cleaned. Tells whether somebody
    /// still reads.
    pub(crate) fn exact(&self, text: &str) -> Result<bool, CliError> {
        let mut stdout = io::stdout().lock();
        let text = match self.screen.stdout.terminal {
            false => text.to_owned(),
            true => text.lines().map(|line| format!("{}\n", clean(line))).collect(),
        };
        reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Draws lines on stderr over the last `drawn` ones, and returns how many they took.
    pub(crate) fn redraw(&self, lines: &[Line], drawn: usize) -> usize {
        let (stream, looks) = (Screen::look().stderr, self.looks(self.screen.stderr));
        let lines = lines.iter().flat_map(|line| wrapped(line, stream.width));
        let text: String = lines.map(|line| format!("{}\n", show_line(&line, looks))).collect();
        let text = match self.screen.stderr.colour {
            ColorChoice::Never => anstream::adapter::strip_str(&text).to_string(),
            _ => text,
        };
        let (text, lines) = frame(&text, (stream.width.unwrap_or(80), stream.height.unwrap_or(24)), drawn);
        steer(&text);
        lines
    }

    /// Begins the line anew in which the cursor on stderr stands.
    pub(crate) fn below(&self) {
        steer("\r\x1b[K");
    }

    /// Returns whether people watch on a terminal that can be drawn on.
    pub(crate) fn in_place(&self) -> bool {
        let tabular = matches!(self.shape.format, Format::Table | Format::Wide);
        self.screen.stdout.terminal && !self.screen.dumb && tabular
    }

    /// Returns whether a stream is of objects, whatever becomes of each, and not of lines for people.
    pub(crate) fn in_objects(&self) -> bool {
        !matches!(self.shape.format, Format::Table | Format::Wide)
    }

    /// Draws a view over the last `drawn` lines, and returns how many it took.
    pub(crate) fn draw(&self, view: &View, drawn: usize) -> usize {
        self.draws();
        // The terminal may have another size by now.
        let stream = Screen::look().stdout;
        let looks = Looks { width: stream.width, ..self.looks(self.screen.stdout) };
        let mut text = render(view, &self.shape, looks).unwrap_or_default();
        if self.screen.stdout.colour == ColorChoice::Never {
            text = anstream::adapter::strip_str(&text).to_string();
        }
        let (text, lines) = frame(&text, (stream.width.unwrap_or(80), stream.height.unwrap_or(24)), drawn);
        // What moves the cursor is no colour: it goes past whatever takes colours out.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        lines
    }
}

/// Returns whether a reader is still there; a reader that has gone, as `head` does, has seen what it wanted.
fn reads(written: io::Result<()>) -> Result<bool, CliError> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(unwritten(&error)),
    }
}

/// How much of an error is shown, in characters? A server may say anything.
const LONGEST: usize = 2_000;

/// Returns a text with its end cut off where it is longer than anybody reads.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Prints help: on stdout where it was asked for, on stderr where words are missing.
pub(crate) fn help(help: &StyledStr, is_asked_for: bool) -> io::Result<()> {
    match is_asked_for {
        true => write!(anstream::stdout().lock(), "{}", help.ansi()),
        false => write!(anstream::stderr().lock(), "{}", help.ansi()),
    }
}

fn write_err(text: &str, colour: ColorChoice) {
    let mut stderr = AutoStream::new(io::stderr().lock(), colour);
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Writes to the terminal at stderr what moves its cursor, which is no colour: it goes past whatever takes colours out.
fn steer(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// What is to be said of a result that was lost.
fn unwritten(error: &io::Error) -> CliError {
    CliError::new(Exit::Failed, format!("cannot write the result: {error}")).hint(
        "the command was done, only its result could not be written; > /dev/null is for whoever wants none",
    )
}

/// What is to be said where nobody has got a secret that was made.
fn lost(error: &io::Error, again: &str) -> CliError {
    CliError::new(Exit::Failed, format!("it was done, and its secret is lost: cannot write it: {error}"))
        .hint(format!("make another one: {again}"))
}

/// What is to be said of a result that cannot be shown as it was asked for, after something was done.
fn done_all_the_same(error: &CliError) -> CliError {
    let message = format!("it was done, but cannot be shown as asked: {}", error.message);
    CliError::new(Exit::Failed, message)
        .details(error.details.clone())
        .hint("do not repeat it: all of its result is on stdout, as JSON")
}

fn stopped() -> CliError {
    CliError::new(Exit::Stopped, "stopped, nothing was changed")
}
