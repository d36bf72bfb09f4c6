//! Starts everything, and ends it in order.

use std::future::Future;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;

use fluxgate_server::signals;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::assignment::keep;
use crate::clock::{self, Clock};
use crate::config::{Settings, SettingsError};
use crate::disk::{Folder, Keeper};
use crate::edge::Edge;
use crate::http::{self, App};
use crate::limit::RateLimit;
use crate::report::{SPOOL, report};
use crate::spool::{self, Owner, Spool};
use crate::sync::{Identity, KeyHash, Machine, drive};

/// How often is what is kept on disk brought up to date within the time that it may be old?
const REFRESHES: u32 = 4;

/// Why an edge does not run.
#[derive(Debug, Error)]
pub enum RunError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address for HTTP cannot be used.
    #[error("cannot listen on EDGE_HTTP_ADDR {address}: {error}")]
    Listen {
        /// Which address.
        address: String,
        /// Why not.
        error: std::io::Error,
    },
    /// The HTTP server failed.
    #[error("the HTTP server failed: {0}")]
    Serve(std::io::Error),
}

/// Serves until `stop` resolves; then lets requests end and tells the backend that this edge is gone.
pub async fn run(settings: &Settings, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let address = &settings.http_addr;
    let (key, connector) = (settings.key()?, settings.connector()?);
    let path_prefix = settings.prefix()?;
    let certificate = settings.certificate()?;
    let listener =
        TcpListener::bind(address).map_err(|error| RunError::Listen { address: address.clone(), error })?;
    warn_of_plain_text(settings, &listener, certificate.is_some());
    let clock = Clock::start();
    let name = settings.name();
    let Begun { machine, keeper, spool, edge } = begin(settings, (&key, connector.backends()), clock);
    let app = App {
        max_staleness: settings.max_staleness(),
        allow_anonymous: settings.allow_anonymous,
        path_prefix,
        rate_limit: settings.rate_limit.map(|per_second| RateLimit::new(per_second, clock)),
        ..App::new(Arc::clone(&edge), name, clock)
    };
    if let Some(certificate) = &certificate {
        certificate.watch(app.metrics.registry());
        let certificate = Arc::clone(certificate);
        signals::on_hangup(move || certificate.look()).map_err(RunError::Serve)?;
    }
    let server = http::serve(app, listener, certificate.as_ref()).map_err(RunError::Serve)?;
    let handle = server.handle();
    let (stop_stream, stopped) = oneshot::channel::<()>();
    let (stop_keeping, served) = oneshot::channel::<()>();
    let keeping = (connector.clone(), settings.assignment_flush());
    let keeping = keep(&edge, keeping, clock, async {
        let _ = served.await;
    });
    let (stop_reporting, counted) = oneshot::channel::<()>();
    let reporting = (connector.clone(), spool);
    let reporting = report(&edge, reporting, settings.evaluation_flush(), clock, async {
        let _ = counted.await;
    });
    let stream = drive(machine, (connector, keeper), (&edge, clock), async {
        // Both a word and the end of whoever could say it mean to stop.
        let _ = stopped.await;
    });
    // Ends the stream when it ends itself, for whatever reason, because it owns `stop_stream`; and then what is told of those
    // whom it served to the last, and of how often.
    let serving = async {
        let _stop_telling = (stop_keeping, stop_reporting);
        let mut server = pin!(server);
        let served = tokio::select! {
            served = &mut server => served,
            () = stop => {
                info!("edge stops");
                drop(stop_stream);
                edge.feeds().end();
                // The server must go on running to end what it has begun.
                tokio::join!(&mut server, handle.stop(true)).0
            }
        };
        served.map_err(RunError::Serve)
    };
    tokio::join!(serving, stream, keeping, reporting).0
}

/// Tells where keys travel for everybody to read; TLS often ends before a server, so that it is no reason not to start.
fn warn_of_plain_text(settings: &Settings, listener: &TcpListener, encrypted: bool) {
    if let Ok(address) = listener.local_addr()
        && !encrypted
        && !address.ip().is_loopback()
    {
        warn!(%address, "HTTP is not encrypted: set EDGE_TLS_CERT, or put TLS before it");
    }
    for backend in settings.reached_in_plain_text() {
        warn!(backend, "the key travels to the backend unencrypted: use an https address");
    }
}

/// What an edge begins with.
struct Begun {
    machine: Machine,
    keeper: Keeper,
    spool: Spool,
    edge: Arc<Edge>,
}

/// Begins with what is on disk, where there is something, and serves that.
fn begin(settings: &Settings, (key, backends): (&SecretString, usize), clock: Clock) -> Begun {
    let key: KeyHash = Sha256::digest(key.expose_secret()).into();
    let (id, unix_ms) = (clock::random_id(), clock::unix_ms());
    let mut spool = Spool::in_memory(id, spool::LIMIT, unix_ms);
    let (mut image, mut keeper) = (None, Keeper::none());
    if let Some(path) = &settings.state_dir {
        let mut opened = Folder::open(path, &key, id);
        image = opened.image.take();
        let keys = image.as_ref().map_or(&[][..], |image| &image.keys);
        spool.belong_to(Owner::with_key(key, keys), unix_ms);
        // Without the folder's lock another edge may write there, and without a lasting id nobody finds what was numbered.
        match opened.edge_id {
            Some(id) => spool.settle(&path.join(SPOOL), id, unix_ms),
            None => spool.wait_for_folder(opened.failing.as_deref().unwrap_or("it cannot be used")),
        }
        let found = image.as_ref().map(|image| (image.epoch, image.revision));
        keeper = Keeper::new(opened, found, settings.max_staleness().map(|staleness| staleness / REFRESHES));
    } else {
        warn!(
            "what is counted waits in memory only, and is lost when the edge ends without a backend: set EDGE_STATE_DIR"
        );
    }
    let edge_id = spool.edge();
    let (name, version) = (settings.name(), env!("CARGO_PKG_VERSION").to_owned());
    info!(
        name, id = %edge_id, http = settings.http_addr, backends = settings.backend_grpc.join(","), "edge starts"
    );
    let identity = Identity { edge_id, name, version, key };
    let mut machine = Machine::new(identity, backends, clock.now());
    let state = image.and_then(|image| machine.resume(&image, clock.now()));
    let edge = Arc::new(Edge::new(machine.status(), keeper.status().clone()));
    match state {
        Some(state) => {
            info!(revision = state.revision(), "serving what was kept on disk");
            edge.serve(state);
        }
        None => info!("nothing to serve before a backend is reached"),
    }
    Begun { machine, keeper, spool, edge }
}
