//! The whole system: a database, two backends, five edges, and a proxy on each way between them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::Outcome;
use super::database::Database;
use super::dev::{ports, secret};
use super::edge::{Edge, Violations};
use super::people::{self, Keys};
use super::program::Program;
use super::proxy::{Mode, Proxy};
use super::truth::Truth;
use super::writer::Desk;

pub(super) const BACKENDS: usize = 2;
pub(super) const EDGES: usize = 5;

pub(super) struct System {
    pub(super) database: Database,
    pub(super) backends: Vec<Program>,
    pub(super) edges: Vec<Program>,
    /// What is known of each edge.
    pub(super) seen: Vec<Arc<Edge>>,
    /// Of each edge, one for each backend.
    proxies: Vec<Vec<Proxy>>,
    pub(super) truth: Truth,
    pub(super) desk: Arc<Desk>,
    pub(super) violations: Arc<Violations>,
    /// How soon after the end of a fault must everything be well?
    pub(super) promised: Duration,
    /// How many spoiled deltas were found out by their digest, and otherwise.
    pub(super) noticed: (u32, u32),
    grpc: Vec<u16>,
    programs: PathBuf,
    key: PathBuf,
    /// Last, so that everything in it has ended before it goes.
    pub(super) place: TempDir,
}

impl System {
    pub(super) async fn start(programs: &Path, promised: Duration) -> Outcome<Self> {
        // Root's PostgreSQL belongs to another user, who must be able to pass through.
        let open = Permissions::from_mode(0o755);
        let place = tempfile::Builder::new().prefix("fluxgate-faults-").permissions(open).tempdir()?;
        let database = Database::start(place.path()).await?;
        let (mut backends, mut grpc) = (Vec::new(), Vec::new());
        let secret = secret::text();
        for number in 0..BACKENDS {
            let (http, port) = (ports::any_free(&[])?, ports::any_free(&grpc)?);
            grpc.push(port);
            let mut backend = program((programs, place.path()), "backend", number, http)?;
            backend.set("DATABASE_URL", database.url());
            backend.set("FLUXGATE_HTTP_ADDR", ports::local(http).to_string());
            backend.set("FLUXGATE_GRPC_ADDR", ports::local(port).to_string());
            backend.set("FLUXGATE_MASTER_KEY", &secret);
            backend.set("FLUXGATE_BOOTSTRAP_TOKEN_FILE", token(place.path()));
            backend.start()?;
            backend.answers("/readyz").await?;
            backends.push(backend);
        }
        let keys = people::fill(backends[0].port, &token(place.path()), EDGES).await?;
        let key = place.path().join("edges.key");
        std::fs::write(&key, &keys.edges)?;
        let violations = Arc::new(Violations::new());
        let desk = Arc::new(Desk::new(Arc::clone(&violations)));
        let (edges, seen, proxies, truth) = (Vec::new(), Vec::new(), Vec::new(), Truth::default());
        let programs = programs.to_owned();
        let mut system = Self {
            database,
            backends,
            edges,
            seen,
            proxies,
            truth,
            desk,
            violations,
            promised,
            noticed: (0, 0),
            grpc,
            programs,
            key,
            place,
        };
        for number in 0..EDGES {
            system.add_edge(number, &keys).await?;
        }
        Ok(system)
    }

    async fn add_edge(&mut self, number: usize, keys: &Keys) -> Outcome<()> {
        let mut proxies = Vec::new();
        for port in &self.grpc {
            proxies.push(Proxy::start(*port).await?);
        }
        let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
        let mut edge = self.edge(number, &ports)?;
        edge.set("EDGE_STATE_DIR", self.place.path().join(format!("edge-{number}")));
        edge.set("EDGE_EVALUATION_FLUSH_SECS", "1");
        edge.start()?;
        edge.answers("/readyz").await?;
        let seen = Edge::new(number, edge.port, keys.callers[number].clone(), keys.watcher.clone());
        seen.begin_life();
        self.edges.push(edge);
        self.seen.push(Arc::new(seen));
        self.proxies.push(proxies);
        Ok(())
    }

    fn edge(&self, number: usize, backends: &[u16]) -> Outcome<Program> {
        let http = ports::any_free(&[])?;
        let mut edge = program((&self.programs, self.place.path()), "edge", number, http)?;
        let backends: Vec<_> =
            backends.iter().map(|port| format!("http://{}", ports::local(*port))).collect();
        edge.set("EDGE_BACKEND_GRPC", backends.join(","));
        edge.set("EDGE_HTTP_ADDR", ports::local(http).to_string());
        edge.set("EDGE_CLIENT_SECRET_FILE", &self.key);
        edge.set("EDGE_NAME", format!("edge-{number}"));
        Ok(edge)
    }

    /// Starts an edge that holds nothing and asks the backends without a proxy.
    pub(super) async fn fresh_edge(&self) -> Outcome<Program> {
        let mut edge = self.edge(EDGES, &self.grpc)?;
        edge.start()?;
        edge.answers("/readyz").await?;
        Ok(edge)
    }

    /// Sets how the network is between an edge and the backends.
    pub(super) fn set_network(&self, edge: usize, mode: Mode) {
        self.proxies[edge].iter().for_each(|proxy| proxy.set(mode));
    }

    /// Sets how the network is between all edges and a backend.
    pub(super) fn set_backend_network(&self, backend: usize, mode: Mode) {
        self.proxies.iter().for_each(|proxies| proxies[backend].set(mode));
    }

    /// Tells whether something was spoiled on the way to an edge.
    pub(super) fn has_spoiled(&self, edge: usize) -> bool {
        self.proxies[edge].iter().any(Proxy::has_spoiled)
    }

    /// Ends an edge by a signal.
    pub(super) async fn end_edge(&mut self, edge: usize, by: Signal) -> Outcome<()> {
        self.seen[edge].set_away(true);
        self.edges[edge].end(by).await?;
        Ok(())
    }

    /// Starts an edge again; it has its data at once.
    pub(super) async fn start_edge(&mut self, (edge, in_order): (usize, bool)) -> Outcome<()> {
        self.seen[edge].tally().end_life(in_order);
        self.seen[edge].begin_life();
        self.edges[edge].start()?;
        self.edges[edge].answers("/livez").await?;
        self.seen[edge].set_away(false);
        Ok(())
    }

    pub(super) async fn start_backend(&mut self, backend: usize) -> Outcome<()> {
        self.backends[backend].start()?;
        self.backends[backend].answers("/readyz").await
    }
}

fn token(place: &Path) -> PathBuf {
    place.join("bootstrap.token")
}

fn program((programs, place): (&Path, &Path), kind: &str, number: usize, port: u16) -> Outcome<Program> {
    let path = programs.join(format!("fluxgate-{kind}"));
    if !path.is_file() {
        return Err(format!("{} is not built: cargo build --workspace", path.display()).into());
    }
    let name = format!("{kind} {number}");
    Ok(Program::new(name, path, place.join(format!("{kind}-{number}.log")), port))
}
