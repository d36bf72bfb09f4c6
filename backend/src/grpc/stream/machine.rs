//! The backend's side of a stream without any I/O: what happened and the served state go in, what to do comes out.
//!
//! A stream is a position, not a queue. Whenever there is room for a message, `say` decides which one is the most urgent now.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::{
    self as edge, Ack, Hello, Nack, ResetReason, backend_message::Message, edge_message,
};
use tonic::Status;
use uuid::Uuid;

use crate::{
    delivery::state::{EdgeClient, EdgeKey, Position, Served},
    store::edge::{Figures, Heard},
};

use super::say::Todo;

/// How often is an edge told how far everything is?
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long may a message wait for a slow edge before its stream is closed? The edge resumes.
pub const SEND_WITHIN: Duration = Duration::from_secs(20);
/// After how long is an edge asked to come again, so that edges spread over the backends there are?
pub const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// By how much is that shortened and lengthened, so that those that came together do not go together?
const SPREAD: f64 = 0.2;
/// How much of a name is kept?
const NAME_CHARS: usize = 100;

/// A moment, and one random number drawn at it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Time since the stream began; never runs backwards.
    pub elapsed: Duration,
    /// The wall clock.
    pub at: DateTime<Utc>,
    /// Evenly distributed over 0.0..1.0.
    pub chance: f64,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The edge said something.
    Said(edge_message::Message),
    /// The edge's side ended, or the connection broke.
    Ended,
    /// The served state changed.
    Moved,
    /// What `Refresh` asked for was done, or could not be.
    Refreshed(bool),
    /// One message can be sent.
    Room,
    /// The deadline has passed.
    Tick,
    /// The server stops.
    Stop,
}

/// What to do.
#[derive(Debug)]
pub enum Output {
    /// Send this. Only in answer to `Room`.
    Send(Message),
    /// Note what the edge is at.
    Hear(Heard),
    /// Read the database, then say `Refreshed`.
    Refresh,
    /// End the stream.
    End(End),
}

/// Why a stream ends.
#[derive(Debug)]
pub enum End {
    /// The edge was told to come again.
    Left,
    /// The edge is gone without a word, or does not read.
    Lost,
    /// The edge stops, and serves nothing any more.
    Goodbye,
    /// Told to the edge as the stream's status.
    Refused(Status),
}

/// The state machine.
pub struct Machine {
    pub(super) client: EdgeClient,
    pub(super) key_id: String,
    /// How far what was sent is.
    pub(super) sent: Position,
    pub(super) kills_sent: Option<Position>,
    pub(super) keys_told: Option<Vec<EdgeKey>>,
    /// What the edge is to hash units with.
    pub(super) unit_key: Vec<u8>,
    pub(super) todo: Todo,
    pub(super) leaving: Option<&'static str>,
    pub(super) stopping: bool,
    /// A Hello that waits for the database to be read.
    waiting: Option<Hello>,
    heard: Heard,
    pub(super) beat_at: Duration,
    goodbye_at: Duration,
    /// Since when a message waits to be sent; none while there is nothing to say.
    wanting: Option<Duration>,
}

