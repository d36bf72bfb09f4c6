//! Takes what was counted to a backend: seals a batch every so often, keeps it in the spool, and sends what waits there until
//! it is acknowledged.
//!
//! What touches the disk or adds up is done on threads for that, so that nothing here holds up the stream.

mod push;
mod seal;

use std::future::{Future, pending};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fluxgate_proto::v1::EventBatch;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

use self::push::{Answer, Failure, Line};
use self::seal::Desk;
use crate::clock::Clock;
use crate::edge::Edge;
use crate::spool::{Spool, note_left};
use crate::sync::{Backoff, Connector, REFUSED};

/// How long may it take to send what is left, once everything else has ended? What is on a disk is tried once.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where are events kept, in the folder of the edge's state?
pub const SPOOL: &str = "spool";

/// What was sent and is not answered yet.
type Sending = Option<Pin<Box<dyn Future<Output = (Vec<u8>, Answer)> + Send>>>;

/// Seals and sends until `stop` resolves; then seals and sends the rest.
pub async fn report(
    edge: &Edge,
    (connector, spool): (Connector, Spool),
    every: Duration,
    clock: Clock,
    stop: impl Future<Output = ()>,
) {
    let mut sender = Sender::new(edge, (connector, spool), clock);
    let (mut client, mut home) = (edge.client(), edge.home());
    // What was said before this listens counts too.
    home.mark_changed();
    let mut stop = pin!(stop);
    let (mut sealing, mut farewell) = (clock.elapsed() + every, None);
    loop {
        let may_wait = sender.failing && sender.in_memory == 0;
        if farewell.is_some() && (sender.waiting == 0 || may_wait) {
            break;
        }
        let trying = sender.next_try();
        tokio::select! {
            () = until(Some(sealing), clock) => {
                sealing = clock.elapsed() + every;
                sender.seal().await;
            }
            () = edge.counting().full() => sender.seal().await,
            (id, answer) = answered(&mut sender.sending) => sender.answered(id, answer).await,
            () = until(trying, clock) => sender.send(&client).await,
            _ = client.changed() => {
                // Whoever looks keeps others from writing, so not while it waits.
                let client = *client.borrow_and_update();
                sender.welcome(client).await;
            }
            _ = home.changed() => {
                let home = home.borrow_and_update().clone();
                sender.settle(home).await;
            }
            () = until(farewell, clock) => break,
            () = &mut stop, if farewell.is_none() => {
                farewell = Some(clock.elapsed() + FAREWELL);
                if timeout(FAREWELL, sender.seal()).await.is_err() {
                    warn!("the disk is too slow; what was counted last is not on it");
                }
                // What failed before is tried once more.
                sender.failing = false;
                sender.hurry();
            }
        }
    }
    sender.close().await;
}

/// Sends what waits, one batch after the other.
struct Sender<'e> {
    edge: &'e Edge,
    clock: Clock,
    desk: Arc<Mutex<Desk>>,
    line: Line,
    sending: Sending,
    waiting: u64,
    in_memory: u64,
    backoff: Backoff,
    /// Not before this.
    rests_until: Duration,
    failing: bool,
}

impl<'e> Sender<'e> {
    fn new(edge: &'e Edge, (connector, spool): (Connector, Spool), clock: Clock) -> Self {
        let status = spool.status();
        let (waiting, in_memory) = (status.waiting, status.in_memory);
        edge.report_spool(status);
        Self {
            edge,
            clock,
            desk: Arc::new(Mutex::new(Desk::new(spool))),
            line: Line::new(connector),
            sending: None,
            waiting,
            in_memory,
            backoff: Backoff::default(),
            rests_until: Duration::ZERO,
            failing: false,
        }
    }

