//! Waiting: for people to decide on a change, and for edges to serve it.
//!
//! Ctrl-C or SIGTERM ends the wait, never the change. A backend that goes away is asked again until the time is over. On a terminal
//! one view is redrawn in place; elsewhere each step is a line.

mod edges;
#[cfg(test)]
pub(crate) mod fixture;
mod frame;
mod live;
mod news;
mod signal;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_client::change::{Change, Gate};
use fluxgate_client::{Api, ChangeStatus, Code, Error, change, clock, edge, server};
use tokio::time::Instant;

pub(crate) use edges::{EdgeReport, Goal};
pub(crate) use signal::stopped;

use super::actions;
use super::propose::goal;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Line;
use crate::shell::Shell;
use crate::time;
use frame::Frame;
use live::Live;

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

/// A change that is to be waited for, and what is known of it beside.
#[derive(Clone, Copy)]
pub(crate) struct Opened<'a> {
    pub(crate) change: &'a Change,
    /// What was checked when it was proposed.
    pub(crate) gates: &'a [Gate],
    /// Whether somebody else had proposed the same.
    pub(crate) joined: bool,
}

/// A wait in progress.
pub(crate) struct Wait<'a> {
    shell: &'a Shell,
    api: &'a Api,
    team: &'a str,
    started: Instant,
    live: Live<'a>,
    // What was seen last, to be shown while nothing new comes.
    seen: RefCell<Option<Seen>>,
    // Whether the backend has been away since it was last asked.
    away: Cell<bool>,
}

/// What a wait has seen last.
struct Seen {
    change: Change,
    gates: Vec<Gate>,
    edges: Option<EdgeReport>,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(shell: &'a Shell, api: &'a Api, team: &'a str) -> Self {
        let live = Live::new(&shell.ui);
        let (seen, away) = (RefCell::default(), Cell::new(false));
        Self { shell, api, team, started: Instant::now(), live, seen, away }
    }

    /// Waits for a change as far as `until`, telling each step. A change that still waits when the time is over
    /// comes back as it is.
    pub(crate) async fn follow(
        &self,
        opened: Opened<'_>,
        until: Until,
    ) -> Result<(Change, Option<EdgeReport>), CliError> {
        let number = opened.change.number;
        self.seen.replace(Some(Seen {
            change: opened.change.clone(),
            gates: opened.gates.to_vec(),
            edges: None,
        }));
        self.steps(news::opening(&opened));
        let change = tokio::select! {
            // In this order, so that it listens before it says that it waits.
            biased;
            exit = stopped() => return Err(self.leave(interrupted(number, exit))),
            change = self.decision(opened.change.clone()) => change?,
        };
        actions::tell(&self.shell.ui, Some(&change));
        if change.status != ChangeStatus::Applied {
            self.draw(None);
            self.live.leave();
            return match waits(&change) {
                true => Ok((self.too_late(change), None)),
                false => Err(news::ending(&change)),
            };
        }
        let Some(goal) = goal(&change).filter(|_| until == Until::Edges) else {
            self.draw(None);
            self.live.leave();
            return Ok((change, None));
        };
        let since = change.applied_at.unwrap_or(change.created_at);
        let report = tokio::select! {
            biased;
            exit = stopped() => return Err(self.leave(applied_already(number, exit))),
            report = self.edges(goal, since, FOR_EDGES) => report?,
        };
        self.live.leave();
        self.steps([report.sentence()]);
        Ok((change, Some(report)))
    }

    /// Waits until every connected edge serves whatever is live by now.
    pub(crate) async fn all_that_is_live(&self) -> Result<EdgeReport, CliError> {
        let newest = async {
            let revision = server::get(self.api).await?.revision;
            self.edges(Goal::Revision(revision), clock::now(), FOR_EDGES).await
        };
        let report = tokio::select! {
            biased;
            exit = stopped() => {
                self.live.leave();
                return Err(CliError::new(exit, "stopped waiting; it was so already"));
            }
            report = newest => report?,
        };
        self.live.leave();
        self.steps([report.sentence()]);
        Ok(report)
    }

