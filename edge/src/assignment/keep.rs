//! Takes units from evaluations to a backend: the only part of `assignment` that touches the network.

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::time::Duration;

use fluxgate_proto::MAX_MESSAGE_BYTES;
use fluxgate_proto::unit::UnitKey;
use fluxgate_proto::v1::delivery_client::DeliveryClient;
use fluxgate_proto::v1::{AssignmentBatch, KeptAssignments};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tracing::{info, warn};

use super::book::{Book, Call, Failure};
use crate::clock::Clock;
use crate::edge::Edge;
use crate::sync::Connector;

/// How long may an answer take?
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long may it take to tell the rest, once everything else has ended?
const FAREWELL: Duration = Duration::from_secs(3);
/// How many units are taken from the queue at once?
const AT_ONCE: usize = 1_024;

type Answer = Result<KeptAssignments, Failure>;

/// What was sent and is not answered yet.
type Pending = Option<Pin<Box<dyn Future<Output = Answer> + Send>>>;

/// Tells a backend whom sticky splits served, so often, until `stop` resolves; then tells the rest.
pub async fn keep(
    edge: &Edge,
    (connector, every): (Connector, Duration),
    clock: Clock,
    stop: impl Future<Output = ()>,
) {
    let assignments = edge.assignments();
    let Some(mut incoming) = assignments.incoming() else { return };
    let mut key = edge.unit_key();
    let mut book = Book::new(every, clock.elapsed());
    let mut line = Line { connector, open: None };
    let (mut stop, mut farewell) = (pin!(stop), None);
    let mut pending_answer: Pending = None;
    let mut seen = Vec::with_capacity(AT_ONCE);
    loop {
        if pending_answer.is_none() {
            pending_answer = next(&mut book, &mut key, clock).map(|call| line.send(edge, call));
        }
        assignments.report(book.status());
        if let Some(until) = farewell
            && (book.is_empty() || clock.elapsed() >= until || key.borrow().is_none())
        {
            break;
        }
        let has_key = key.borrow().is_some();
        let deadline = book.deadline().filter(|_| has_key).into_iter().chain(farewell).min();
        tokio::select! {
            _ = incoming.recv_many(&mut seen, AT_ONCE) => {
                seen.drain(..).for_each(|seen| book.note(seen, assignments.table()));
            }
            answer = answered(&mut pending_answer) => {
                pending_answer = None;
                match answer {
                    Ok(kept) => book.answered(&kept, assignments.table(), clock.elapsed()),
                    Err(failure) => {
                        line.hang_up();
                        note_failure(&failure, book.status().failing.is_some());
                        let now = clock.now();
                        book.failed(failure, now.elapsed, now.chance);
                    }
                }
            }
            () = until(deadline, clock) => {}
            _ = key.changed() => {}
            () = &mut stop, if farewell.is_none() => {
                while let Ok(seen) = incoming.try_recv() {
                    book.note(seen, assignments.table());
                }
                book.end(clock.elapsed());
                farewell = Some(clock.elapsed() + FAREWELL);
            }
        }
    }
    let left = book.status().waiting;
    if left > 0 {
        warn!(units = left, "what sticky splits served these was not told to a backend");
    }
}

fn next(
    book: &mut Book,
    key: &mut watch::Receiver<Option<UnitKey>>,
    clock: Clock,
) -> Option<(Call, AssignmentBatch)> {
    book.next(key.borrow_and_update().as_ref()?, clock.elapsed())
}

async fn answered(answer: &mut Pending) -> Answer {
    match answer {
        Some(answer) => answer.await,
        None => pending().await,
    }
}

async fn until(deadline: Option<Duration>, clock: Clock) {
    match deadline {
        Some(deadline) => {
            tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(deadline))).await;
        }
        None => pending().await,
    }
}

/// Once, and again when it is another kind of failure.
fn note_failure(failure: &Failure, known: bool) {
    match failure {
        Failure::Bad(why) => warn!(why, "the backend refuses assignments of sticky splits for good"),
        Failure::Away(why) | Failure::Refused(why) if !known => {
            info!(why, "assignments of sticky splits wait for a backend");
        }
        Failure::Away(_) | Failure::Refused(_) => {}
    }
}

/// A connection to the backend that the stream goes to.
struct Line {
    connector: Connector,
    open: Option<(usize, Channel)>,
}

impl Line {
    fn send(
        &mut self,
        edge: &Edge,
        (call, batch): (Call, AssignmentBatch),
    ) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let backend = edge.stream().backend;
        if self.open.as_ref().is_none_or(|(open, _)| *open != backend) {
            self.open = self.connector.channel(backend).map(|channel| (backend, channel));
        }
        let channel = self.open.as_ref().map(|(_, channel)| channel.clone());
        let request = self.connector.authorized(batch);
        Box::pin(async move {
            let channel = channel.ok_or_else(|| Failure::Away("no such backend".to_owned()))?;
            let mut client = DeliveryClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
            let answer = async {
                match call {
                    Call::LookUp => client.look_up_assignments(request).await,
                    Call::Push => client.push_assignments(request).await,
                }
            };
            match timeout(ANSWER_WITHIN, answer).await {
                Ok(Ok(answer)) => Ok(answer.into_inner()),
                Ok(Err(status)) => Err(failure(&status)),
                Err(_) => Err(Failure::Away("the backend did not answer in time".to_owned())),
            }
        })
    }

    fn hang_up(&mut self) {
        self.open = None;
    }
}

fn failure(status: &Status) -> Failure {
    let why = format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::PermissionDenied | Code::Unauthenticated | Code::Unimplemented => Failure::Refused(why),
        Code::InvalidArgument | Code::OutOfRange => Failure::Bad(why),
        _ => Failure::Away(why),
    }
}
