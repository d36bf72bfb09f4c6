//! `fgctl doctor`

mod look;
mod permission;

use serde::Serialize;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};
use crate::shell::Shell;

/// In which column does the text of a finding begin?
const TEXT: usize = 17;

/// Look for what is wrong between this machine and the server, and say what to do about it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl doctor\n  fgctl doctor --context prod-eu -o json\n\nLooks at the config and who can read it, the server and its certificate, the\nclocks, the sign-in, the team and your roles in it, the edges, and whether\nsubscriptions get through: each for at most 4 s, or as long as --timeout says.\nEnds with 3 when something is wrong."
)]
pub(crate) struct Doctor {}

/// What was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    state: State,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Ok,
    /// Good to know.
    Warning,
    Problem,
    /// Could not be looked at, for what is wrong above it.
    Skipped,
}

impl Doctor {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let findings = tokio::select! {
            findings = look::all(shell) => findings,
            _ = tokio::signal::ctrl_c() => return Ok(super::live::stopped()),
        };
        let problems = findings.iter().filter(|finding| finding.state == State::Problem).count();
        let mut view = View::of(&findings);
        for finding in &findings {
            view = view.hanging(finding.line(), TEXT);
            if let Some(hint) = &finding.hint {
                view = view.hanging(Line::default().and(Tone::Dim, format!("{:TEXT$}{hint}", "")), TEXT);
            }
        }
        Ok(match problems {
            0 => view,
            1 => view.exit(Exit::Different).note("1 problem"),
            n => view.exit(Exit::Different).note(format!("{n} problems")),
        })
    }
}

impl Finding {
    fn new(check: &'static str, state: State, message: impl Into<String>) -> Self {
        Self { check, state, message: message.into(), hint: None }
    }

    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, State::Ok, message)
    }

    fn warning(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, State::Warning, message)
    }

    fn problem(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, State::Problem, message)
    }

    fn skipped(check: &'static str, why: &str) -> Self {
        Self::new(check, State::Skipped, why)
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What an error says, as a problem.
    fn of_error(check: &'static str, error: &CliError) -> Self {
        let finding = Self::problem(check, &error.message);
        match &error.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }

    fn line(&self) -> Line {
        let (tone, sign) = match self.state {
            State::Ok => (Tone::Good, "✓"),
            State::Warning => (Tone::Waiting, "▲"),
            State::Problem => (Tone::Bad, "✗"),
            State::Skipped => (Tone::Dim, "-"),
        };
        let text = if self.state == State::Skipped { Tone::Dim } else { Tone::Plain };
        Line::default()
            .and(tone, sign)
            .and(Tone::Plain, format!(" {:<15}", self.check))
            .and(text, self.message.clone())
    }
}
