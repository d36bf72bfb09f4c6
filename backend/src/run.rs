//! Running the server: from settings to a clean end.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::{self, App},
    auth::seal::Sealer,
    config::Settings,
    grpc, http, jobs, service,
};

/// A server that is up; dropped without `stop`, it goes on until the runtime ends.
pub struct Running {
    /// Where GraphQL listens.
    pub http: SocketAddr,
    /// Where edges connect.
    pub grpc: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    handle: ServerHandle,
    tasks: [JoinHandle<anyhow::Result<()>>; 3],
}

/// Serves until SIGTERM or SIGINT.
pub async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let mut running = start(settings).await?;
    tracing::info!(http = %running.http, grpc = %running.grpc, "serving");
    if !running.grpc.ip().is_loopback() {
        tracing::warn!(address = %running.grpc, "the delivery stream is not encrypted: put TLS before it");
    }
    let [http, grpc, jobs] = &mut running.tasks;
    tokio::select! {
        told = terminated() => told?,
        // A half of the server that ends by itself must not leave the other half behind, looking alive.
        ended = http => anyhow::bail!("the HTTP server ended: {ended:?}"),
        ended = grpc => anyhow::bail!("the gRPC server ended: {ended:?}"),
        ended = jobs => anyhow::bail!("the scheduler ended: {ended:?}"),
    }
    tracing::info!("stopping");
    running.stop().await
}

/// Connects, migrates, loads what is served, and listens.
pub async fn start(settings: &Settings) -> anyhow::Result<Running> {
    let sealer = Sealer::new(&settings.master_key()?)?;
    let http = TcpListener::bind(settings.http_addr)
        .with_context(|| format!("cannot listen on {} (FLUXGATE_HTTP_ADDR)", settings.http_addr))?;
    let grpc = tokio::net::TcpListener::bind(settings.grpc_addr)
        .await
        .with_context(|| format!("cannot listen on {} (FLUXGATE_GRPC_ADDR)", settings.grpc_addr))?;
    let (http_addr, grpc_addr) = (http.local_addr()?, grpc.local_addr()?);
    let pool = app::connect(settings.database_url()?, settings.database_connections).await?;
    app::migrate(&pool).await?;
    let app = App::start(pool, sealer, settings.retention()).await?;
    let mut tx = app.begin().await?;
    service::start::lock(&mut tx).await?;
    service::start::offer_bootstrap(&mut tx, settings.bootstrap_token_file.as_deref()).await?;
    tx.commit().await?;
    let (stop, stopped) = watch::channel(false);
    let server = http::serve(Arc::clone(&app), http, settings, stopped.clone())?;
    let handle = server.handle();
    let tasks = [
        tokio::spawn(async move { Ok(server.await?) }),
        tokio::spawn(grpc::serve(Arc::clone(&app), grpc, stopped.clone())),
        tokio::spawn(jobs::run(Arc::clone(&app), stopped)),
    ];
    Ok(Running { http: http_addr, grpc: grpc_addr, app, stop, handle, tasks })
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

async fn terminated() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
