//! What an edge counts, through real programs and a real database: nothing is lost and nothing counts twice while the backend
//! is away and the edge is told to stop and starts again.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::http::post;
use crate::poll::until;
use crate::world::World;

/// An edge beside the system's own, with a folder of its own.
struct Edge {
    url: String,
    child: Child,
}

impl Edge {
    fn start(world: &World) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_fgctl")).with_file_name("fluxgate-edge");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = world.data().with_file_name("counting-edge");
        std::fs::create_dir_all(&folder).unwrap();
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let child = Command::new(program)
            .env("EDGE_BACKEND_GRPC", format!("http://127.0.0.1:{}", world.port_base() + 2))
            .env("EDGE_HTTP_ADDR", format!("127.0.0.1:{port}"))
            .env("EDGE_CLIENT_SECRET_FILE", world.data().join("edge.key"))
            .env("EDGE_ALLOW_ANONYMOUS", "true")
            .env("EDGE_NAME", "counting")
            .env("EDGE_STATE_DIR", folder.join("state"))
            .env("EDGE_EVALUATION_FLUSH_SECS", "1")
            .stderr(log)
            .spawn()
            .unwrap();
        Self { url: format!("http://127.0.0.1:{port}"), child }
    }

    /// Evaluates so often, each time for somebody else.
    fn ask(&self, env: &str, times: usize) {
        for n in 0..times {
            let context = json!({ "targetingKey": format!("user-{n}"), "environment_id": env });
            let body = json!({ "flagKey": "BetaUsers", "context": context }).to_string();
            let ask = || post(&self.url, "/evaluate", &[], &body).filter(|answer| answer.status == 200);
            until("the edge evaluates", ask, Option::is_some);
        }
    }

    fn stop(mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(database: &str, sql: &str) -> i64 {
    let output = Command::new("psql").args(["-XAtc", sql, database]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap_or(-1)
}

#[test]
fn no_evaluation_is_lost_or_doubled_while_the_backend_is_away() {
    let world = World::start();
    let (dev, database) = (world.env("dev"), world.status()["databaseUrl"].as_str().unwrap().to_owned());
    let counted = || number(&database, "SELECT coalesce(sum(n), 0) FROM evaluation_count");
    let edge = Edge::start(&world);
    edge.ask(&dev, 100);
    until("the first ones are counted", counted, |n| *n == 100);

    let killed = world.pid("backend");
    world.signal("supervisor", Signal::SIGSTOP);
    kill(killed, Signal::SIGKILL).unwrap();
    edge.ask(&dev, 100);
    // It seals, cannot send, and ends all the same.
    edge.stop();
    let edge = Edge::start(&world);
    edge.ask(&dev, 100);
    assert_eq!(counted(), 100);

    world.signal("supervisor", Signal::SIGCONT);
    world.well();
    until("all of them are counted", counted, |n| *n >= 300);
    edge.ask(&dev, 50);
    edge.stop();
    assert_eq!(counted(), 350);
    assert_eq!(number(&database, "SELECT count(*) FROM ingest_gap"), 0, "the figures are complete");
    let units = "SELECT count(*) FROM evaluation_sample WHERE unit IS NOT NULL AND octet_length(unit) <> 16";
    assert_eq!(number(&database, units), 0, "no sample names anybody");
}
