//! The system that the edges belong to, and where everything listens.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::furnish::{Team, single};
use super::process::{Cores, Process, program, said};
use crate::admin::Admin;
use crate::http::{Connection, is_ok, post};

/// How long may a program take to begin to serve?
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is it asked whether it does?
const LOOK: Duration = Duration::from_millis(1);

/// A development system, and what is needed to start more beside it.
pub(crate) struct System {
    pub(crate) admin: Admin,
    pub(crate) grpc: String,
    pub(crate) database: String,
    pub(crate) folder: String,
    binaries: String,
    base: u16,
    pids: Vec<String>,
}

impl System {
    /// Reads the status from stdin.
    pub(crate) async fn find(folder: &str, binaries: &str) -> anyhow::Result<Self> {
        let status: Value = serde_json::from_reader(std::io::stdin()).context("the status")?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("the status lacks a part");
        let users = status["users"].as_array().context("the status lacks users")?;
        let admin = users.iter().find(|user| user["username"] == "admin").context("there is no admin")?;
        let pids = [&status["pids"]["postgres"], &status["pids"]["backend"]];
        Ok(Self {
            admin: Admin::sign_in(&text(&status["backend"])?, &text(&admin["password"])?).await?,
            grpc: text(&status["grpc"])?,
            database: text(&status["databaseUrl"])?,
            folder: folder.to_owned(),
            binaries: binaries.to_owned(),
            base: std::env::var("BENCH_PORT_BASE").context("BENCH_PORT_BASE")?.parse()?,
            pids: pids.iter().filter_map(|pid| pid.as_u64()).map(|pid| pid.to_string()).collect(),
        })
    }

    /// Returns one of the addresses that are ours; the development system has the first three.
    pub(crate) fn address(&self, place: u16) -> String {
        format!("127.0.0.1:{}", self.base + 3 + place)
    }

    /// Prepares one of the programs that were built.
    pub(crate) fn program(&self, name: &str, cores: Cores) -> Command {
        program(&format!("{}/{name}", self.binaries), cores)
    }

    /// Prepares another part of this program.
    pub(crate) fn part(&self, arguments: &[&str], cores: Cores) -> Command {
        let mut part = self.program("examples/bench", cores);
        part.args(arguments);
        part
    }

    /// Prepares an edge of a team, at our first address.
    pub(crate) fn edge(&self, team: &Team, cores: Cores) -> Command {
        let mut edge = self.program("fluxgate-edge", cores);
        edge.env("EDGE_CLIENT_SECRET", &team.edge_key).env("EDGE_BACKEND_GRPC", &self.grpc);
        edge.env("EDGE_HTTP_ADDR", self.address(0)).env("EDGE_NAME", "bench").env("EDGE_LOG", "error");
        edge
    }

    /// Starts an edge and waits until it answers.
    pub(crate) fn serving(&self, team: &Team, cores: Cores) -> anyhow::Result<Process> {
        let edge = Process::start(&mut self.edge(team, cores))?;
        self.answer(team)?;
        Ok(edge)
    }

    /// Waits for the first answer to the request that is measured, and returns its body.
    pub(crate) fn answer(&self, team: &Team) -> anyhow::Result<String> {
        let began = Instant::now();
        let address = self.address(0);
        let request = post(&address, "/evaluate", (&team.caller_key, &single()?));
        let wanted = if team.flags == 0 { "FLAG_NOT_FOUND" } else { "\"reason\":\"SPLIT\"" };
        loop {
            let answer = Connection::open(&address).and_then(|mut connection| connection.ask(&request));
            if let Ok(answer) = answer
                && is_ok(&answer)
                && let text = String::from_utf8_lossy(&answer)
                && text.contains(wanted)
            {
                return text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).context("no body");
            }
            ensure!(began.elapsed() < PATIENCE, "the edge does not serve {}", team.key);
            std::thread::sleep(LOOK);
        }
    }

    /// Returns the path of a file with that request, for generators of load.
    pub(crate) fn request(&self, address: &str, (key, body): (&str, &str)) -> anyhow::Result<String> {
        let path = format!("{}/request", self.folder);
        fs::write(&path, post(address, "/evaluate", (key, body)))?;
        Ok(path)
    }

    /// Moves backend and database to some of the cores.
    pub(crate) fn keep_to(&self, cores: &str) -> anyhow::Result<()> {
        let mut pids = self.pids.clone();
        for pid in &self.pids {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            pids.extend(children.split_whitespace().map(str::to_owned));
        }
        for pid in pids {
            // A session of the database may have ended since.
            let _ = Command::new("taskset")
                .args(["-a", "-c", "-p", cores, &pid])
                .stdout(Stdio::null())
                .status()?;
        }
        Ok(())
    }

    /// Asks the database; a line a row, columns apart by spaces.
    pub(crate) fn ask_database(&self, sql: &str) -> anyhow::Result<String> {
        let psql = std::env::var("BENCH_PSQL").unwrap_or_else(|_| "psql".to_owned());
        let file = format!("{}/query.sql", self.folder);
        fs::write(&file, sql)?;
        let mut ask = Command::new(psql);
        ask.args(["-X", "-q", "-A", "-t", "-F", " ", "-v", "ON_ERROR_STOP=1", "-f", &file, &self.database]);
        said(&mut ask)
    }
}
