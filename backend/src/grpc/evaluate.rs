//! Evaluating for callers without an edge: the same answers as an edge gives, from memory.

use std::sync::Arc;

use fluxgate_engine::{Context, EvaluationError};
use fluxgate_proto::v1::{EvaluateRequest, EvaluateResponse, evaluation_server};
use serde_json::Value;
use tonic::{Request, Response, Status};

use super::bearer;
use crate::{app::App, clock, delivery::evaluator::Refusal};

/// How large may a request be? As large as one to an edge.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// The service behind `fluxgate.delivery.v1.Evaluation`.
pub struct Evaluation {
    app: Arc<App>,
}

impl Evaluation {
    /// Answers from what an app serves.
    pub fn new(app: Arc<App>) -> Evaluation {
        Evaluation { app }
    }
}

#[tonic::async_trait]
impl evaluation_server::Evaluation for Evaluation {
    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        let key = bearer(&request)?.to_owned();
        let EvaluateRequest { flag_key, context, environment } = request.into_inner();
        let context: Value = if context.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_str(&context)
                .map_err(|error| Status::invalid_argument(format!("the context is no JSON: {error}")))?
        };
        let context =
            Context::from_value(&context).map_err(|error| Status::invalid_argument(error.to_string()))?;
        let found = self.app.delivery.evaluator(|evaluator| {
            let client = evaluator.client(&key, clock::now().timestamp_millis())?;
            match evaluator.evaluate(client, &environment, (&flag_key, &context)) {
                Err(Refusal::Evaluation(EvaluationError::FlagNotFound { .. })) => {
                    Ok(unknown(&flag_key, evaluator.revision()))
                }
                other => other,
            }
        });
        let found = found.await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "what is served could not be compiled");
            Status::internal("internal error")
        })?;
        Ok(Response::new(found.map_err(|refusal| status(&refusal))?))
    }
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