    /// Waits until people have decided and its time has come, or the time is over.
    async fn decision(&self, mut change: Change) -> Result<Change, CliError> {
        let limit = self.shell.timeout().unwrap_or(FOR_PEOPLE);
        let mut pause = Duration::from_millis(200);
        if waits(&change) {
            self.steps([format!("waiting up to {}", time::duration(limit))]);
        }
        while waits(&change) {
            self.draw(Some(limit));
            if self.started.elapsed() >= limit {
                return Ok(change);
            }
            tokio::time::sleep(self.next(&mut pause, limit)).await;
            let seen =
                self.ask(limit, async || change::get(self.api, self.team, change.number).await).await?;
            self.steps(news::between(&change, &seen));
            if let Some(last) = self.seen.borrow_mut().as_mut() {
                last.change = seen.clone();
            }
            change = seen;
        }
        Ok(change)
    }

    /// Says that a change still waits when the time is over.
    fn too_late(&self, change: Change) -> Change {
        let limit = self.shell.timeout().unwrap_or(FOR_PEOPLE);
        self.shell.ui.step(news::too_late(&change, limit));
        change
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
            let over = report.settled() || self.started.elapsed() >= limit;
            if let Some(last) = self.seen.borrow_mut().as_mut() {
                last.edges = Some(report.clone());
            }
            self.draw(Some(limit).filter(|_| !over));
            self.draw_alone(&report, over);
            if over {
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
                        self.steps(["the backend is back".to_owned()]);
                    }
                    return Ok(answer);
                }
                Err(error) if passes(&error) && self.started.elapsed() < limit => {
                    if !self.away.replace(true) {
                        self.steps([format!("the backend is away, asking again: {error}")]);
                    }
                    self.draw(Some(limit));
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
                Err(error) => return Err(self.leave(error.into())),
            }
        }
    }

    /// Tells steps, a line each, where nothing is redrawn.
    fn steps(&self, steps: impl IntoIterator<Item = String>) {
        // Beside a change, a kill for instance has no view of its own.
        if self.live.is_seen() && self.seen.borrow().is_some() {
            return;
        }
        for step in steps {
            self.shell.ui.step(step);
        }
    }

    /// Redraws what is seen on a terminal, with how long is left until `limit`.
    fn draw(&self, limit: Option<Duration>) {
        let seen = self.seen.borrow();
        let Some(Seen { change, gates, edges }) = seen.as_ref() else { return };
        let left = limit.map(|limit| limit.saturating_sub(self.started.elapsed()));
        let away = self.away.get().then(|| "the backend is away, asking again".to_owned());
        let frame = Frame { change, gates, edges: edges.as_ref(), left, away };
        let lines: Vec<Line> = frame.lines();
        self.live.show(&lines);
    }

    /// Redraws how far the edges are, where there is no change beside: whoever waits for a kill says the rest.
    fn draw_alone(&self, report: &EdgeReport, over: bool) {
        match self.seen.borrow().is_none() {
            true if over => self.live.clear(),
            true => self.live.show(&[Line::from(report.sentence())]),
            false => {}
        }
    }

    /// Leaves what is on the terminal, so that an error comes below it.
    fn leave(&self, error: CliError) -> CliError {
        self.live.leave();
        error
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

/// Returns whether an error may be over in a moment: the backend, or its database, is away, or was asked too often.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Stopped { status: 429, .. })
        || matches!(error.code(), Some(Code::Unavailable | Code::Internal))
}

fn interrupted(number: i64, exit: Exit) -> CliError {
    CliError::new(exit, format!("stopped waiting; #{number} is still open"))
        .hint(format!("fgctl change wait {number} to go on, fgctl change cancel {number} to take it back"))
}

fn applied_already(number: i64, exit: Exit) -> CliError {
    CliError::new(exit, format!("stopped waiting for the edges; #{number} is applied"))
        .hint(format!("fgctl change wait {number} --wait=edges to go on"))
}

#[cfg(test)]
mod tests {
    use fluxgate_client::Error;

    use super::passes;

    #[test]
    fn a_proxy_that_was_asked_too_often_is_asked_again() {
        let stopped = |status| Error::Stopped {
            server: "http://a".into(),
            status,
            answer: String::new(),
            retry_after: None,
        };
        assert!(passes(&stopped(429)) && !passes(&stopped(401)) && !passes(&stopped(403)));
    }
}
