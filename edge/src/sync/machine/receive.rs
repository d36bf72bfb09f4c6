//! What each message of the backend does.

use std::sync::Arc;
use std::time::Duration;

use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::backend_message::Message as FromBackend;
use fluxgate_proto::v1::edge_message::Message as ToBackend;
use fluxgate_proto::v1::{Ack, BadItem, Delta, Goodbye, Heartbeat, Kills, Nack, Reset, ResetReason};
use fluxgate_proto::v1::{SnapshotBegin, SnapshotChunk, SnapshotEnd, Welcome};
use prost::Message as _;
use prost::bytes::Bytes;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::{Awaiting, Machine, Open, Output, Phase};
use crate::clock::Now;
use crate::state::State;
use crate::sync::holdings::Refused;
use crate::sync::status::Current;

/// What to say and do after a message, or why it does not fit.
type Answer = Result<Vec<Output>, Refused>;

impl Machine {
    pub(super) fn message(&mut self, message: Option<FromBackend>, now: Now) -> Vec<Output> {
        let Phase::Open(mut open) = self.phase else { return Vec::new() };
        open.heard = now.elapsed;
        self.last_message_ms = Some(now.unix_ms);
        let answer = match message {
            Some(FromBackend::Kills(kills)) => self.kills(&kills),
            Some(FromBackend::Delta(delta)) => self.delta(&delta, &mut open),
            Some(FromBackend::SnapshotBegin(begin)) => self.begin(&begin, &mut open),
            Some(FromBackend::SnapshotChunk(chunk)) => self.chunk(chunk, &mut open),
            Some(FromBackend::SnapshotEnd(end)) => self.end(&end, &mut open),
            Some(FromBackend::Heartbeat(beat)) => self.heartbeat(&beat, &mut open),
            Some(FromBackend::Reset(reset)) => Ok(self.reset(&reset, &mut open)),
            Some(FromBackend::Welcome(welcome)) => Ok(self.welcome(&welcome)),
            Some(FromBackend::Goodbye(goodbye)) => return self.goodbye(&goodbye, open, now),
            None => {
                warn!("a message of a kind that this version does not know is passed over");
                self.counters.misplaced_messages += 1;
                Ok(Vec::new())
            }
        };
        match answer {
            Ok(outputs) => {
                if open.awaiting.is_none() && !self.suspect {
                    self.current = Some(Current { at: now.elapsed, older: Duration::ZERO });
                }
                self.phase = Phase::Open(open);
                outputs
            }
            // It was on its way before the hello that is still to be answered.
            Err(Refused::Gap | Refused::Epoch | Refused::Misplaced) if open.awaiting.is_some() => {
                self.phase = Phase::Open(open);
                Vec::new()
            }
            Err(why) => self.refused(&why, open, now),
        }
    }

    /// Takes note of the client's keys: its edges may start from what is kept on disk with any of them. And of the team's, with
    /// which units are hashed; backends that keep no assignments have none.
    fn welcome(&mut self, welcome: &Welcome) -> Vec<Output> {
        let mut outputs = Vec::new();
        let unit_key = welcome.unit_key[..].try_into().ok().map(UnitKey::new);
        if let Some(key) = unit_key.filter(|key| self.unit_key.as_ref() != Some(key)) {
            self.unit_key = Some(key.clone());
            outputs.push(Output::UnitKey(Box::new(key)));
        }
        outputs.extend(Uuid::from_slice(&welcome.client_id).ok().map(Output::Client));
        let mut keys: Vec<_> = welcome.key_sha256.iter().filter_map(|key| key[..].try_into().ok()).collect();
        if !keys.contains(&self.identity.key) {
            keys.push(self.identity.key);
        }
        keys.sort_unstable();
        if keys != self.keys {
            self.keys = keys;
            outputs.push(Output::Keep);
        }
        outputs
    }

    fn kills(&mut self, kills: &Kills) -> Answer {
        let served = self.holdings.set_kills(kills)?;
        Ok(self.serve(served, Vec::new()))
    }

    fn delta(&mut self, delta: &Delta, open: &mut Open) -> Answer {
        let (served, bad) = self.holdings.delta(delta)?;
        // What was asked for is a snapshot when what is held is in doubt.
        if !self.suspect {
            open.awaiting = None;
        }
        open.useful = true;
        self.head = self.head.max(Some(delta.to));
        Ok(self.serve(Some(served), bad))
    }

    fn begin(&mut self, begin: &SnapshotBegin, open: &mut Open) -> Answer {
        self.drop_staging();
        self.holdings.begin(begin.position.as_ref(), open.back)?;
        open.awaiting = Some(Awaiting { since: open.heard });
        Ok(Vec::new())
    }

