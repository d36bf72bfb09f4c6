//! Who may ask at all: decided by the headers, before the backend takes in what somebody sends.

use std::sync::Arc;

use tonic::{
    Status,
    body::Body,
    codegen::http::{HeaderMap, Request},
};
use tower::BoxError;

use super::evaluate;
use crate::{app::App, auth::secret::KeyKind, clock, delivery::state::EdgeClient};

/// Said to those whose key is not good.
const NO_EDGE: &str = "the key is not that of an enabled client of kind EDGE";

/// The EDGE client that a request is of, and the id of its key.
#[derive(Clone)]
pub(super) struct Admitted {
    pub(super) client: EdgeClient,
    pub(super) key_id: String,
}

/// Lets a request of an edge pass with its [`Admitted`], one for an evaluation with a key that is good.
pub(super) async fn admit(app: Arc<App>, mut request: Request<Body>) -> Result<Request<Body>, BoxError> {
    let path = request.uri().path().to_owned();
    let key = bearer(request.headers()).map(str::to_owned);
    match path.trim_start_matches('/').split_once('/') {
        Some(("fluxgate.delivery.v1.Delivery", method)) => {
            let admitted = edge(&app, &key?, method).await?;
            request.extensions_mut().insert(admitted);
        }
        Some(("fluxgate.delivery.v1.Evaluation", _)) => evaluate::admit(&app, &key?).await?,
        _ => {}
    }
    Ok(request)
}

async fn edge(app: &App, key: &str, method: &str) -> Result<Admitted, Status> {
    // Not to be told apart from refused would make the edge wait for a minute.
    let away = |_| Status::unavailable("the key cannot be checked now: the database is away");
    let client = app.delivery.authenticate(key, clock::now()).await.map_err(away)?;
    let refused = || match method {
        "Sync" => Status::unauthenticated(NO_EDGE),
        _ => Status::permission_denied(NO_EDGE),
    };
    let key_id = KeyKind::Client.id_in(key).unwrap_or_default().to_owned();
    client.map(|client| Admitted { client, key_id }).ok_or_else(refused)
}

/// The key that a request presents.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Status> {
    headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Status::unauthenticated("credentials are missing: authorization: Bearer <client key>"))
}
