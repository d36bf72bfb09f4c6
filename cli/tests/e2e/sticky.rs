//! A sticky split through real programs: people keep their variant after the weights changed, on another edge and after a restart.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::http::post;
use crate::poll::until;
use crate::world::World;

/// An edge beside the system's own; killed in the end.
struct SecondEdge {
    url: String,
    child: Child,
}

impl SecondEdge {
    fn start(world: &World) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_fgctl")).with_file_name("fluxgate-edge");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .env("EDGE_BACKEND_GRPC", format!("http://127.0.0.1:{}", world.port_base() + 2))
            .env("EDGE_HTTP_ADDR", format!("127.0.0.1:{port}"))
            .env("EDGE_CLIENT_SECRET_FILE", world.data().join("edge.key"))
            .env("EDGE_ALLOW_ANONYMOUS", "true")
            .env("EDGE_NAME", "second")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { url: format!("http://127.0.0.1:{port}"), child }
    }
}

impl Drop for SecondEdge {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What an edge serves a user by a split; none when it does not, or does not answer.
fn served(edge: &str, env: &str, user: usize) -> Option<String> {
    let context = json!({ "targetingKey": format!("user-{user}"), "environment_id": env });
    let body = json!({ "flagKey": "checkout-colour", "context": context }).to_string();
    let answer = post(edge, "/evaluate", &[], &body)?;
    (answer.body["reason"] == "SPLIT").then(|| answer.body["variant"].as_str().unwrap().to_owned())
}

/// Sets the weights of the split.
fn weigh(world: &World, token: &str, (red, blue): (u32, u32)) {
    let config = json!({
        "enabled": true, "variants": { "red": "#f00", "blue": "#00f" }, "default": "red", "off": "red", "sticky": true,
        "criteria": [{ "split": [{ "variant": "red", "weight": red }, { "variant": "blue", "weight": blue }] }],
    });
    let input =
        json!({ "team": "demo", "feature": "checkout-colour", "environment": "dev", "config": config });
    let query = "mutation($input: EditStageInput!) { editStage(input: $input) { outcome } }";
    let done = ask(world, &[("Authorization", &format!("Bearer {token}"))], query, &input);
    assert_eq!(done["editStage"]["outcome"], "APPLIED");
}

fn ask(world: &World, headers: &[(&str, &str)], query: &str, input: &Value) -> Value {
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let answer = post(&world.address("backend"), "/graphql", headers, &body).unwrap();
    assert_eq!(answer.body["errors"], Value::Null, "{answer:#?}");
    answer.body["data"].clone()
}

fn sign_in(world: &World) -> String {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    let input = json!({ "username": "dev", "password": "demo-dev" });
    ask(world, &[], query, &input)["signIn"]["accessToken"].as_str().unwrap().to_owned()
}

#[test]
fn people_keep_their_variant_on_every_edge() {
    let world = World::start();
    let (dev, edge) = (world.env("dev"), format!("http://127.0.0.1:{}", world.port_base() + 1));
    let create = ["feature", "create", "checkout-colour", "--type", "contextual", "--enabled"];
    let variants = ["--variant", "red=\"#f00\"", "--variant", "blue=\"#00f\""];
    world.run("dev", &[&create[..], &variants].concat()).ends(0);
    let token = sign_in(&world);
    weigh(&world, &token, (50, 50));
    let variant = |user| until("the edge has it", || served(&edge, &dev, user), Option::is_some);
    let before: Vec<String> = (0..40).map(|user| variant(user).unwrap()).collect();
    assert!(before.iter().any(|variant| variant == "red") && before.iter().any(|variant| variant == "blue"));

    // Told while it ends, whenever the next flush would have been; and back, it knows nobody.
    let first = world.pid("edge");
    world.signal("edge", Signal::SIGTERM);
    until(
        "the edge is back",
        || world.dev(&["status", "-o", "json"]),
        |run| run.code == 0 && run.json()["pids"]["edge"] != first.as_raw(),
    );
    weigh(&world, &token, (0, 100));
    until(
        "the weights are there",
        || served(&edge, &dev, 1_000),
        |variant| variant.as_deref() == Some("blue"),
    );
    let second = SecondEdge::start(&world);
    until("the second edge serves", || served(&second.url, &dev, 1_001), Option::is_some);
    for edge in [&edge, &second.url] {
        for (user, before) in before.iter().enumerate() {
            until("the same as ever", || served(edge, &dev, user), |now| now.as_ref() == Some(before));
        }
        assert_eq!(served(edge, &dev, 1_002).as_deref(), Some("blue"), "whom nobody knew");
    }
    // The control plane says the same.
    let user = before.iter().position(|variant| variant == "red").unwrap();
    let eval = ["feature", "eval", "checkout-colour", "-e", "dev", "--key", &format!("user-{user}")];
    world.run("dev", &eval).ends(0).says("red");
    let explain = ["explain", "checkout-colour", "-e", "dev", "--key", &format!("user-{user}")];
    world.run("dev", &explain).ends(0).says("blue").says("kept assignments are not looked at");
    world
        .run("dev", &[&explain[..], &["--via", "backend"]].concat())
        .ends(0)
        .says("kept from before   ◀ red");
}
