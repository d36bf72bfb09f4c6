//! A system on its way up, running, and on its way down: PostgreSQL, the backend, the edge, in this order and back.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::fault::{Fault, OrFault};
use super::folder::{Folder, write_private};
use super::part::Part;
use super::ports::{self, Ports};
use super::report::Report;
use super::service::Service;
use super::settings::Settings;
use super::supervise::Kept;
use super::{database, demo, health, secret, seed};

/// How long may a part take until it answers? Migrations of a large database belong to it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where do pages come from that are being worked on? They may ask the backend.
const PAGES: &str = "http://localhost:5173";

/// How often is a part asked?
const LOOK: Duration = Duration::from_millis(15);

/// The running parts, in the order in which they were started.
pub(crate) struct System {
    folder: Folder,
    ports: Ports,
    report: Report,
    kept: Vec<Kept>,
}

impl System {
    pub(crate) fn new(folder: Folder, ports: Ports, report: Report) -> Self {
        Self { folder, ports, report, kept: Vec::new() }
    }

    /// Brings everything up. **Dropped halfway or failed, it leaves running what it had started**; [`System::stop`] ends that.
    pub(crate) async fn start(&mut self, database_url: Option<String>) -> Result<Settings, Fault> {
        let (backend, edge) = (beside(Part::Backend)?, beside(Part::Edge)?);
        database::install(&self.folder, database_url.as_deref(), &self.report).await?;
        let since = self.report.doing("PostgreSQL");
        let (mut settings, server) =
            database::prepare(&self.folder, self.ports, database_url, &self.report).await?;
        if let (Some(server), Some(cluster)) = (server, settings.cluster()) {
            self.start_postgres(server.service, cluster).await?;
            let (version, place) = (server.version, cluster.place.display());
            self.report.done(format!("PostgreSQL {version}  {place}"), since);
        } else {
            self.report.done("PostgreSQL  the one that was given", since);
        }

        let since = self.report.doing("backend");
        let service = self.backend(backend, &settings.database_url())?;
        self.bring_up(service, "/readyz", self.ports.http).await?;
        let (http, grpc) = (self.ports.backend_url(), ports::local(self.ports.grpc));
        self.report.done(format!("backend   {http}   grpc {grpc}"), since);

        if settings.demo.is_none() {
            let since = self.report.doing("demo data");
            settings.demo = Some(seed::seed(&self.folder, self.ports).await?);
            settings.write(&self.folder)?;
            self.report.done(format!("demo data {}", demo::SUMMARY), since);
        }

        let since = self.report.doing("edge");
        let service = self.edge(edge);
        self.bring_up(service, "/health", self.ports.edge).await?;
        self.report.done(format!("edge      {}", self.ports.edge_url()), since);
        Ok(settings)
    }

    /// Ends what runs, the last started first.
    pub(crate) async fn stop(&mut self) {
        while let Some(kept) = self.kept.pop() {
            let since = Instant::now();
            let part = kept.part;
            kept.stop().await;
            self.report.done(format!("{} stopped", part.title()), since);
        }
    }

    async fn start_postgres(&mut self, service: Service, cluster: &Cluster) -> Result<(), Fault> {
        service.turn_log()?;
        let ready = |pid| {
            let ready = cluster.ready(pid);
            async move { ready }
        };
        self.keep_until(service, ready).await
    }

    async fn bring_up(&mut self, service: Service, path: &'static str, port: u16) -> Result<(), Fault> {
        service.turn_log()?;
        self.keep_until(service, |_| health::ok(port, path)).await
    }

    /// Starts a part and waits until it is ready; one that dies before that has failed.
    async fn keep_until<F: Future<Output = bool>>(
        &mut self,
        service: Service,
        ready: impl Fn(i32) -> F,
    ) -> Result<(), Fault> {
        let kept = Kept::start(service.clone(), self.report.clone())?;
        let life = kept.life.clone();
        self.kept.push(kept);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = life.borrow().clone();
            if let Some(end) = now.ended {
                return Err(service.fault(&format!("{end} before it was ready")));
            }
            if let Some(mark) = now.mark
                && ready(mark.pid).await
            {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(service.fault(&format!("was not ready after {} s", PATIENCE.as_secs())));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn backend(&self, program: PathBuf, database_url: &str) -> Result<Service, Fault> {
        let key = self.folder.master_key();
        if !key.exists() {
            write_private(&key, &secret::text())?;
        }
        let env: Vec<(&str, OsString)> = vec![
            ("DATABASE_URL", database_url.into()),
            ("FLUXGATE_HTTP_ADDR", ports::local(self.ports.http).to_string().into()),
            ("FLUXGATE_GRPC_ADDR", ports::local(self.ports.grpc).to_string().into()),
            ("FLUXGATE_MASTER_KEY_FILE", key.into()),
            ("FLUXGATE_BOOTSTRAP_TOKEN_FILE", self.folder.bootstrap_token().into()),
            ("FLUXGATE_GRAPHIQL", "true".into()),
            ("FLUXGATE_ALLOWED_ORIGIN", PAGES.into()),
        ];
        Ok(self.service(Part::Backend, program, env))
    }

    fn edge(&self, program: PathBuf) -> Service {
        let env: Vec<(&str, OsString)> = vec![
            ("EDGE_BACKEND_GRPC", self.ports.grpc_url().into()),
            ("EDGE_HTTP_ADDR", ports::local(self.ports.edge).to_string().into()),
            ("EDGE_CLIENT_SECRET_FILE", self.folder.edge_key().into()),
            ("EDGE_ALLOW_ANONYMOUS", "true".into()),
            ("EDGE_NAME", demo::EDGE_CLIENT.into()),
        ];
        self.service(Part::Edge, program, env)
    }

    fn service(&self, part: Part, program: PathBuf, mut env: Vec<(&'static str, OsString)>) -> Service {
        // Logs are files.
        env.push(("NO_COLOR", "1".into()));
        Service {
            part,
            program,
            args: Vec::new(),
            env,
            folder: self.folder.path().to_owned(),
            owner: None,
            log: self.folder.log(part),
        }
    }
}

/// Returns the path of a part's program, which stands beside this one.
fn beside(part: Part) -> Result<PathBuf, Fault> {
    let name = part.program();
    let own = std::env::current_exe().or_fault(|| "find this program's own file".to_owned())?;
    let path = own.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Fault::new(format!("{name} is not beside fgctl ({})", path.display()))
        .hint("cargo build --package fluxgate-backend --package fluxgate-edge --package fgctl"))
}
