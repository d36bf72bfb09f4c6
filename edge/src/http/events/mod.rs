//! OFREP's event streams: `GET /ofrep/v1/events` tells a client when to evaluate all flags again.
//!
//! Browsers cannot set headers on such a stream, so the answer with all flags lends a token in the stream's address.

mod follow;
mod grant;
#[cfg(test)]
pub(super) mod sample;
mod slots;

use actix_web::http::header::{CACHE_CONTROL, ORIGIN};
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use uuid::Uuid;

pub(crate) use self::slots::Slots;

use self::follow::{Follower, RHYTHM};
use self::grant::Grant;
use super::auth::{Asker, check_use};
use super::error::{Failure, Problem};
use super::etag::version_text;
use super::observe::told;
use super::{App, app, cors};
use crate::clock;
use crate::listing::Version;
use crate::metrics::Endpoint;

/// Where the stream is, after the prefix.
pub(super) const PATH: &str = "/ofrep/v1/events";
/// What a client that comes back says it saw last.
const LAST_EVENT_ID: &str = "last-event-id";

/// The address of a stream that is lent to a client, and until when, in Unix seconds.
pub(super) struct Offer {
    pub(super) expires: u64,
    query: String,
}

impl Offer {
    /// Returns the part of the address after the host.
    pub(super) fn uri(&self, path_prefix: &str) -> String {
        format!("{path_prefix}{PATH}?{}", self.query)
    }
}

/// Lends a stream on what a client was just told: `version` of an environment.
pub(super) fn offer(
    asker: Asker<'_>,
    identity: u128,
    (environment, version): (Uuid, Version),
    unix_ms: i64,
) -> Offer {
    let expires = grant::expiry(identity, unix_ms);
    let since = version_text(version);
    let query = match asker {
        Asker::Client(credential) => {
            let token = Grant::lend(credential, environment, expires);
            format!("token={token}&since={since}")
        }
        Asker::Anonymous => format!("environment={environment}&since={since}"),
    };
    Offer { expires, query }
}

#[derive(Deserialize)]
struct Parameters {
    token: Option<String>,
    /// For those who need no token.
    environment: Option<Uuid>,
    /// What the client had when it was told of this address.
    since: Option<String>,
}

pub(super) async fn events(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Events, || match open(app(&request), &request) {
        Ok(response) => response,
        Err(problem) => Failure::from(problem).respond(&request),
    })
}

fn open(app: &App, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let Query(asked) = Query::<Parameters>::from_query(request.query_string())
        .map_err(|error| Problem::Parse(format!("the address cannot be read: {error}")))?;
    let state = app.edge.state();
    let state = state.as_deref().ok_or(Problem::NotReady)?;
    let unix_ms = clock::unix_ms();
    let grant = match (&asked.token, asked.environment) {
        (Some(token), _) => Grant::read(token)?,
        (None, Some(environment)) if app.allow_anonymous => Grant::anonymous(environment, unix_ms),
        (None, _) => return Err(Problem::NoToken),
    };
    let asker = grant.check(state, unix_ms)?;
    check_use(app, request, asker)?;
    let client = match asker {
        Asker::Client(credential) => Some(credential.caller.id),
        Asker::Anonymous => None,
    };
    let slot = app.streams.take(client).ok_or(Problem::TooManyStreams)?;
    let seen = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let origin = request.headers().get(ORIGIN).cloned();
    let follower = Follower::new((&app.edge, RHYTHM), (grant, origin, slot), seen.or(asked.since), unix_ms);
    let mut response = HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies that collect answers before they pass them on would hold every event back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(follower.into_stream());
    cors::expose(request, &mut response);
    Ok(response)
}

/// Writes the event that asks a client to evaluate again.
fn refetch(version: &str) -> String {
    format!(
        "id: {version}\nevent: message\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{version}\"}}\n\n"
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::Data;

    use super::super::routes::register;
    use super::*;

    #[actix_web::test]
    async fn beyond_the_room_for_streams_a_client_is_told_when_to_come_back() {
        let edge = sample::edge(sample::state(1));
        let app = App {
            allow_anonymous: true,
            streams: Slots::new(1, 1),
            ..App::new(edge, "test".to_owned(), crate::clock::Clock::start())
        };
        let app = actix_web::App::new().app_data(Data::new(app)).configure(|config| register("", config));
        let service = init_service(app).await;
        let ask = async || {
            let path = format!("{PATH}?environment={}", sample::ENVIRONMENT);
            call_service(&service, TestRequest::get().uri(&path).to_request()).await
        };
        let first = ask().await;
        assert_eq!(first.status(), 200);
        let second = ask().await;
        assert_eq!(second.status(), 429);
        assert_eq!(second.headers().get("retry-after").unwrap(), "60");
        drop(first);
        assert_eq!(ask().await.status(), 200);
    }
}
