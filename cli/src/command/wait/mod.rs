//! Waiting: for people to decide on a change, and for edges to serve it.
//!
//! Ctrl-C ends the wait, never the change. A backend that goes away is asked again until the time is over.

mod edges;
mod news;

use std::cell::Cell;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_client::change::Change;
use fluxgate_client::{Api, ChangeStatus, Code, Error, change, edge};
use tokio::time::Instant;

pub(crate) use edges::{EdgeReport, Goal};

use super::propose::{goal, progress};
use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::Shell;
use crate::time;

/// How long do we wait for people, unless told?
const FOR_PEOPLE: Duration = Duration::from_mins(15);
/// How long do we wait for edges, unless told?
const FOR_EDGES: Duration = Duration::from_mins(1);
/// How long is the longest pause between two looks?
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Flags of every command that can wait.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Waiting {
    /// Wait until the change is applied, or until every connected edge serves it
    #[arg(long, value_name = "UNTIL", value_enum)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "applied")]
    pub(crate) wait: Option<Until>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Until {
    /// The change is applied
    Applied,
    /// Every connected edge serves it
    Edges,
}

/// A wait in progress.
pub(crate) struct Wait<'a> {
    shell: &'a Shell,
    api: &'a Api,
    team: &'a str,
    started: Instant,
    // Whether the backend has been away since it was last asked.
    away: Cell<bool>,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(shell: &'a Shell, api: &'a Api, team: &'a str) -> Self {
        Self { shell, api, team, started: Instant::now(), away: Cell::new(false) }
    }

    /// Waits for a change as far as `until`, telling each step. A change that still waits when the time is over
    /// comes back as it is.
    pub(crate) async fn follow(
        &self,
        change: &Change,
        until: Until,
    ) -> Result<(Change, Option<EdgeReport>), CliError> {
        for line in news::opening(change) {
            self.shell.ui.step(line);
        }
        let number = change.number;
        let change = tokio::select! {
            change = self.decision(change.clone()) => change?,
            _ = tokio::signal::ctrl_c() => return Err(interrupted(number)),
        };
        if change.status != ChangeStatus::Applied || until == Until::Applied {
            return Ok((change, None));
        }
        let Some(goal) = goal(&change) else {
            return Ok((change, None));
        };
        let since = change.applied_at.unwrap_or(change.created_at);
        let report = tokio::select! {
            report = self.edges(goal, since, FOR_EDGES) => report?,
            _ = tokio::signal::ctrl_c() => return Err(interrupted(number)),
        };
        self.shell.ui.step(report.sentence());
        Ok((change, Some(report)))
    }

    /// Waits until people have decided.
    async fn decision(&self, mut change: Change) -> Result<Change, CliError> {
        let limit = self.shell.timeout().unwrap_or(FOR_PEOPLE);
        let mut pause = Duration::from_millis(200);
        if waits(&change) {
            let text = format!("waiting up to {}", time::duration(limit));
            self.shell.ui.step(text);
        }
        while waits(&change) {
            if self.started.elapsed() >= limit {
                self.shell.ui.step(format!(
                    "still pending after {}: {}. The change stays open: fgctl change wait {}",
                    time::duration(limit),
                    progress(&change.policies),
                    change.number
                ));
                return Ok(change);
            }
            tokio::time::sleep(self.next(&mut pause, limit)).await;
            let seen =
                self.ask(limit, async || change::get(self.api, self.team, change.number).await).await?;
            for line in news::between(&change, &seen) {
                self.shell.ui.step(line);
            }
            change = seen;
        }
        match change.status {
            ChangeStatus::Applied => Ok(change),
            _ => Err(news::ending(&change)),
        }
    }

    /// Waits until every connected edge has reached a goal, or the time is over.
    pub(crate) async fn edges(
        &self,
        goal: Goal,
        since: DateTime<Utc>,
        unless_told: Duration,
    ) -> Result<EdgeReport, CliError> {
        // The edges' time begins when the change is applied; what was said with --timeout is for both.
        let begun = self.started.elapsed();
        let limit = self.shell.timeout().unwrap_or(begun + unless_told);
        let mut pause = Duration::from_millis(100);
        loop {
            let edges = self.ask(limit, async || edge::list(self.api, self.team).await).await?;
            let report = EdgeReport::new(&edges.nodes, goal, since);
            if report.settled() || self.started.elapsed() >= limit {
                return Ok(report);
            }
            tokio::time::sleep(self.next(&mut pause, limit)).await;
        }
    }

    /// Asks the backend, again and again while it is away and there is time.
    async fn ask<T>(
        &self,
        limit: Duration,
        request: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, CliError> {
        loop {
            match request().await {
                Ok(answer) => {
                    if self.away.replace(false) {
                        self.shell.ui.step("the backend is back");
                    }
                    return Ok(answer);
                }
                Err(error) if passes(&error) && self.started.elapsed() < limit => {
                    if !self.away.replace(true) {
                        let text = format!("the backend is away, asking again: {error}");
                        self.shell.ui.step(text);
                    }
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the next pause, longer each time, and never past the end.
    fn next(&self, pause: &mut Duration, limit: Duration) -> Duration {
        let now = *pause;
        *pause = pause.mul_f32(1.5).min(LONGEST_PAUSE);
        let left = limit.saturating_sub(self.started.elapsed());
        now.min(left).max(Duration::from_millis(10))
    }
}

fn waits(change: &Change) -> bool {
    matches!(change.status, ChangeStatus::Pending | ChangeStatus::Approved)
}

/// Returns whether an error may be over in a moment: the backend, or its database, is away.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. })
        || matches!(error.code(), Some(Code::Unavailable | Code::Internal))
}

fn interrupted(number: i64) -> CliError {
    CliError::new(Exit::Stopped, format!("stopped waiting; #{number} stays as it is"))
        .hint(format!("fgctl change wait {number} to go on, fgctl change cancel {number} to take it back"))
}
