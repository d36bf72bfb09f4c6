//! The edge's side of the stream without any I/O: messages and time go in, what to do comes out.
//!
//! Nothing is lost silently. A gap, a snapshot cut off, a digest that differs: each is counted and answered with a new
//! Hello, and should that not help, with a new stream after a wait.

mod receive;

use std::sync::Arc;
use std::time::Duration;

use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::backend_message::Message as FromBackend;
use fluxgate_proto::v1::edge_message::Message as ToBackend;
use fluxgate_proto::v1::{Hello, Position, Status};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::backends::Backends;
use super::backoff::{Backoff, REFUSED};
use super::holdings::Holdings;
use super::image::{Image, KeyHash};
use super::status::{Counters, Current, StreamState, StreamStatus};
use crate::clock::Now;
use crate::state::State;

/// How long may the backend be silent before the stream counts as dead?
pub const SILENCE: Duration = Duration::from_secs(15);

/// How often does the backend hear how this edge fares?
pub const STATUS: Duration = Duration::from_secs(5);

/// Who this edge says it is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Kept on disk where there is one, else made for the lifetime of the process.
    pub edge_id: Uuid,
    /// What people call it.
    pub name: String,
    /// Of the program.
    pub version: String,
    /// Of the key with which it comes.
    pub key: KeyHash,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The stream is open.
    Opened,
    /// The backend said something; none when it is of a kind that this version does not know.
    Message(Option<FromBackend>),
    /// The stream ended or could not be opened.
    Lost(Loss),
    /// The deadline has passed.
    Tick,
    /// This edge has that identity from now on.
    Renamed(Uuid),
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The credentials were refused.
    Refused(String),
    /// Anything else.
    Broken(String),
}

/// What to do.
#[derive(Debug)]
pub enum Output {
    /// Open a stream to the backend of that number and say this first.
    Open(usize, Hello),
    /// Say this.
    Send(ToBackend),
    /// Close the stream.
    Close,
    /// Serve this from now on.
    Serve(Arc<State>),
    /// What belongs on disk changed, though not what is served.
    Keep,
    /// Hash units with this before they are told.
    UnitKey(Box<UnitKey>),
    /// That is whom the backend takes this edge for.
    Client(Uuid),
}

/// The state machine.
#[derive(Debug)]
pub struct Machine {
    identity: Identity,
    phase: Phase,
    holdings: Holdings,
    backoff: Backoff,
    backends: Backends,
    /// The keys of the client that everything is delivered to.
    keys: Vec<KeyHash>,
    unit_key: Option<UnitKey>,
    current: Option<Current>,
    /// What is held differs from what the backend holds, nobody knows where: only a snapshot helps.
    suspect: bool,
    head: Option<u64>,
    counters: Counters,
    last_error: Option<String>,
    last_message_ms: Option<i64>,
    reported: (StreamState, i64),
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Waiting { until: Duration, refused: bool },
    Connecting { since: Duration },
    Open(Open),
}

#[derive(Clone, Copy, Debug)]
struct Open {
    heard: Duration,
    status_at: Duration,
    awaiting: Option<Awaiting>,
    /// A fault already led to a new Hello on this stream, and no heartbeat has agreed since.
    retried: bool,
    /// This stream brought something, so that a goodbye need not wait.
    useful: bool,
    /// The backend said that the database itself went back.
    back: bool,
}

/// A Hello was said, or a snapshot is under way; until that has ended, messages on their way need not fit.
#[derive(Clone, Copy, Debug)]
struct Awaiting {
    /// When there was progress last.
    since: Duration,
}

impl Machine {
    /// Starts without anything; the first tick opens a stream to one of so many backends.
    pub fn new(identity: Identity, backends: usize, now: Now) -> Self {
        Self {
            keys: vec![identity.key],
            unit_key: None,
            identity,
            phase: Phase::Waiting { until: now.elapsed, refused: false },
            holdings: Holdings::default(),
            backoff: Backoff::default(),
            backends: Backends::new(backends, now.chance),
            current: None,
            suspect: false,
            head: None,
            counters: Counters::default(),
            last_error: None,
            last_message_ms: None,
            reported: (StreamState::Waiting, now.unix_ms),
        }
    }

    /// Goes on from what was kept on disk; returns what to serve.
    pub fn resume(&mut self, image: &Image, now: Now) -> Option<Arc<State>> {
        match self.holdings.restore(image) {
            Ok((state, bad)) => {
                self.note_bad(&bad);
                self.keys.clone_from(&image.keys);
                let older = u64::try_from(now.unix_ms - image.current_ms).unwrap_or_default();
                self.current = Some(Current { at: now.elapsed, older: Duration::from_millis(older) });
                Some(state)
            }
            Err(why) => {
                self.holdings = Holdings::default();
                error!(%why, "what was kept on disk cannot be held");
                None
            }
        }
    }

    /// Returns what belongs on disk; none before there is anything to serve.
    pub fn image(&self, now: Now) -> Option<Image> {
        let image = self.holdings.image()?;
        let age = self.current.map_or(0, |current| current.age(now.elapsed).as_millis());
        let current_ms = now.unix_ms - i64::try_from(age).unwrap_or(i64::MAX);
        Some(Image { keys: self.keys.clone(), current_ms, ..image })
    }

    /// Returns when the next tick is due.
    pub fn deadline(&self) -> Duration {
        match self.phase {
            Phase::Waiting { until, .. } => until,
            Phase::Connecting { since } => since + SILENCE,
            Phase::Open(open) => {
                let answer = open.awaiting.map(|awaiting| awaiting.since + SILENCE);
                (open.heard + SILENCE).min(answer.unwrap_or(Duration::MAX)).min(open.status_at)
            }
        }
    }

