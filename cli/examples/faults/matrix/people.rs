//! Fills the new system over the admin API, and signs in.

use std::path::Path;
use std::time::Duration;

use fluxgate_client::change::{self, CreateFeatureInput};
use fluxgate_client::client::{self, CreateClientInput};
use fluxgate_client::environment::{self, CreateEnvironmentInput};
use fluxgate_client::pipeline::{self, CreatePipelineInput, PipelineStageInput};
use fluxgate_client::session::{self, BootstrapInput, Session, SignInInput};
use fluxgate_client::team::{self, CreateTeamInput, SetMemberInput};
use fluxgate_client::{Api, ClientKind, Credentials, EnvironmentType, FeatureKind, Role, Tokens};
use serde_json::{Value, json};

use super::Outcome;
use super::dev::ports::local;

pub(super) const TEAM: &str = "chaos";
pub(super) const ENVIRONMENT: &str = "dev";
/// How many flags are there?
pub(super) const FLAGS: usize = 4;

const ADMIN: &str = "admin";
const PASSWORD: &str = "faults-and-no-end";
/// How long may one request take? Less than anything is stopped for would be too little.
const PATIENCE: Duration = Duration::from_secs(6);

/// Keys of clients.
pub(super) struct Keys {
    pub(super) edges: String,
    /// Whoever asks an edge, one for each, so that what it counted can be told apart.
    pub(super) callers: Vec<String>,
    /// Whoever looks, whose evaluations are not compared.
    pub(super) watcher: String,
}

pub(super) fn flag(number: usize) -> String {
    format!("f{number}")
}

pub(super) fn caller(edge: usize) -> String {
    format!("caller-{edge}")
}

/// Returns a document that serves this text.
pub(super) fn document(text: &str) -> Value {
    json!({ "enabled": true, "variants": { "on": text, "off": "off" }, "default": "on", "off": "off" })
}

/// Signs in at a backend.
pub(super) async fn sign_in(port: u16) -> Outcome<(Api, Session)> {
    let api = Api::new(&format!("http://{}", local(port)), Credentials::None, PATIENCE)?;
    let input = SignInInput { username: ADMIN.to_owned(), password: PASSWORD.to_owned() };
    let session = session::sign_in(&api, input).await?;
    api.sign_with(Credentials::Session(Tokens::from(&session))).await;
    Ok((api, session))
}

/// Makes everything that is there before anything goes wrong.
pub(super) async fn fill(port: u16, token: &Path, edges: usize) -> Outcome<Keys> {
    let api = Api::new(&format!("http://{}", local(port)), Credentials::None, PATIENCE)?;
    let input = BootstrapInput {
        token: std::fs::read_to_string(token)?.trim().to_owned(),
        username: ADMIN.to_owned(),
        password: PASSWORD.to_owned(),
        name: None,
    };
    let session = session::bootstrap(&api, input).await?;
    api.sign_with(Credentials::Session(Tokens::from(&session))).await;
    structure(&api).await?;
    for number in 0..FLAGS {
        create(&api, flag(number)).await?;
    }
    let mut callers = Vec::new();
    for edge in 0..edges {
        callers.push(key(&api, &caller(edge), ClientKind::Backend).await?);
    }
    let edges = key(&api, "edges", ClientKind::Edge).await?;
    let watcher = key(&api, "watcher", ClientKind::Backend).await?;
    Ok(Keys { edges, callers, watcher })
}

async fn structure(api: &Api) -> Outcome<()> {
    team::create(api, CreateTeamInput { key: TEAM.to_owned(), name: None, description: None }).await?;
    let roles = vec![Role::Requester, Role::Approver, Role::TeamAdmin];
    let input = SetMemberInput { team: TEAM.to_owned(), username: ADMIN.to_owned(), roles };
    team::set_member(api, input).await?;
    let input = CreateEnvironmentInput {
        team: TEAM.to_owned(),
        key: ENVIRONMENT.to_owned(),
        name: None,
        type_: EnvironmentType::Development,
        colour: None,
    };
    environment::create(api, input).await?;
    let stages = vec![PipelineStageInput { environment: ENVIRONMENT.to_owned(), after: None }];
    let input = CreatePipelineInput { team: TEAM.to_owned(), key: "standard".to_owned(), name: None, stages };
    pipeline::create(api, input).await?;
    Ok(())
}

async fn create(api: &Api, key: String) -> Outcome<()> {
    let input = CreateFeatureInput {
        team: TEAM.to_owned(),
        key,
        name: None,
        description: None,
        kind: FeatureKind::Contextual,
        pipeline: None,
        tags: None,
        owner: None,
        config: Some(document("at first")),
        enabled: Some(true),
        reason: None,
        dry_run: None,
    };
    change::create_feature(api, input).await?;
    Ok(())
}

async fn key(api: &Api, name: &str, kind: ClientKind) -> Outcome<String> {
    let environment = (kind != ClientKind::Edge).then(|| ENVIRONMENT.to_owned());
    let input =
        CreateClientInput { team: TEAM.to_owned(), name: name.to_owned(), kind, environment, origins: None };
    Ok(client::create(api, input).await?.key)
}