impl Machine {
    /// Starts; nothing is sent before the Hello.
    pub fn new(client: EdgeClient, (key_id, stream_id): (String, Uuid), now: Now) -> Machine {
        let heard = Heard {
            id: Uuid::nil(),
            team_id: client.scope.team,
            client_id: client.id,
            name: String::new(),
            version: String::new(),
            stream_id,
            connected_at: now.at,
            seen_at: now.at,
            acked_at: now.at,
            revision: 0,
            kills_revision: 0,
            figures: Figures::default(),
        };
        Machine {
            client,
            key_id,
            sent: Position { epoch: Uuid::nil(), revision: 0 },
            kills_sent: None,
            keys_told: None,
            unit_key: Vec::new(),
            todo: Todo::Wait,
            leaving: None,
            stopping: false,
            waiting: None,
            heard,
            beat_at: now.elapsed,
            goodbye_at: now.elapsed + LIFETIME.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * now.chance),
            wanting: None,
        }
    }

    /// What the client is called.
    pub fn client_name(&self) -> &str {
        &self.client.name
    }

    /// Has the edge hash units with a key.
    pub fn with_unit_key(mut self, key: &UnitKey) -> Machine {
        self.unit_key = key.to_bytes();
        self
    }

    /// Tells this stream from others of the edge.
    pub fn stream_id(&self) -> Uuid {
        self.heard.stream_id
    }

    /// How long it may last, from its beginning.
    #[cfg(test)]
    pub fn lifetime(&self) -> Duration {
        self.goodbye_at
    }

    /// Whether there may be something to say.
    pub fn wants_room(&self) -> bool {
        self.wanting.is_some()
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Duration {
        let blocked = self.wanting.map_or(Duration::MAX, |since| since + SEND_WITHIN);
        let goodbye = if self.leaving.is_some() { Duration::MAX } else { self.goodbye_at };
        // A heartbeat that is due waits for room.
        let beat = if self.wanting.is_some() { Duration::MAX } else { self.beat_at };
        // As far as nobody waits, so that it can be added to a time.
        blocked.min(goodbye).min(beat).min(LIFETIME * 4)
    }

    /// Takes in what happened and gives what to do.
    pub fn step(&mut self, input: Input, served: &mut Served, now: Now) -> Vec<Output> {
        if matches!(input, Input::Room) {
            let said = self.say(served, now);
            // One message was taken, so that the next one waits from now on.
            self.wanting = matches!(said[..], [Output::Send(_), ..]).then_some(now.elapsed);
            return said;
        }
        let outputs = match input {
            Input::Said(edge_message::Message::Hello(hello)) => self.hello(hello, served, now),
            Input::Said(edge_message::Message::Ack(ack)) => self.ack(&ack, served, now),
            Input::Said(edge_message::Message::Nack(nack)) => self.nack(&nack),
            Input::Said(edge_message::Message::Status(status)) => self.status(&status, now),
            Input::Said(edge_message::Message::Goodbye(_)) => vec![Output::End(End::Goodbye)],
            Input::Room | Input::Moved => Vec::new(),
            Input::Refreshed(read) => self.refreshed(read, served, now),
            // A connection that died of silence ends like one that was closed: only a word tells that the edge stopped.
            Input::Ended => vec![Output::End(End::Lost)],
            Input::Tick => self.tick(now),
            Input::Stop => {
                (self.stopping, self.leaving) = (true, Some("the backend is shutting down"));
                Vec::new()
            }
        };
        self.wanting = self.wanting.or(Some(now.elapsed));
        outputs
    }

    fn tick(&mut self, now: Now) -> Vec<Output> {
        if self.wanting.is_some_and(|since| now.elapsed >= since + SEND_WITHIN) {
            return vec![Output::End(End::Lost)];
        }
        if now.elapsed >= self.goodbye_at && self.leaving.is_none() {
            self.leaving = Some("so that edges spread over all backends");
        }
        Vec::new()
    }

    /// Answers a Hello. What this replica does not know of may be known to another: an edge is taken back in time only by
    /// the database itself, never by a replica that lags.
    fn hello(&mut self, hello: Hello, served: &Served, now: Now) -> Vec<Output> {
        let Ok(id) = Uuid::from_slice(&hello.edge_id) else {
            return refuse(Status::invalid_argument("the edge's id is no UUID"));
        };
        self.heard.id = id;
        self.heard.name = hello.name.chars().take(NAME_CHARS).collect();
        self.heard.version = hello.version.chars().take(NAME_CHARS).collect();
        let head = served.position();
        let ahead = |have: Position| have.epoch != head.epoch || have.revision > head.revision;
        if held(&hello).is_some_and(ahead) {
            (self.todo, self.waiting) = (Todo::Wait, Some(hello));
            return vec![Output::Refresh];
        }
        self.begin(held(&hello), served, now)
    }

    fn refreshed(&mut self, read: bool, served: &Served, now: Now) -> Vec<Output> {
        match self.waiting.take() {
            Some(hello) if read => self.begin(held(&hello), served, now),
            Some(_) => refuse(Status::unavailable("this replica lags behind what the edge has")),
            None => Vec::new(),
        }
    }

    fn begin(&mut self, have: Option<Position>, served: &Served, now: Now) -> Vec<Output> {
        let head = served.position();
        let obstacle = match have {
            None => Some(ResetReason::NothingHeld),
            Some(have) if have.epoch != head.epoch => Some(ResetReason::OtherEpoch),
            Some(have) if have.revision > head.revision => Some(ResetReason::FutureRevision),
            Some(have) if have.revision < served.compacted() => Some(ResetReason::Compacted),
            Some(_) => None,
        };
        self.todo = obstacle.map_or(Todo::Follow, Todo::Reset);
        // What cannot be continued counts for nothing.
        let nothing = Position { epoch: head.epoch, revision: 0 };
        self.sent = have.filter(|_| obstacle.is_none()).unwrap_or(nothing);
        (self.kills_sent, self.keys_told) = (None, None);
        self.heard.revision = i64::try_from(self.sent.revision).unwrap_or(0);
        self.heard.seen_at = now.at;
        vec![Output::Hear(self.heard.clone())]
    }

    fn ack(&mut self, ack: &Ack, served: &mut Served, now: Now) -> Vec<Output> {
        let (revision, kills) = (i64::try_from(ack.applied), i64::try_from(ack.kills_applied));
        let (Ok(revision), Ok(kills_revision)) = (revision, kills) else {
            return refuse(Status::invalid_argument("a revision is out of range"));
        };
        if (revision, kills_revision) != (self.heard.revision, self.heard.kills_revision) {
            self.heard.acked_at = now.at;
        }
        (self.heard.revision, self.heard.kills_revision, self.heard.seen_at) =
            (revision, kills_revision, now.at);
        let at = Position { revision: ack.applied, ..self.sent };
        let comparable = matches!(self.todo, Todo::Follow) && at == self.sent && at == served.position();
        if comparable && served.digest(self.client.scope).to_bytes() != ack.digest {
            let (edge, revision) = (&self.heard.name, ack.applied);
            tracing::error!(edge, revision, "an edge holds something else; resending");
            self.todo = Todo::Reset(ResetReason::DigestDiffers);
        }
        vec![Output::Hear(self.heard.clone())]
    }

    fn status(&mut self, status: &edge::Status, now: Now) -> Vec<Output> {
        let number = |figure: u64| i64::try_from(figure).ok();
        self.heard.figures = Figures {
            uptime_seconds: number(status.uptime_seconds),
            evaluations_per_second: status.evaluations_per_second.filter(|figure| figure.is_finite()),
            p50_ns: status.p50_ns.and_then(number),
            p99_ns: status.p99_ns.and_then(number),
            spooled: status.spooled.and_then(number),
        };
        self.heard.seen_at = now.at;
        vec![Output::Hear(self.heard.clone())]
    }

    fn nack(&self, nack: &Nack) -> Vec<Output> {
        for item in &nack.items {
            tracing::warn!(
                edge = self.heard.name,
                revision = nack.revision,
                item = hex::encode(&item.id),
                reason = item.reason,
                "an edge cannot understand an item and keeps its last good version"
            );
        }
        Vec::new()
    }
}

fn held(hello: &Hello) -> Option<Position> {
    let have = hello.have.as_ref()?;
    Some(Position { epoch: Uuid::from_slice(&have.epoch).ok()?, revision: have.revision })
}

pub(super) fn refuse(status: Status) -> Vec<Output> {
    vec![Output::End(End::Refused(status))]
}