    fn chunk(&mut self, encoded: Bytes, open: &mut Open) -> Answer {
        let chunk = SnapshotChunk::decode(encoded).map_err(|error| Refused::Unreadable(error.to_string()))?;
        self.holdings.chunk(chunk.items)?;
        open.awaiting = Some(Awaiting { since: open.heard });
        Ok(Vec::new())
    }

    fn end(&mut self, end: &SnapshotEnd, open: &mut Open) -> Answer {
        let (served, bad) = self.holdings.end(end)?;
        info!(revision = served.revision(), items = end.count, "snapshot applied");
        self.suspect = false;
        open.awaiting = None;
        open.useful = true;
        self.head = self.head.max(Some(served.revision()));
        Ok(self.serve(Some(served), bad))
    }

    fn heartbeat(&mut self, beat: &Heartbeat, open: &mut Open) -> Answer {
        self.head = Some(beat.head);
        if self.holdings.is_staging() || (self.suspect && open.awaiting.is_some()) {
            return Ok(Vec::new());
        }
        self.holdings.compare(beat)?;
        self.backends.accepted();
        *open = Open { awaiting: None, retried: false, useful: true, ..*open };
        self.backoff.reset();
        self.last_error = None;
        Ok(vec![self.ack()])
    }

    fn reset(&mut self, reset: &Reset, open: &mut Open) -> Vec<Output> {
        let reason = ResetReason::try_from(reset.reason).unwrap_or_default();
        info!(reason = reason.as_str_name(), "the backend starts again with a snapshot");
        self.counters.resets += 1;
        self.drop_staging();
        open.awaiting = Some(Awaiting { since: open.heard });
        if reason == ResetReason::FutureRevision {
            open.back = true;
            self.holdings.let_kills_go_back();
        }
        Vec::new()
    }

    fn goodbye(&mut self, goodbye: &Goodbye, open: Open, now: Now) -> Vec<Output> {
        info!(reason = goodbye.reason, "the backend says goodbye");
        self.drop_staging();
        // One that greets everybody with a goodbye would keep all edges busy.
        if !open.useful {
            return self.give_up("the backend said goodbye before anything else", now);
        }
        self.backends.next();
        let mut outputs = vec![Output::Close];
        outputs.extend(self.open(now));
        outputs
    }

    /// Answers a message that does not fit: with a hello, or with a new stream when a hello has not helped.
    fn refused(&mut self, why: &Refused, mut open: Open, now: Now) -> Vec<Output> {
        match why {
            Refused::Gap | Refused::Epoch | Refused::Older => self.counters.gaps += 1,
            Refused::Digest => {
                self.counters.digest_differences += 1;
                self.suspect = true;
            }
            Refused::SnapshotCount { .. } | Refused::SnapshotDigest => self.counters.broken_snapshots += 1,
            Refused::Misplaced | Refused::Unreadable(_) => self.counters.misplaced_messages += 1,
        }
        self.holdings.drop_staging();
        if open.retried {
            return self.give_up(&why.to_string(), now);
        }
        warn!(%why, "out of step, asking again");
        self.last_error = Some(why.to_string());
        open.retried = true;
        open.awaiting = Some(Awaiting { since: now.elapsed });
        self.phase = Phase::Open(open);
        vec![Output::Send(ToBackend::Hello(self.hello()))]
    }

    /// Serves a state, says what could not be understood, and acknowledges, in this order.
    fn serve(&mut self, served: Option<Arc<State>>, bad: Vec<BadItem>) -> Vec<Output> {
        let mut outputs = Vec::with_capacity(3);
        if let Some(state) = served {
            debug!(revision = state.revision(), "serving");
            outputs.push(Output::Serve(state));
        }
        if !bad.is_empty() {
            self.note_bad(&bad);
            let revision = self.holdings.revision();
            outputs.push(Output::Send(ToBackend::Nack(Nack { revision, items: bad })));
        }
        outputs.push(self.ack());
        outputs
    }

    pub(super) fn note_bad(&mut self, bad: &[BadItem]) {
        for item in bad {
            error!(reason = item.reason, "an item cannot be understood; its last good version stays");
        }
        self.counters.bad_items += bad.len() as u64;
    }

    fn ack(&self) -> Output {
        Output::Send(ToBackend::Ack(Ack {
            applied: self.holdings.revision(),
            kills_applied: self.holdings.kills_revision().unwrap_or_default(),
            digest: self.holdings.digest(),
        }))
    }
}
