//! Batches of events: taken in a few at a time, so that ingestion leaves connections for everything else.

use std::{sync::Arc, time::Duration};

use fluxgate_proto::v1::{EventAck, EventBatch};
use tokio::{sync::Semaphore, time::timeout};
use tonic::Status;

use crate::{
    app::App,
    clock,
    delivery::state::EdgeClient,
    error::{Error, Result},
    service::ingest::{self, Batch},
};

/// How many batches are taken in at once? Each holds a connection.
const AT_ONCE: usize = 4;
/// How long may a batch wait for its turn before the edge is told to come again?
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// Takes batches in.
#[derive(Clone)]
pub(super) struct Intake {
    app: Arc<App>,
    turns: Arc<Semaphore>,
}

impl Intake {
    pub(super) fn new(app: Arc<App>) -> Intake {
        Intake { app, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Takes a batch in and answers it; a status asks the edge to send it again.
    pub(super) async fn push(&self, client: &EdgeClient, events: EventBatch) -> Result<EventAck, Status> {
        let busy = |_| Status::unavailable("too many batches at once; send it again");
        let _turn = timeout(TURN_WITHIN, self.turns.acquire()).await.map_err(busy)?;
        let now = clock::now();
        let batch = match Batch::new(events, (now, self.app.retention.evaluations)) {
            Ok(batch) => batch,
            Err(why) => {
                tracing::warn!(client = client.name, why, "a batch of events is refused");
                return Ok(ingest::refused(why));
            }
        };
        self.take_in(client, &batch).await.or_else(ingest::failed).map_err(again)
    }

    async fn take_in(&self, client: &EdgeClient, batch: &Batch) -> Result<EventAck> {
        let now = clock::now();
        ingest::make_room(&mut *self.app.read().await?, batch).await?;
        let mut tx = self.app.begin().await?;
        let ack = ingest::take_in(&mut tx, client, batch, now).await?;
        tx.commit().await?;
        Ok(ack)
    }
}

/// Nothing was counted, or nobody knows: sent again, it counts once.
fn again(error: Error) -> Status {
    match error {
        Error::Internal(cause) => {
            tracing::error!(error = format!("{cause:#}"), "a batch of events cannot be taken in");
            Status::internal("internal error; send it again later")
        }
        other => Status::unavailable(other.to_string()),
    }
}
