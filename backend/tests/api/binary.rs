//! The real binary on a test's database, as a process of its own: its memory and its log can be looked at.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use sqlx::{ConnectOptions as _, PgPool};
use tempfile::TempDir;

use crate::world::{MASTER_KEY, World, eventually};

/// A server in a process; ended when it is dropped.
pub struct Binary {
    /// Where GraphQL is.
    pub http: String,
    child: Child,
    log: PathBuf,
    _files: TempDir,
}

impl Binary {
    /// Starts one beside the server of a world.
    pub async fn beside(world: &World) -> Binary {
        let files = tempfile::tempdir().unwrap();
        let log = files.path().join("log");
        let address = free();
        let child = Command::new(env!("CARGO_BIN_EXE_fluxgate-backend"))
            .args(["--http-addr", &address.to_string(), "--grpc-addr", "127.0.0.1:0"])
            .args(["--trusted-proxies", "127.0.0.1", "--log", "warn", "--dev"])
            .env("DATABASE_URL", url(&world.db))
            .env("FLUXGATE_MASTER_KEY", MASTER_KEY)
            .env_remove("FLUXGATE_REGENERATE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let binary = Binary { http: format!("http://{address}/graphql"), child, log, _files: files };
        let ready = format!("http://{address}/readyz");
        eventually("the binary is ready", async || {
            world
                .client
                .get(&ready)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(())
        })
        .await;
        binary
    }

    /// What it has logged of warnings and errors, but for the one that everybody knows the key of the tests.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| !line.contains("FLUXGATE_MASTER_KEY is published")).collect()
    }

    /// How much memory it has, in KiB: now, and at most so far.
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |what: &str| {
            let line = status.lines().find(|line| line.starts_with(what)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (of("VmRSS:"), of("VmHWM:"))
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn url(db: &PgPool) -> String {
    db.connect_options().to_url_lossy().to_string()
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
