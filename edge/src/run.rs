//! Starts everything, and ends it in order.

use std::future::Future;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::oneshot;
use tracing::info;

use crate::clock::{self, Clock};
use crate::config::{Settings, SettingsError};
use crate::edge::Edge;
use crate::http::{self, App};
use crate::limit::RateLimit;
use crate::sync::{Identity, Machine, drive};

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
    let connector = settings.connector()?;
    let path_prefix = settings.prefix()?;
    let listener =
        TcpListener::bind(address).map_err(|error| RunError::Listen { address: address.clone(), error })?;
    let clock = Clock::start();
    let name = settings.name();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let identity = Identity { edge_id: clock::random_id(), name: name.clone(), version };
    info!(name, id = %identity.edge_id, http = address, backend = settings.backend_grpc, "edge starts");
    let machine = Machine::new(identity, clock.now());
    let edge = Arc::new(Edge::new(machine.status()));
    let app = App {
        allow_anonymous: settings.allow_anonymous,
        path_prefix,
        rate_limit: settings.rate_limit.map(|per_second| RateLimit::new(per_second, clock)),
        ..App::new(Arc::clone(&edge), name)
    };
    let server = http::serve(app, listener).map_err(RunError::Serve)?;
    let handle = server.handle();
    let (stop_stream, stopped) = oneshot::channel::<()>();
    let stream = drive(machine, connector, &edge, clock, async {
        // Both a word and the end of whoever could say it mean to stop.
        let _ = stopped.await;
    });
    // Ends the stream when it ends itself, for whatever reason, because it owns `stop_stream`.
    let serving = async {
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
    tokio::join!(serving, stream).0
}
