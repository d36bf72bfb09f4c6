//! Running the server: from settings to a clean end.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use fluxgate_server::{logs::Logs, signals, tls::Certificate};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::{self, App},
    auth::{seal::Sealer, unit::UnitKeys},
    config::{self, Settings},
    grpc, http, jobs, migrate, service,
};

/// A server that is up; dropped without `stop`, it goes on until the runtime ends.
pub struct Running {
    /// Where GraphQL listens.
    pub http: SocketAddr,
    /// Where edges connect.
    pub grpc: SocketAddr,
    app: Arc<App>,
    certificate: Option<Arc<Certificate>>,
    stop: watch::Sender<bool>,
    handle: ServerHandle,
    tasks: [JoinHandle<anyhow::Result<()>>; 3],
}

/// Serves until SIGTERM or SIGINT.
pub async fn serve(settings: &Settings, logs: Logs) -> anyhow::Result<()> {
    let told = signals::terminated()?;
    let mut running = start(settings, logs.clone()).await?;
    let certificate = running.certificate.clone();
    signals::on_hangup(move || hangup(&logs, certificate.as_deref()))?;
    tracing::info!(http = %running.http, grpc = %running.grpc, "serving");
    if running.certificate.is_none() {
        warn_of_plain_text([(running.http, "GraphQL"), (running.grpc, "the delivery stream")]);
    }
    let [http, grpc, jobs] = &mut running.tasks;
    tokio::select! {
        () = told => {}
        // A half of the server that ends by itself must not leave the other half behind, looking alive.
        ended = http => anyhow::bail!("the HTTP server ended: {ended:?}"),
        ended = grpc => anyhow::bail!("the gRPC server ended: {ended:?}"),
        ended = jobs => anyhow::bail!("the scheduler ended: {ended:?}"),
    }
    tracing::info!("stopping");
    running.stop().await
}

/// Warns of what others can reach and nothing encrypts.
fn warn_of_plain_text(addresses: [(SocketAddr, &str); 2]) {
    for (address, what) in addresses.into_iter().filter(|(address, _)| !address.ip().is_loopback()) {
        tracing::warn!(%address, "{what} is not encrypted: set FLUXGATE_TLS_CERT, or put TLS before it");
    }
}

/// Connects, migrates, loads what is served, and listens.
pub async fn start(settings: &Settings, logs: Logs) -> anyhow::Result<Running> {
    let master_key = settings.master_key()?;
    let keys = (Sealer::new(&master_key)?, UnitKeys::new(&master_key));
    let certificate = settings.certificate()?;
    let http = TcpListener::bind(settings.http_addr)
        .with_context(|| format!("cannot listen on {} (FLUXGATE_HTTP_ADDR)", settings.http_addr))?;
    let grpc = tokio::net::TcpListener::bind(settings.grpc_addr)
        .await
        .with_context(|| format!("cannot listen on {} (FLUXGATE_GRPC_ADDR)", settings.grpc_addr))?;
    let (http_addr, grpc_addr) = (http.local_addr()?, grpc.local_addr()?);
    let pool = app::connect(settings.database_url()?, settings.database_connections).await?;
    if settings.migrate_on_start {
        migrate::at_start(&pool).await?;
    } else {
        migrate::require_current(&pool).await?;
    }
    let app = App::start(pool, keys, settings.retention(), logs).await?;
    if let Some(certificate) = &certificate {
        certificate.watch(app.metrics.registry());
    }
    let mut tx = app.begin().await?;
    service::start::lock(&mut tx).await?;
    service::start::offer_bootstrap(&mut tx, settings.bootstrap_token_file.as_deref()).await?;
    tx.commit().await?;
    let (stop, stopped) = watch::channel(false);
    let server = http::serve(Arc::clone(&app), http, settings, stopped.clone(), certificate.as_ref())?;
    let handle = server.handle();
    let tasks = [
        tokio::spawn(async move { Ok(server.await?) }),
        tokio::spawn(grpc::serve(Arc::clone(&app), (grpc, certificate.clone()), stopped.clone())),
        tokio::spawn(jobs::run(Arc::clone(&app), stopped)),
    ];
    Ok(Running { http: http_addr, grpc: grpc_addr, app, certificate, stop, handle, tasks })
}

impl Running {
    /// Answers what was asked, tells the edges goodbye, and ends.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.handle.stop(true).await;
        for task in self.tasks {
            task.await??;
        }
        self.app.pool.close().await;
        Ok(())
    }
}

/// Brings the database up to date as its owner, and lets a role run the server.
pub async fn migrate(settings: &Settings, server_role: Option<&str>) -> anyhow::Result<()> {
    let pool = app::connect(settings.owner_url()?, 1).await?;
    migrate::run(&pool).await?;
    if let Some(role) = server_role {
        migrate::grant(&pool, role).await?;
        tracing::info!(role, "the role may run the server, and nothing else");
    }
    tracing::info!("the database is up to date");
    pool.close().await;
    Ok(())
}

/// Reads the log's filter and the certificate again.
fn hangup(logs: &Logs, certificate: Option<&Certificate>) {
    let read = config::load().map(|loaded| loaded.settings.settings.log);
    logs.follow(read.map_err(|refusal| refusal.to_string()));
    if let Some(certificate) = certificate {
        certificate.look();
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use fluxgate_server::logs::LogFormat;

    use super::*;

    #[derive(Clone)]
    struct Lines(std::sync::mpsc::Sender<Vec<u8>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn plain_text_that_others_can_reach_is_warned_of() {
        let (sender, said) = std::sync::mpsc::channel();
        let (_logs, dispatch) = Logs::new("warn", LogFormat::Text, move || Lines(sender.clone())).unwrap();
        let [near, far] = ["127.0.0.1:8080", "192.0.2.1:50051"].map(|address| address.parse().unwrap());
        tracing::dispatcher::with_default(&dispatch, || {
            warn_of_plain_text([(near, "GraphQL"), (far, "the delivery stream")]);
        });
        let said = String::from_utf8(said.try_iter().flatten().collect()).unwrap();
        assert!(said.contains("WARN") && said.contains("the delivery stream is not encrypted"), "{said}");
        assert!(said.contains("192.0.2.1:50051") && !said.contains("GraphQL"), "{said}");
    }
}
