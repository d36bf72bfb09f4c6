//! What a person hears while a system starts and runs: a channel of lines to the command, which shows them, and the
//! journal for the command that waits in front of a system in the background.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::journal::{Journal, Phase, Step};
use super::status::Status;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// What is being done now; the next line takes its place.
    Doing(String),
    /// What was done, and how long it took.
    Done(String, Duration),
    /// Something that a person should know, but that ends nothing.
    Warning(String),
    /// Plain talk.
    Note(String),
    /// All of it is up.
    Ready(Box<Status>),
}

/// Where lines go. Nobody has to listen: a system does not end with its audience.
pub(crate) type Tell = UnboundedSender<Line>;

/// Tells a person and the journal.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    tell: Tell,
    journal: Arc<Journal>,
}

impl Report {
    pub(crate) fn new(tell: Tell, journal: Arc<Journal>) -> Self {
        Self { tell, journal }
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Says what is being done, and returns when it began.
    pub(crate) fn doing(&self, text: impl Into<String>) -> Instant {
        let text = text.into();
        // The journal is for others; what is being done goes on without it.
        let _ = self.journal.change(|run| run.doing = Some(text.clone()));
        let _ = self.tell.send(Line::Doing(text));
        Instant::now()
    }

    /// Says what was done since a moment.
    pub(crate) fn done(&self, text: impl Into<String>, since: Instant) {
        let (text, took) = (text.into(), since.elapsed());
        self.keep(Step { text: text.clone(), took: Some(took) });
        let _ = self.tell.send(Line::Done(text, took));
    }

    /// Says something that a person should know, but that ends nothing.
    pub(crate) fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        self.keep(Step { text: text.clone(), took: None });
        let _ = self.tell.send(Line::Warning(text));
    }

    /// Says something in passing.
    pub(crate) fn note(&self, text: impl Into<String>) {
        let _ = self.tell.send(Line::Note(text.into()));
    }

    /// Keeps what was told for whoever waits for the system to be up; afterwards nobody does.
    fn keep(&self, step: Step) {
        let _ = self.journal.change(|run| {
            run.doing = None;
            if matches!(run.phase, Phase::Starting) {
                run.steps.push(step);
            }
        });
    }
}
