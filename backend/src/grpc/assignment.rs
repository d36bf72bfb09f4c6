//! Assignments of sticky splits: taken in a few batches at a time, so that they leave connections for everything else.

use std::{sync::Arc, time::Duration};

use fluxgate_proto::{
    assignment::check,
    v1::{AssignmentBatch, KeptAssignments},
};
use tokio::{sync::Semaphore, time::timeout};
use tonic::Status;

use crate::{
    app::App,
    clock,
    delivery::state::EdgeClient,
    error::{Error, Result},
    service::assignment,
};

/// How many batches are taken in at once? Each holds a connection.
const AT_ONCE: usize = 4;
/// How long may a batch wait for its turn before the edge is told to come again?
const TURN_WITHIN: Duration = Duration::from_secs(4);

/// Keeps assignments, and says what is kept.
#[derive(Clone)]
pub(super) struct Keeping {
    app: Arc<App>,
    turns: Arc<Semaphore>,
}

impl Keeping {
    pub(super) fn new(app: Arc<App>) -> Keeping {
        Keeping { app, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Keeps what was served first; answers with what is kept instead.
    pub(super) async fn push(
        &self,
        client: &EdgeClient,
        batch: &AssignmentBatch,
    ) -> Result<KeptAssignments, Status> {
        self.in_turn(client, (batch, false)).await
    }

    /// Answers with what is kept.
    pub(super) async fn look_up(
        &self,
        client: &EdgeClient,
        batch: &AssignmentBatch,
    ) -> Result<KeptAssignments, Status> {
        self.in_turn(client, (batch, true)).await
    }

    async fn in_turn(
        &self,
        client: &EdgeClient,
        (batch, asks): (&AssignmentBatch, bool),
    ) -> Result<KeptAssignments, Status> {
        if let Err(why) = check(batch, asks) {
            tracing::warn!(client = client.name, %why, "a batch of assignments is refused");
            return Err(Status::invalid_argument(why.to_string()));
        }
        let busy = |_| Status::unavailable("too many batches at once; send it again");
        let _turn = timeout(TURN_WITHIN, self.turns.acquire()).await.map_err(busy)?;
        let answer = if asks { self.find(client, batch).await } else { self.keep(client, batch).await };
        answer.map_err(again)
    }

    async fn keep(&self, client: &EdgeClient, batch: &AssignmentBatch) -> Result<KeptAssignments> {
        let mut tx = self.app.begin().await?;
        let answer = assignment::keep(&mut tx, client.scope, batch, clock::now()).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn find(&self, client: &EdgeClient, batch: &AssignmentBatch) -> Result<KeptAssignments> {
        assignment::look_up(&mut *self.app.read().await?, client.scope, batch).await
    }
}

/// Nothing was kept, or nobody knows: sent again, it makes no difference.
fn again(error: Error) -> Status {
    match error {
        Error::Internal(cause) => {
            tracing::error!(error = format!("{cause:#}"), "assignments cannot be kept or looked up");
            Status::internal("internal error; send it again later")
        }
        other => Status::unavailable(other.to_string()),
    }
}
