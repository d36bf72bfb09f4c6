//! What runs, where, and with which credentials: a promise to scripts.

use std::collections::BTreeMap;

use fluxgate_client::Role;
use serde::Serialize;
use uuid::Uuid;

use super::demo::{TEAM, USERS};
use super::fault::Fault;
use super::folder::{Folder, read_if_there};
use super::health;
use super::journal::{Phase, Run};
use super::part::Part;
use super::settings::Settings;

/// A system that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) backend: String,
    pub(crate) edge: String,
    pub(crate) grpc: String,
    pub(crate) database_url: String,
    pub(crate) team: &'static str,
    pub(crate) environments: BTreeMap<String, Uuid>,
    pub(crate) users: Vec<User>,
    pub(crate) client: ClientKey,
    pub(crate) pids: Pids,
}

/// Someone who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) roles: [Role; 1],
}

/// What a caller of the edge needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ClientKey {
    pub(crate) id: Uuid,
    pub(crate) key: String,
}

/// The processes; nothing for one that is not there, and for a database that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Pids {
    pub(crate) postgres: Option<i32>,
    pub(crate) backend: Option<i32>,
    pub(crate) edge: Option<i32>,
}

/// How a system is.
#[derive(Debug)]
pub(crate) enum State {
    /// Nothing runs.
    Absent,
    /// It is on its way up; what it does just now.
    Starting(Option<String>),
    /// It is up, but these parts do not answer.
    Failing(Box<Status>, Vec<Part>),
    /// All of it answers.
    Healthy(Box<Status>),
}

/// Returns how the system of a folder is.
pub(crate) async fn look(folder: &Folder) -> Result<State, Fault> {
    if folder.look()?.is_some() {
        return Ok(State::Absent);
    }
    let Some(run) = Run::read(folder)?.filter(|run| run.supervisor.alive()) else {
        return Ok(State::Starting(None));
    };
    match run.phase {
        Phase::Starting => return Ok(State::Starting(run.doing)),
        Phase::Failed(_) => return Ok(State::Absent),
        Phase::Ready => {}
    }
    let Some(settings) = Settings::read(folder)? else { return Ok(State::Starting(run.doing)) };
    let mut failing = Vec::new();
    if settings
        .cluster()
        .is_some_and(|cluster| !run.mark(Part::Postgres).is_some_and(|m| cluster.ready(m.pid)))
    {
        failing.push(Part::Postgres);
    }
    if !health::ok(run.ports.http, "/readyz").await {
        failing.push(Part::Backend);
    }
    if !health::ok(run.ports.edge, "/health").await {
        failing.push(Part::Edge);
    }
    let status = Box::new(describe(folder, &settings, &run)?);
    Ok(if failing.is_empty() { State::Healthy(status) } else { State::Failing(status, failing) })
}

/// Puts together what is known of a run.
pub(crate) fn describe(folder: &Folder, settings: &Settings, run: &Run) -> Result<Status, Fault> {
    let damaged = || Fault::new("the demo data are not all there").hint("fgctl dev --reset starts anew");
    let demo = settings.demo.as_ref().ok_or_else(damaged)?;
    let key = read_if_there(&folder.callers_key())?.ok_or_else(damaged)?;
    let pid = |part| run.mark(part).filter(|mark| mark.alive()).map(|mark| mark.pid);
    Ok(Status {
        backend: run.ports.backend_url(),
        edge: run.ports.edge_url(),
        grpc: run.ports.grpc_url(),
        database_url: settings.database_url(),
        team: TEAM,
        environments: demo.environments.clone(),
        users: USERS
            .iter()
            .map(|user| User { username: user.username, password: user.password, roles: [user.role.clone()] })
            .collect(),
        client: ClientKey { id: demo.client, key: key.trim().to_owned() },
        pids: Pids { postgres: pid(Part::Postgres), backend: pid(Part::Backend), edge: pid(Part::Edge) },
    })
}
