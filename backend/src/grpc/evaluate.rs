//! Evaluating for callers without an edge: the same answers as an edge gives, from memory.

use std::{sync::Arc, time::Duration};

use fluxgate_engine::{Context, EvaluationError};
use fluxgate_proto::v1::{ClientKind, EvaluateRequest, EvaluateResponse, evaluation_server};
use serde_json::Value;
use tokio::{sync::Semaphore, time::timeout};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::gate::bearer;
use crate::{
    app::App,
    clock,
    delivery::{
        evaluator::{Evaluator, Refusal},
        flags::Flags,
    },
    error::Error,
    service::assignment::recall::{Recall, place},
};

/// How large may a request be? As large as one to an edge.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// How long may it take to read what sticky splits keep, before the bucket decides?
const RECALL_WITHIN: Duration = Duration::from_millis(500);

/// How many may read that at once? Each holds a connection, which administration needs as well.
const RECALLS: usize = 4;

/// The service behind `fluxgate.delivery.v1.Evaluation`.
pub struct Evaluation {
    app: Arc<App>,
    turns: Semaphore,
}

impl Evaluation {
    /// Answers from what an app serves.
    pub fn new(app: Arc<App>) -> Evaluation {
        Evaluation { app, turns: Semaphore::new(RECALLS) }
    }
}

#[tonic::async_trait]
impl evaluation_server::Evaluation for Evaluation {
    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        let key = bearer(request.metadata().as_ref())?.to_owned();
        let EvaluateRequest { flag_key, context, environment } = request.into_inner();
        let context: Value = if context.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_str(&context)
                .map_err(|error| Status::invalid_argument(format!("the context is no JSON: {error}")))?
        };
        let context =
            Context::from_value(&context).map_err(|error| Status::invalid_argument(error.to_string()))?;
        context.within_limits().map_err(|limit| Status::invalid_argument(limit.to_string()))?;
        let ground = self.app.delivery.evaluator(|evaluator| {
            let client = evaluator.client(&key, clock::now().timestamp_millis())?;
            let environment = evaluator.environment(client, &environment, &context)?;
            let (flags, revision) = (evaluator.flags(environment), evaluator.revision());
            Ok(Ground { frontend: client.kind() == ClientKind::Frontend, environment, flags, revision })
        });
        let ground = ground.await.map_err(|error| not_compiled(&error))?;
        let ground = ground.map_err(|refusal: Refusal| status(&refusal))?;
        let mut recall = Recall::default();
        let found = ground.answer((&flag_key, &context), &recall)?;
        if !recall.is_asked() {
            return Ok(Response::new(found));
        }
        let again = |recall: &Recall| ground.answer((&flag_key, &context), recall);
        let settled = self.settle(ground.environment, &mut recall, again);
        let found = match timeout(RECALL_WITHIN, settled).await {
            Ok(Ok(settled)) => settled?,
            Ok(Err(error)) => forgotten(found, &error.to_string()),
            Err(_) => forgotten(found, "the database takes too long"),
        };
        Ok(Response::new(found))
    }
}

/// Makes sure that a key may ask, before more is read of what it sends.
pub(super) async fn admit(app: &App, key: &str) -> Result<(), Status> {
    let known = |evaluator: &Evaluator| evaluator.client(key, clock::now().timestamp_millis()).map(|_| ());
    let known = app.delivery.evaluator(known).await.map_err(|error| not_compiled(&error))?;
    known.map_err(|refusal| status(&refusal))
}

fn not_compiled(error: &anyhow::Error) -> Status {
    tracing::error!(error = format!("{error:#}"), "what is served could not be compiled");
    Status::internal("internal error")
}

/// What a client evaluates on.
struct Ground {
    /// Whether only flags for client-side use are served.
    frontend: bool,
    environment: Uuid,
    flags: Arc<Flags>,
    revision: u64,
}

impl Ground {
    /// What an edge answers as well.
    fn answer(
        &self,
        (flag_key, context): (&str, &Context<'_>),
        kept: &Recall,
    ) -> Result<EvaluateResponse, Status> {
        if self.frontend && !self.flags.is_client_side(flag_key) {
            return Ok(unknown(flag_key, self.revision));
        }
        let (live, found) = match self.flags.evaluate(flag_key, context, kept) {
            Ok(found) => found,
            Err(EvaluationError::FlagNotFound { .. }) => return Ok(unknown(flag_key, self.revision)),
            Err(error) => return Err(status(&Refusal::Evaluation(error))),
        };
        Ok(EvaluateResponse {
            flag_key: flag_key.to_owned(),
            value: found.value.map(|value| live.value(value).to_string()),
            variant: found.variant.map(str::to_owned),
            reason: found.reason.as_str().to_owned(),
            version: live.version,
            revision: self.revision,
            criterion: found.criterion.and_then(|criterion| criterion.name).map(str::to_owned),
            kill_switch: found.kill_switch,
            // A browser is not told of flags that it may not see.
            blocked_by: found
                .blocked_by
                .filter(|feature| !self.frontend || self.flags.is_client_side(feature))
                .map(str::to_owned),
            error_code: None,
        })
    }
}

impl Evaluation {
    /// Evaluates with what is kept of sticky splits, and keeps what they serve from now on.
    async fn settle<T>(
        &self,
        environment: Uuid,
        recall: &mut Recall,
        evaluate: impl Fn(&Recall) -> T,
    ) -> Result<T, Error> {
        let _turn = self.turns.acquire().await.map_err(|closed| Error::Internal(closed.into()))?;
        let mut conn = self.app.read().await?;
        let place = place(&mut conn, environment).await?;
        let key = self.app.delivery.unit_keys.of(place.0);
        let found = recall.settle(&mut conn, place, &key, evaluate).await?;
        recall.keep(&mut conn, place, (&key, clock::now())).await?;
        Ok(found)
    }
}

/// As on an edge that knows nothing yet, the bucket decides.
fn forgotten(found: EvaluateResponse, why: &str) -> EvaluateResponse {
    tracing::debug!(flag = found.flag_key, why, "evaluated without what is kept of sticky splits");
    found
}

/// What an edge answers for a flag that is not there.
fn unknown(flag_key: &str, revision: u64) -> EvaluateResponse {
    EvaluateResponse {
        flag_key: flag_key.to_owned(),
        value: Some("false".to_owned()),
        reason: "DEFAULT".to_owned(),
        error_code: Some("FLAG_NOT_FOUND".to_owned()),
        revision,
        ..EvaluateResponse::default()
    }
}

fn status(refusal: &Refusal) -> Status {
    match refusal {
        Refusal::Credentials => Status::unauthenticated(refusal.to_string()),
        Refusal::NoEnvironment | Refusal::UnknownEnvironment(_) => {
            Status::invalid_argument(format!("INVALID_CONTEXT: {refusal}"))
        }
        Refusal::Evaluation(error) => Status::invalid_argument(format!("{}: {error}", error.code())),
    }
}
