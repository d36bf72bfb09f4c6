//! What an edge tells: ids of requests, numbers, and a log without secrets whose filter changes while it runs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::{Peer, serving};
use crate::world::{BACKEND_DEV, EDGE_KEY};

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let (edge, _stream, _peer) = serving(&[]).await;
    let mut ids = BTreeSet::new();
    for path in
        ["/evaluate", "/ofrep/v1/evaluate/flags/integer", "/livez", "/readyz", "/status", "/metrics", "/x"]
    {
        for request in
            [edge.http.get(format!("{}{path}", edge.url)), edge.http.post(format!("{}{path}", edge.url))]
        {
            let answer = request.header("origin", "https://a.example").send().await.unwrap();
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            assert!(ids.insert(id), "{path}");
        }
    }
    assert_eq!(ids.len(), 14);
}

#[tokio::test]
async fn numbers_tell_what_happens() {
    let (edge, _stream, _peer) = serving(&[]).await;
    for _ in 0..3 {
        edge.post("/evaluate", Some(BACKEND_DEV), &json!({ "flagKey": "integer" })).await;
    }
    edge.post("/ofrep/v1/evaluate/flags/nothing", Some(BACKEND_DEV), &json!({ "context": {} })).await;
    edge.post("/evaluate", Some("wrong"), &json!({ "flagKey": "integer" })).await;
    let answer = edge.http.get(format!("{}/metrics", edge.url)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let numbers = answer.text().await.unwrap();
    for line in [
        "fluxgate_edge_requests_total{endpoint=\"evaluate\",status=\"200\"} 3",
        "fluxgate_edge_requests_total{endpoint=\"evaluate\",status=\"401\"} 1",
        "fluxgate_edge_requests_total{endpoint=\"ofrep\",status=\"404\"} 1",
        "fluxgate_edge_revision 1",
        "fluxgate_edge_head 1",
        "fluxgate_edge_flags 12",
        "fluxgate_edge_connected 1",
        "fluxgate_edge_stream_faults_total{what=\"gap\"} 0",
        concat!(
            "fluxgate_build_info{program=\"fluxgate-edge\",version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
    ] {
        assert!(numbers.lines().any(|found| found == line), "{line}\n{numbers}");
    }
    assert!(numbers.contains("fluxgate_edge_silence_seconds "), "{numbers}");
    for unwanted in ["integer", "nothing", "client"] {
        assert!(!numbers.contains(unwanted), "{unwanted} is in a label");
    }
}

/// The real program, ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lines(log: &Path) -> Vec<Value> {
    let said = fs::read_to_string(log).unwrap();
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn line(log: &Path, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1000 {
        if let Some(found) = lines(log).into_iter().find(&wanted) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the line never came:\n{}", fs::read_to_string(log).unwrap());
}

#[tokio::test]
async fn the_log_changes_while_it_runs_and_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (config, log) = (folder.path().join("edge.toml"), folder.path().join("log"));
    fs::write(&config, "log = \"info\"\nlog_format = \"json\"\nname = \"from-the-file\"\n").unwrap();
    let mut peer = Peer::start(None).await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluxgate-edge"));
    let command = command.env_clear().env("EDGE_CONFIG", &config).env("EDGE_CLIENT_SECRET", EDGE_KEY);
    let command =
        command.env("EDGE_HTTP_ADDR", &address).env("EDGE_BACKEND_GRPC", format!("http://{}", peer.address));
    let command = command.env("EDGE_NAM", "x").stdout(Stdio::null()).stderr(File::create(&log).unwrap());
    let program = Program(command.spawn().unwrap());
    let hangup = || {
        let id = program.0.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    };
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    line(&log, |line| line["message"] == "edge starts" && line["name"] == "from-the-file").await;
    let warned = line(&log, |line| line["level"] == "WARN").await;
    assert_eq!(
        warned["message"],
        "the variable EDGE_NAM is not a setting of this program; did you mean EDGE_NAME?"
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async || {
        let body = json!({ "flagKey": "integer", "context": { "targetingKey": "somebody" } });
        let asked = client.post(format!("http://{address}/evaluate")).bearer_auth(BACKEND_DEV).json(&body);
        asked.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    let quiet = ask().await;
    fs::write(&config, "log = \"info,fluxgate_edge=trace,fluxgate_server=trace\"\n").unwrap();
    hangup();
    line(&log, |line| line["message"] == "the settings were read again").await;
    let told = ask().await;
    let answered = line(&log, |line| line["span"]["id"] == json!(told)).await;
    assert_eq!(
        (&answered["span"]["client"], &answered["span"]["operation"]),
        (&json!("client 193"), &json!("evaluate"))
    );
    assert!(answered["milliseconds"].is_f64() && answered["status"] == 200, "{answered}");
    fs::write(&config, "log = \"off\"\nwrong = 1\n").unwrap();
    hangup();
    let refused = line(&log, |line| line["level"] == "ERROR").await;
    assert!(refused["error"].as_str().unwrap().contains("edge.toml:2:1: wrong is no setting"), "{refused}");
    let still = ask().await;
    line(&log, |line| line["span"]["id"] == json!(still)).await;
    assert!(!lines(&log).iter().any(|line| line["span"]["id"] == json!(quiet)));
    let said = fs::read_to_string(&log).unwrap();
    for secret in [EDGE_KEY, BACKEND_DEV, &EDGE_KEY[13..]] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}
