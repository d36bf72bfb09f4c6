//! Sends batches: the only part of `report` that touches the network.

use std::future::Future;
use std::time::Duration;

use fluxgate_proto::v1::delivery_client::DeliveryClient;
use fluxgate_proto::v1::{EventAck, EventBatch, EventOutcome};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tracing::{error, warn};

use crate::spool::Outcome;
use crate::sync::Connector;

/// How long may an answer take? A backend may let a batch wait for ten seconds for its turn.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What ends a batch, or why nothing did.
pub(super) type Answer = Result<Outcome, Failure>;

/// Why a batch has to be sent again.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answers.
    Away(String),
    /// The credentials are refused.
    Refused(String),
    /// Somebody answers, but not as to others.
    Odd(String),
}

/// A connection to the backend that the stream goes to.
pub(super) struct Line {
    connector: Connector,
    open: Option<(usize, Channel)>,
}

impl Line {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, open: None }
    }

    /// Sends a batch to a backend.
    pub(super) fn push(
        &mut self,
        backend: usize,
        batch: EventBatch,
    ) -> impl Future<Output = Answer> + Send + use<> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != backend) {
            self.open = self.connector.channel(backend).map(|channel| (backend, channel));
        }
        let channel = self.open.as_ref().map(|(_, channel)| channel.clone());
        let number = batch.sequence;
        let request = self.connector.authorized(batch);
        async move {
            let channel = channel.ok_or_else(|| Failure::Away("no such backend".to_owned()))?;
            let mut client = DeliveryClient::new(channel);
            match timeout(ANSWER_WITHIN, client.push_events(request)).await {
                Ok(Ok(answer)) => outcome(&answer.into_inner(), number),
                Ok(Err(status)) => Err(failure(&status)),
                Err(_) => Err(Failure::Away("the backend did not answer in time".to_owned())),
            }
        }
    }

    /// Connects anew the next time.
    pub(super) fn hang_up(&mut self) {
        self.open = None;
    }
}

fn outcome(ack: &EventAck, number: u64) -> Answer {
    match ack.outcome() {
        EventOutcome::Accepted => {
            let refused = ack.refused.unwrap_or_default();
            let rows = refused.out_of_scope + refused.unknown + refused.too_old + refused.in_future;
            if rows > 0 {
                warn!(number, ?refused, "a backend left rows of a batch of events out");
            }
            Ok(Outcome::Accepted { refused_rows: rows, refused_evaluations: refused.evaluations })
        }
        EventOutcome::Duplicate => Ok(Outcome::Duplicate),
        EventOutcome::Refused => {
            error!(number, why = ack.why, "a backend refuses a batch of events for good");
            Ok(Outcome::Refused)
        }
        EventOutcome::Unspecified => {
            Err(Failure::Odd("the backend answers in a way that this version does not know".to_owned()))
        }
    }
}

fn failure(status: &Status) -> Failure {
    let why = format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::PermissionDenied | Code::Unauthenticated => Failure::Refused(why),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Failure::Away(why),
        _ => Failure::Odd(why),
    }
}
