//! The real program as a process of a test's own, with what it says.

use std::{fs::File, path::PathBuf, process::Stdio};

use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::{MASTER_KEY, World, eventually, url};

/// A process that serves; it ends with the test.
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts one with more variables; its log is JSON.
    pub async fn start(db: &PgPool, variables: &[(&str, &str)]) -> (Program, World) {
        let files = tempfile::tempdir().unwrap();
        let log = files.path().join("log");
        let child = command(db, &files)
            .envs(variables.iter().copied())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let program = Program { child, log };
        let serving = program.line("it serves", |line| line["message"] == "serving").await;
        let at = |what: &str| serving[what].as_str().unwrap().to_owned();
        let world = World::around(db.clone(), files, (&at("http"), &at("grpc")));
        (program, world)
    }

    /// Everything that it said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The lines of its log; one that is being written is left out.
    pub fn lines(&self) -> Vec<Value> {
        let said = self.said();
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The first line of a kind, once it is there.
    pub async fn line(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || self.lines().into_iter().find(&wanted)).await
    }

    /// Tells it something.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Ends it, which it does in order.
    pub async fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().await.unwrap().success());
    }
}

fn command(db: &PgPool, files: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxgate-backend"));
    command
        .arg("--dev")
        .env_clear()
        .env("DATABASE_URL", url(db))
        .env("FLUXGATE_HTTP_ADDR", "127.0.0.1:0")
        .env("FLUXGATE_GRPC_ADDR", "127.0.0.1:0")
        .env("FLUXGATE_MASTER_KEY", MASTER_KEY)
        .env("FLUXGATE_LOG_FORMAT", "json")
        .env("FLUXGATE_TRUSTED_PROXIES", "127.0.0.1")
        .env("FLUXGATE_BOOTSTRAP_TOKEN_FILE", files.path().join("token"))
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}