    /// Takes in what happened and returns what to do.
    pub fn step(&mut self, input: Input, now: Now) -> Vec<Output> {
        let outputs = match input {
            Input::Tick => self.tick(now),
            Input::Opened => self.opened(now),
            Input::Lost(loss) => self.lost(loss, now),
            Input::Message(message) => self.message(message, now),
            Input::Renamed(id) => self.renamed(id, now),
        };
        let state = self.stream_state();
        if state != self.reported.0 {
            self.reported = (state, now.unix_ms);
        }
        outputs
    }

    /// Describes the stream.
    pub fn status(&self) -> StreamStatus {
        StreamStatus {
            state: self.reported.0,
            since_ms: self.reported.1,
            last_message_ms: self.last_message_ms,
            last_error: self.last_error.clone(),
            head: self.head,
            kills_revision: self.holdings.kills_revision(),
            digest: self.holdings.digest(),
            counters: self.counters,
            current: self.current,
            backend: self.backends.current(),
            edge_id: self.identity.edge_id,
        }
    }

    fn stream_state(&self) -> StreamState {
        match self.phase {
            Phase::Waiting { refused: true, .. } => StreamState::Refused,
            Phase::Waiting { refused: false, .. } => StreamState::Waiting,
            Phase::Connecting { .. } => StreamState::Connecting,
            Phase::Open(open) if open.awaiting.is_some() => StreamState::Synchronizing,
            Phase::Open(_) => StreamState::Connected,
        }
    }

    fn tick(&mut self, now: Now) -> Vec<Output> {
        if now.elapsed < self.deadline() {
            return Vec::new();
        }
        match self.phase {
            Phase::Waiting { .. } => self.open(now),
            Phase::Connecting { .. } => self.give_up("the backend did not answer in time", now),
            Phase::Open(open) if now.elapsed >= open.heard + SILENCE => {
                self.give_up("no message for 15 seconds", now)
            }
            Phase::Open(open)
                if open.awaiting.is_some_and(|awaiting| now.elapsed >= awaiting.since + SILENCE) =>
            {
                self.give_up("the backend neither answers a hello nor goes on with its snapshot", now)
            }
            Phase::Open(open) => {
                self.phase = Phase::Open(Open { status_at: now.elapsed + STATUS, ..open });
                vec![Output::Send(ToBackend::Status(figures(now)))]
            }
        }
    }

    fn open(&mut self, now: Now) -> Vec<Output> {
        self.phase = Phase::Connecting { since: now.elapsed };
        vec![Output::Open(self.backends.current(), self.hello())]
    }

    fn opened(&mut self, now: Now) -> Vec<Output> {
        if let Phase::Connecting { .. } = self.phase {
            info!("stream opened");
            let awaiting = Some(Awaiting { since: now.elapsed });
            let (heard, status_at) = (now.elapsed, now.elapsed + STATUS);
            let (retried, useful, back) = (false, false, false);
            self.phase = Phase::Open(Open { heard, status_at, awaiting, retried, useful, back });
        }
        Vec::new()
    }

    fn hello(&self) -> Hello {
        let have = self.holdings.position().filter(|_| !self.suspect);
        Hello {
            edge_id: self.identity.edge_id.as_bytes().to_vec(),
            name: self.identity.name.clone(),
            version: self.identity.version.clone(),
            have: have.map(|(epoch, revision)| Position { epoch: epoch.as_bytes().to_vec(), revision }),
        }
    }

    /// A backend knows an edge by what it said first: it is said anew, on another stream.
    fn renamed(&mut self, id: Uuid, now: Now) -> Vec<Output> {
        if self.identity.edge_id == id {
            return Vec::new();
        }
        info!(%id, "this edge has another identity");
        self.identity.edge_id = id;
        if matches!(self.phase, Phase::Waiting { .. }) {
            return Vec::new();
        }
        self.drop_staging();
        let mut outputs = vec![Output::Close];
        outputs.extend(self.open(now));
        outputs
    }

    fn lost(&mut self, loss: Loss, now: Now) -> Vec<Output> {
        self.drop_staging();
        self.counters.disconnects += 1;
        let everywhere = self.backends.lost(matches!(loss, Loss::Refused(_)));
        let (wait, refused, why) = match loss {
            Loss::Refused(why) if everywhere => {
                error!(%why, "the backend refuses this edge's credentials; serving what there is, next try in 60 s");
                (REFUSED, true, why)
            }
            Loss::Refused(why) | Loss::Broken(why) => {
                let wait = self.backoff.next(now.chance);
                warn!(%why, ?wait, "no stream");
                (wait, false, why)
            }
        };
        self.last_error = Some(why);
        self.phase = Phase::Waiting { until: now.elapsed + wait, refused };
        Vec::new()
    }

    /// Closes the stream from this side and waits before the next one.
    fn give_up(&mut self, why: &str, now: Now) -> Vec<Output> {
        self.lost(Loss::Broken(why.to_owned()), now);
        vec![Output::Close]
    }

    fn drop_staging(&mut self) {
        if self.holdings.drop_staging() {
            self.counters.broken_snapshots += 1;
        }
    }
}

/// How this edge fares.
fn figures(now: Now) -> Status {
    Status { uptime_seconds: now.elapsed.as_secs(), ..Status::default() }
}
