//! The person or the script at the other end: the only place that prints, and that asks.
//!
//! Results go to stdout, everything else to stderr. Whatever is printed passes through [`crate::text::clean`] first.

use std::io::{self, BufRead, IsTerminal, Write};

use fluxgate_client::{Gate, clock};
use secrecy::SecretString;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Format, Line, Looks, Tone, View, frame, render, render_line};
use crate::text::clean;
use crate::time;

/// The person or the script at the other end.
#[derive(Debug)]
pub(crate) struct Ui {
    format: Format,
    stdout_terminal: bool,
    stderr_terminal: bool,
    may_ask: bool,
}

impl Ui {
    pub(crate) fn new(format: Format, no_input: bool) -> Self {
        let stderr_terminal = io::stderr().is_terminal();
        Self {
            format,
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal,
            may_ask: stderr_terminal && io::stdin().is_terminal() && !no_input,
        }
    }

    /// Prints a result and what there is to say about it.
    pub(crate) fn show(&self, view: &View) {
        self.write_out(&render(view, self.looks(self.stdout_terminal)));
        for note in &view.notes {
            self.note(note.clone());
        }
        if self.stderr_terminal && !view.next.is_empty() {
            let next = format!("Next: {}", view.next.join(" · "));
            self.note(Line::default().and(Tone::Dim, next));
        }
    }

    /// Prints a failure.
    pub(crate) fn fail(&self, error: &CliError) {
        if self.machine() {
            write_err(&format!("{}\n", error.to_json()));
            return;
        }
        self.note(Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, error.message.clone()));
        for detail in error.details.iter().flat_map(|detail| detail.lines()) {
            self.note(format!("  {detail}"));
        }
        for gate in &error.gates {
            self.gate(gate);
        }
        if let Some(hint) = &error.hint {
            self.note(format!("  {hint}"));
        }
        if let Some(id) = &error.request_id {
            self.note(Line::default().and(Tone::Dim, format!("  request {id}")));
        }
        if std::env::var_os("FGCTL_DEBUG").is_some_and(|debug| !debug.is_empty()) {
            self.note(format!("  {error:?}"));
        }
    }

    /// Says something on the way. Scripts that read JSON do not get it: their stderr is for one error.
    pub(crate) fn note(&self, line: impl Into<Line>) {
        if !self.machine() {
            let line = render_line(&line.into(), self.stderr_terminal);
            write_err(&format!("{line}\n"));
        }
    }

    /// Tells of a step, with its time where that is kept, as in a CI log.
    pub(crate) fn step(&self, text: impl Into<String>) {
        let text = text.into();
        if self.stderr_terminal {
            self.note(text);
        } else {
            self.note(format!("{} {text}", time::instant(clock::now())));
        }
    }

    /// Tells of a gate, open or closed.
    pub(crate) fn gate(&self, gate: &Gate) {
        let (tone, sign) = match gate.passed {
            true => (Tone::Good, "✓"),
            false => (Tone::Bad, "✗"),
        };
        self.note(
            Line::default()
                .and(tone, format!("  {sign} "))
                .and(Tone::Plain, format!("{:<11} {}", gate.gate, gate.message)),
        );
        if let (false, Some(hint)) = (gate.passed, &gate.hint) {
            self.note(format!("                ({hint})"));
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
        write_err(&render_line(&Line::from(question), self.stderr_terminal));
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
    pub(crate) fn raw(&self, text: &str) {
        self.write_out(text);
    }

    fn machine(&self) -> bool {
        self.format == Format::Json
    }

    fn looks(&self, terminal: bool) -> Looks {
        Looks { format: self.format, terminal, now: clock::now() }
    }

    fn write_out(&self, text: &str) {
        // A reader that has gone, as `head` does, has seen what it wanted.
        let mut stdout = anstream::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}

/// What goes on for a while: many results, and what is drawn in place.
impl Ui {
    /// Prints one of many results: an object a line where machines read. Tells whether somebody still reads.
    pub(crate) fn item(&self, view: &View) -> Result<bool, CliError> {
        let terminal = self.stdout_terminal && !self.machine();
        let mut stdout = anstream::stdout().lock();
        let text = render(view, self.looks(terminal));
        reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Prints text for another program as it is; whoever looks at it on a terminal gets it cleaned. Tells whether somebody
    /// still reads.
    pub(crate) fn exact(&self, text: &str) -> Result<bool, CliError> {
        let mut stdout = io::stdout().lock();
        let text = match self.stdout_terminal {
            false => text.to_owned(),
            true => text.lines().map(|line| format!("{}\n", clean(line))).collect(),
        };
        reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Returns whether people watch on a terminal that can be drawn on.
    pub(crate) fn in_place(&self) -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        self.stdout_terminal && !dumb && matches!(self.format, Format::Table | Format::Wide)
    }

    /// Returns whether a stream is read by a machine: an object a line.
    pub(crate) fn in_objects(&self) -> bool {
        self.machine()
    }

    /// Draws a view over the last `drawn` lines, and returns how many it took.
    pub(crate) fn draw(&self, view: &View, drawn: usize) -> usize {
        let mut text = render(view, self.looks(true));
        let mut stdout = io::stdout().lock();
        if anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never {
            text = anstream::adapter::strip_str(&text).to_string();
        }
        let size = terminal_size::terminal_size()
            .map_or((80, 24), |(columns, rows)| (usize::from(columns.0), usize::from(rows.0)));
        let (text, lines) = frame(&text, size, drawn);
        // What moves the cursor is no colour: it goes past whatever takes colours out.
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        lines
    }
}

/// Returns whether a reader is still there; a reader that has gone, as `head` does, has seen what it wanted.
fn reads(written: io::Result<()>) -> Result<bool, CliError> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::new(Exit::Failed, format!("cannot write the result: {error}"))),
    }
}

fn write_err(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn stopped() -> CliError {
    CliError::new(Exit::Stopped, "stopped, nothing was changed")
}
