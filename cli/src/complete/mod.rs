//! Completion of what only the server knows: keys of features, environments, numbers of open changes.
//!
//! `COMPLETE=bash fgctl` prints the script that calls back here. What it is told comes from a cache of a minute; the
//! server is asked for at most 150 ms, and what it knew before is good enough when it does not answer.

mod cache;
mod kind;

use std::time::Duration;

use chrono::TimeDelta;
use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;
use fluxgate_client::{clock, names};

use crate::output::Showing;
use crate::screen::variable;
use crate::shell::{Globals, Shell};
use cache::Known;
pub(crate) use kind::Kind;

/// How long may a key press take?
const DEADLINE: Duration = Duration::from_millis(150);

/// For how long is what was known not asked for again?
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// Answers a shell that completes, and ends; does nothing for everybody else.
pub(crate) fn answer() {
    if variable("COMPLETE").is_some() {
        CompleteEnv::with_factory(|| kind::attach(crate::Cli::command())).bin("fgctl").complete();
    }
}

/// Keeps the names that a command showed, for completion. What cannot be kept is no loss.
pub(crate) fn learn(shell: &Shell, names: &[String]) {
    let named = |kind: Kind| names.iter().filter_map(move |name| name.strip_prefix(kind.prefix()));
    if [Kind::Feature, Kind::Environment, Kind::Change].into_iter().all(|kind| named(kind).next().is_none()) {
        return;
    }
    let (Ok(server), Ok(team)) = (shell.server(), shell.team()) else {
        return;
    };
    let mut known = Known::read(&server, &team);
    if known.add(&[Kind::Feature, Kind::Environment].map(|kind| (kind, named(kind).collect()))) {
        known.write();
    }
}

/// Returns what a word may be.
fn candidates(kind: Kind) -> Vec<CompletionCandidate> {
    // Whatever goes wrong: there is nothing to complete, and nobody to tell.
    let names = match kind {
        Kind::Context => contexts(),
        kind => known().map(|known| known.of(kind).to_vec()),
    };
    let harmless = |name: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !name.is_empty() && !name.starts_with('-') && name.chars().all(plain)
    };
    names.unwrap_or_default().into_iter().filter(harmless).map(CompletionCandidate::new).collect()
}

fn contexts() -> Option<Vec<String>> {
    let shell = shell()?;
    let contexts = shell.config().ok()?.contexts();
    Some(contexts.into_iter().map(|context| context.name).collect())
}

fn known() -> Option<Known> {
    let shell = shell()?;
    let (server, team) = (shell.server().ok()?, shell.team().ok()?);
    let mut known = Known::read(&server, &team);
    let now = clock::now();
    if known.asked_at.is_some_and(|at| at <= now && now - at < FRESH) {
        return Some(known);
    }
    known.asked_at = Some(now);
    match ask(&shell, &team) {
        Some(names) => known.replace(names),
        // Not again with the very next key.
        None => known.asked_at = Some(now - FRESH + TimeDelta::seconds(5)),
    }
    known.write();
    Some(known)
}

fn ask(shell: &Shell, team: &str) -> Option<names::Names> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let api = shell.api_for_a_moment(DEADLINE)?;
    let asked = async { tokio::time::timeout(DEADLINE, names::list(&api, team)).await };
    let answer = runtime.block_on(asked);
    // A look-up of the server's name may go on; nobody waits for it.
    runtime.shutdown_background();
    answer.ok()?.ok()
}

/// Returns what the line so far says of server and team.
fn shell() -> Option<Shell> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let setting = |flag: &str, variable_: &str| {
        let typed = words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(flag)? {
            "" => words.get(index + 1).cloned(),
            rest => rest.strip_prefix('=').map(str::to_owned),
        });
        typed.or_else(|| variable(variable_))
    };
    Shell::new(Globals {
        context: setting("--context", "FGCTL_CONTEXT"),
        server: setting("--server", "FGCTL_SERVER"),
        team: setting("--team", "FGCTL_TEAM"),
        showing: Showing::default(),
        timeout: None,
        no_input: true,
    })
    .ok()
}
