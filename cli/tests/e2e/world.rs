//! A system of its own for a test: own database, own ports, own config, gone afterwards.

use std::fs::Permissions;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Answer, post};
use crate::poll::until;
use crate::run::{Run, command, fgctl};

/// The people of the demo data.
const PEOPLE: [&str; 3] = ["admin", "dev", "lead"];

/// A running system, with everybody signed in; each person is a context.
#[derive(Debug)]
pub(crate) struct World {
    place: TempDir,
    port_base: u16,
}

impl World {
    /// Starts a system.
    pub(crate) fn start() -> Self {
        Self::start_among(20_000..32_000)
    }

    /// Starts a system with three ports in a row of these.
    pub(crate) fn start_among(ports: Range<u16>) -> Self {
        // Root's PostgreSQL belongs to another user, who must be able to pass through.
        let place = tempfile::Builder::new()
            .prefix("fluxgate-e2e-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .unwrap();
        let world = Self { place, port_base: free_ports(ports) };
        world.up();
        let server = world.address("backend");
        for person in PEOPLE {
            let password = format!("demo-{person}\n");
            let args = ["login", "--server", &server, "--username", person, "--password-stdin"];
            let args = [&args[..], &["--context", person, "--team", "demo"]].concat();
            fgctl(&world.config(), &args, &password).ends(0);
        }
        world
    }

    /// Returns the system that the tests of a binary share, started by the first and stopped after the last.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let world = Arc::new(Self::start());
            *shared = Arc::downgrade(&world);
            world
        })
    }

    /// Starts the system in the background, again if it was stopped.
    pub(crate) fn up(&self) -> Run {
        self.dev(&["--detach"]).ends(0)
    }

    /// Runs `fgctl dev`.
    pub(crate) fn dev(&self, args: &[&str]) -> Run {
        let (data, port) = (self.data().display().to_string(), self.port_base.to_string());
        let place = ["dev", "--data-dir", &data, "--port-base", &port];
        fgctl(&self.config(), &[&place[..], args].concat(), "")
    }

    /// Runs `fgctl` as one of the people.
    pub(crate) fn run(&self, person: &str, args: &[&str]) -> Run {
        fgctl(&self.config(), &[args, &["--context", person]].concat(), "")
    }

    /// Prepares a run of `fgctl` as one of the people.
    pub(crate) fn command(&self, person: &str, args: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_fgctl"), &self.config());
        command.args(args).args(["--context", person]);
        command
    }

    /// Asks the admin API as one of the people, past `fgctl`.
    pub(crate) fn graphql(&self, person: &str, query: &str) -> Value {
        let server = self.address("backend");
        let sign_in = format!(
            r#"mutation {{ signIn(input: {{ username: "{person}", password: "demo-{person}" }}) {{ accessToken }} }}"#
        );
        let session = post(&server, "/graphql", &[], &json!({ "query": sign_in }).to_string()).unwrap();
        let token = session.body["data"]["signIn"]["accessToken"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let answer = post(&server, "/graphql", &headers, &json!({ "query": query }).to_string()).unwrap();
        assert!(answer.body["errors"].is_null(), "{:#}", answer.body);
        answer.body["data"].clone()
    }

    /// Returns what `fgctl dev status -o json` says of a system that is well.
    pub(crate) fn status(&self) -> Value {
        self.dev(&["status", "-o", "json"]).ends(0).json()
    }

    /// Waits until all of it answers, and returns its status.
    pub(crate) fn well(&self) -> Value {
        until("the system is well", || self.dev(&["status", "-o", "json"]), |run| run.code == 0).json()
    }

    /// Returns an address of the status.
    pub(crate) fn address(&self, name: &str) -> String {
        self.status()[name].as_str().unwrap().to_owned()
    }

    /// Returns the process number of a part, or of the process that supervises them.
    pub(crate) fn pid(&self, part: &str) -> Pid {
        let pid = if part == "supervisor" {
            let run = std::fs::read_to_string(self.data().join("run.json")).unwrap();
            serde_json::from_str::<Value>(&run).unwrap()["supervisor"]["pid"].clone()
        } else {
            self.status()["pids"][part].clone()
        };
        Pid::from_raw(i32::try_from(pid.as_i64().unwrap()).unwrap())
    }

    /// Sends a signal to a part.
    pub(crate) fn signal(&self, part: &str, signal: Signal) {
        kill(self.pid(part), signal).unwrap();
    }

    /// Asks the edge for a flag, for someone in a country.
    pub(crate) fn evaluate(&self, flag: &str, env: &str, country: &str) -> Option<Answer> {
        let edge = format!("http://127.0.0.1:{}", self.port_base + 1);
        let body = json!({
            "flagKey": flag,
            "context": { "targetingKey": "user-1", "environment_id": env, "country": country }
        });
        post(&edge, "/evaluate", &[], &body.to_string())
    }

    /// Returns the value that the edge gives.
    pub(crate) fn value(&self, flag: &str, env: &str, country: &str) -> Value {
        self.evaluate(flag, env, country).map(|answer| answer.body["value"].clone()).unwrap_or_default()
    }

    /// Returns the UUID of an environment.
    pub(crate) fn env(&self, key: &str) -> String {
        self.status()["environments"][key].as_str().unwrap().to_owned()
    }

    pub(crate) fn port_base(&self) -> u16 {
        self.port_base
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.place.path().join("config")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let run = self.dev(&["stop"]);
        if run.code != 0 && !std::thread::panicking() {
            panic!("{run:#?}");
        }
    }
}

/// Returns the first of three ports in a row that are free, below those that connections take at random.
fn free_ports(among: Range<u16>) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let seed = u16::try_from(std::process::id() % 1000).unwrap() * 9;
    let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    until(
        "three free ports",
        || among.start + (seed + 3 * NEXT.fetch_add(1, Ordering::Relaxed)) % (among.end - among.start),
        |base| (*base..*base + 3).all(free),
    )
}
