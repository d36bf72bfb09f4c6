//! The HTTP server: routes, and the one way in which an answer leaves.

mod answer;
mod auth;
mod body;
mod bulk;
mod cors;
mod docs;
mod error;
mod etag;
mod evaluate;
mod events;
mod health;
mod observe;
mod ofrep;
mod openapi;
mod request;
mod routes;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, PayloadConfig, to};
use actix_web::{HttpRequest, HttpResponse, HttpServer};
use error::{Failure, Problem};
use events::Slots;
use fluxgate_server::metrics::CONTENT_TYPE as NUMBERS;
use fluxgate_server::tls::Certificate;
pub use observe::Ids;
use observe::told;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::count::Counter;
use crate::edge::Edge;
use crate::limit::{Allowance, RateLimit};
use crate::metrics::{Endpoint, Metrics};

/// How large may the body of one evaluation be?
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How large may the body be that asks for all flags?
pub const MAX_BULK_BODY_BYTES: usize = 1024 * 1024;
/// How long may a connection stay open without a request?
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long may requests take to end after the server was told to stop, in seconds?
const SHUTDOWN_SECONDS: u64 = 5;

/// What every handler needs.
#[derive(Debug)]
pub struct App {
    /// What is served.
    pub edge: Arc<Edge>,
    /// Measures how old that is.
    pub clock: Clock,
    /// How old it may be before the edge is not ready any more.
    pub max_staleness: Option<Duration>,
    /// Whether requests without credentials are evaluated.
    pub allow_anonymous: bool,
    /// What people call this edge.
    pub name: String,
    /// Stands before `/ofrep`; empty or `/…` without a slash at the end.
    pub path_prefix: String,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// Names the requests.
    pub ids: Ids,
    /// How often each client may ask; as often as it likes when absent.
    pub rate_limit: Option<RateLimit>,
    /// What those without credentials have used of it, together.
    pub(crate) anonymous: Allowance,
    pub(crate) streams: Slots,
    pub(crate) large_bodies: Semaphore,
}

impl App {
    /// Serves an edge to clients only, without a prefix or a limit.
    pub fn new(edge: Arc<Edge>, name: String, clock: Clock) -> Self {
        Self {
            edge,
            clock,
            max_staleness: None,
            allow_anonymous: false,
            name,
            path_prefix: String::new(),
            metrics: Metrics::start(),
            ids: Ids::new(),
            rate_limit: None,
            anonymous: Allowance::default(),
            streams: Slots::default(),
            large_bodies: Semaphore::new(body::LARGE_BODIES),
        }
    }
}

/// Serves on a listener; runs when awaited.
pub fn serve(app: App, listener: TcpListener, certificate: Option<&Arc<Certificate>>) -> io::Result<Server> {
    let document = Data::new(openapi::document(&app.path_prefix)?);
    let app = Data::new(app);
    let server = HttpServer::new(move || {
        let routed = app.clone();
        actix_web::App::new()
            .app_data(app.clone())
            // This runs once for each worker.
            .app_data(app.edge.counting().counter())
            .app_data(document.clone())
            .app_data(PayloadConfig::new(MAX_BODY_BYTES))
            .configure(move |config| routes::register(&routed.path_prefix, config))
            .default_service(to(no_route))
    });
    // Without it, an answer in two packets waits for the acknowledgement of the first.
    let server = server.tcp_nodelay(true).keep_alive(KEEP_ALIVE).shutdown_timeout(SHUTDOWN_SECONDS);
    let server = match certificate {
        // The library adds the protocol that it speaks.
        Some(certificate) => {
            let tls = certificate.server_config(&[]).map_err(io::Error::other)?;
            server.listen_rustls_0_23(listener, tls)?
        }
        None => server.listen(listener)?,
    };
    Ok(server.disable_signals().run())
}

async fn no_route(request: HttpRequest) -> HttpResponse {
    let problem = Problem::NoRoute(request.path().to_owned());
    told(&request, Endpoint::Other, || Failure::from(problem).respond(&request))
}

/// Numbers for Prometheus.
async fn numbers(request: HttpRequest) -> HttpResponse {
    told(&request, Endpoint::Other, || {
        let app = app(&request);
        let mut response = plain(StatusCode::OK, app.metrics.render(&app.edge, app.clock).into_bytes());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(NUMBERS));
        response
    })
}

/// Returns what every handler needs without counting another owner of it.
#[expect(clippy::expect_used, reason = "serve() puts it there before any request arrives")]
fn app(request: &HttpRequest) -> &App {
    request.app_data::<Data<App>>().expect("the app is registered")
}

/// Returns what this worker counts with.
#[expect(clippy::expect_used, reason = "serve() puts it there before any request arrives")]
fn counter(request: &HttpRequest) -> &Counter {
    request.app_data::<Counter>().expect("the counter is registered")
}

/// Sends a JSON body.
fn reply(request: &HttpRequest, status: StatusCode, body: Vec<u8>) -> HttpResponse {
    let mut response = plain(status, body);
    cors::expose(request, &mut response);
    response
}

/// Sends a JSON body that is not for pages of others: they may not read it.
fn plain(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, actix_web::body::BoxBody::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
