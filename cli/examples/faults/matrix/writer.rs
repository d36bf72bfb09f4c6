//! Changes and kills over GraphQL, all the while, at whichever backend answers.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fluxgate_client::change::{self, EditStageInput};
use fluxgate_client::feature::{self, KillFeatureInput, RestoreFeatureInput};
use fluxgate_client::{Api, Code, Error, ProposalOutcome};
use tokio::sync::{Mutex as Turn, MutexGuard};
use tokio::time::sleep;

use super::chance::Chance;
use super::edge::Violations;
use super::people::{ENVIRONMENT, FLAGS, TEAM, document, flag, sign_in};
use super::truth::{Change, Did};

/// How long is the text of a flag, usually?
pub(super) const BALLAST: usize = 1024;
/// How long between two changes of one writer?
const PACE: Duration = Duration::from_millis(80);

/// What writers share with whoever watches them.
#[derive(Debug)]
pub(super) struct Desk {
    acknowledged: Mutex<Vec<Change>>,
    /// Held by a writer while it writes, and by whoever wants nothing to change.
    turns: [Turn<()>; 2],
    written: AtomicU64,
    refused: AtomicU64,
    ballast: AtomicUsize,
    stopped: AtomicBool,
    violations: Arc<Violations>,
}

impl Desk {
    pub(super) fn new(violations: Arc<Violations>) -> Self {
        Self {
            acknowledged: Mutex::default(),
            turns: [Turn::default(), Turn::default()],
            written: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            ballast: AtomicUsize::new(BALLAST),
            stopped: AtomicBool::new(false),
            violations,
        }
    }

    /// Waits for what is being written, and keeps everybody from writing more.
    pub(super) async fn pause(&self) -> [MutexGuard<'_, ()>; 2] {
        let [first, second] = &self.turns;
        [first.lock().await, second.lock().await]
    }

    pub(super) fn set_ballast(&self, bytes: usize) {
        self.ballast.store(bytes, Ordering::SeqCst);
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Takes what was acknowledged since the last time.
    pub(super) fn take(&self) -> Vec<Change> {
        std::mem::take(&mut self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many changes were acknowledged in all.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// How many were refused, or not answered.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    fn acknowledge(&self, change: Change) {
        self.written.fetch_add(1, Ordering::SeqCst);
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

/// What a writer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    Edits,
    Kills,
}

/// Somebody who changes things, signed in at each backend as far as possible.
pub(super) struct Writer {
    desk: Arc<Desk>,
    work: Work,
    /// The port of each backend, and the session there.
    backends: Vec<(u16, Option<Api>)>,
    at: usize,
    chance: Chance,
    counter: u64,
}

impl Writer {
    pub(super) fn new(desk: Arc<Desk>, work: Work, backends: &[u16], chance: Chance) -> Self {
        let backends = backends.iter().map(|port| (*port, None)).collect();
        Self { desk, work, backends, at: 0, chance, counter: 0 }
    }

    /// Writes until the desk is closed.
    pub(super) async fn run(mut self) {
        let desk = Arc::clone(&self.desk);
        while !desk.stopped.load(Ordering::SeqCst) {
            {
                let _turn = desk.turns[usize::from(self.work == Work::Kills)].lock().await;
                if let Err(error) = self.write().await {
                    self.failed(&error);
                }
            }
            sleep(PACE).await;
        }
    }

    /// A refusal says that nothing was done, no answer says nothing; whatever was done counts when it is read.
    fn failed(&mut self, error: &Error) {
        self.desk.refused.fetch_add(1, Ordering::SeqCst);
        let backend = &mut self.backends[self.at];
        match error.code() {
            Some(Code::Unauthenticated) => backend.1 = None,
            None if !matches!(error, Error::Unreachable { .. } | Error::Unanswered { .. }) => {
                self.desk.violations.add(&format!("a change was answered oddly: {error}"));
            }
            _ => {}
        }
        self.at = (self.at + 1) % self.backends.len();
    }

    async fn write(&mut self) -> Result<(), Error> {
        let flag = flag(self.chance.below(FLAGS));
        self.counter += 1;
        let text = format!("{} {}", self.counter, "x".repeat(self.desk.ballast.load(Ordering::SeqCst)));
        let work = self.work;
        let Some(api) = self.session().await else { return Ok(()) };
        let change = match work {
            Work::Edits => edit(api, flag, &text).await?,
            Work::Kills => turn(api, flag).await?,
        };
        if let Some(change) = change {
            self.desk.acknowledge(change);
        }
        Ok(())
    }

    /// Returns the session at the backend whose turn it is; none when that cannot be had.
    async fn session(&mut self) -> Option<&Api> {
        let at = self.at;
        if self.backends[at].1.is_none() {
            self.backends[at].1 = sign_in(self.backends[at].0).await.ok().map(|(api, _)| api);
        }
        if self.backends[at].1.is_none() {
            self.at = (at + 1) % self.backends.len();
        }
        self.backends[at].1.as_ref()
    }
}

async fn edit(api: &Api, flag: String, text: &str) -> Result<Option<Change>, Error> {
    let input = EditStageInput {
        team: TEAM.to_owned(),
        feature: flag.clone(),
        environment: ENVIRONMENT.to_owned(),
        config: document(text),
        base_version: None,
        reason: None,
        apply_at: None,
        dry_run: None,
    };
    let proposal = change::edit_stage(api, input).await?;
    let applied = proposal.outcome == ProposalOutcome::Applied;
    let change = proposal.change.filter(|_| applied).and_then(|change| {
        let revision = u64::try_from(change.revision?).ok()?;
        let version = u64::try_from(change.items.first()?.version?).ok()?;
        Some(Change { revision, flag, did: Did::Version(version) })
    });
    Ok(change)
}

/// Kills what runs, and restores what is killed.
async fn turn(api: &Api, flag: String) -> Result<Option<Change>, Error> {
    let (team, environment) = (TEAM.to_owned(), Some(ENVIRONMENT.to_owned()));
    let found = feature::get(api, TEAM, &flag).await?;
    let killed = found.stage(ENVIRONMENT).is_some_and(|stage| stage.kill.is_some());
    let feature = flag.clone();
    let result = if killed {
        feature::restore(api, RestoreFeatureInput { team, feature, environment, reason: None }).await?
    } else {
        let reason = "chaos".to_owned();
        feature::kill(api, KillFeatureInput { team, feature, environment, reason, restore_at: None }).await?
    };
    let revision = result.revision.and_then(|revision| u64::try_from(revision).ok());
    Ok(revision.map(|revision| Change { revision, flag, did: Did::Turned }))
}