    /// Does something with the spool, and tells how it fares then.
    async fn with_desk<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Option<T> {
        let desk = Arc::clone(&self.desk);
        let done = spawn_blocking(move || {
            // What is in it is whole between any two batches.
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut desk);
            (done, desk.spool.status(), desk.spool.edge())
        });
        let (done, status, id) = match done.await {
            Ok(done) => done,
            Err(error) => {
                warn!(%error, "the work on events was not done");
                return None;
            }
        };
        (self.waiting, self.in_memory) = (status.waiting, status.in_memory);
        self.edge.report_spool(status);
        self.edge.set_id(id);
        Some(done)
    }

    async fn seal(&mut self) {
        let (counting, key) = (Arc::clone(self.edge.counting()), self.edge.unit_key().borrow().clone());
        self.with_desk(move |desk| desk.seal(&counting, key.as_ref())).await;
    }

    /// Notes whom a backend takes this edge for, and tries again now.
    async fn welcome(&mut self, client: Option<Uuid>) {
        let Some(client) = client else { return };
        let units = self.edge.unit_key().borrow().clone();
        self.with_desk(move |desk| desk.belong_to(client, units.as_ref())).await;
        self.hurry();
    }

    /// Uses a folder that is this edge's own now.
    async fn settle(&mut self, home: Option<(PathBuf, Uuid)>) {
        let Some((folder, id)) = home else { return };
        self.with_desk(move |desk| desk.settle(&folder.join(SPOOL), id)).await;
    }

    /// Returns when to send; none while there is nothing to, or something is on its way.
    fn next_try(&self) -> Option<Duration> {
        (self.sending.is_none() && self.waiting > 0).then_some(self.rests_until)
    }

    /// Tries now.
    fn hurry(&mut self) {
        self.rests_until = Duration::ZERO;
    }

    async fn send(&mut self, client: &watch::Receiver<Option<Uuid>>) {
        let Some(Some(mut batch)) = self.with_desk(Desk::next).await else { return };
        let own = *client.borrow();
        if let Some(own) = own {
            name_client(&mut batch, own);
        } else if is_nameless(&batch) {
            // Nobody has said yet who this edge is; once somebody does, it goes on at once.
            self.rests_until = self.clock.elapsed() + REFUSED;
            return;
        }
        let id = batch.id.clone();
        let answer = self.line.push(self.edge.stream().backend, batch);
        self.sending = Some(Box::pin(async move { (id, answer.await) }));
    }

    async fn answered(&mut self, id: Vec<u8>, answer: Answer) {
        self.sending = None;
        match answer {
            Ok(outcome) => {
                if std::mem::take(&mut self.failing) {
                    info!("events reach a backend again");
                }
                self.backoff.reset();
                self.with_desk(move |desk| desk.end(&id, outcome)).await;
            }
            Err(failure) => self.failed(id, failure).await,
        }
    }

    async fn failed(&mut self, id: Vec<u8>, failure: Failure) {
        self.line.hang_up();
        let now = self.clock.now();
        let (wait, why) = match failure {
            Failure::Refused(why) => (REFUSED, why),
            Failure::Away(why) => (self.backoff.next(now.chance), why),
            Failure::Odd(why) => {
                // It may be the batch, and then the others need not wait for it.
                self.with_desk(move |desk| desk.spool.defer(&id)).await;
                (self.backoff.next(now.chance), why)
            }
        };
        if !std::mem::replace(&mut self.failing, true) {
            warn!(why, "events wait for a backend");
        }
        self.rests_until = now.elapsed + wait;
    }

    async fn close(mut self) {
        self.sending = None;
        if let Ok(Some(status)) = timeout(FAREWELL, self.with_desk(Desk::close)).await {
            note_left(&status);
        }
    }
}

/// Puts the edge's own client where nobody said who asks.
fn name_client(batch: &mut EventBatch, client: Uuid) {
    let nameless = Uuid::nil().as_bytes().to_vec();
    let ids = batch.counts.iter_mut().map(|count| &mut count.client_id);
    for id in ids.chain(batch.samples.iter_mut().map(|sample| &mut sample.client_id)) {
        if *id == nameless {
            *id = client.as_bytes().to_vec();
        }
    }
}

fn is_nameless(batch: &EventBatch) -> bool {
    let ids = batch.counts.iter().map(|count| &count.client_id);
    ids.chain(batch.samples.iter().map(|sample| &sample.client_id)).any(|id| *id == Uuid::nil().as_bytes())
}

async fn answered(sending: &mut Sending) -> (Vec<u8>, Answer) {
    match sending {
        Some(sending) => sending.await,
        None => pending().await,
    }
}

async fn until(when: Option<Duration>, clock: Clock) {
    match when {
        Some(when) => tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(when))).await,
        None => pending().await,
    }
}
