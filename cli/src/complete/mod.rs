//! Completion of what only the server knows: keys of features, environments, numbers of open changes.
//!
//! `COMPLETE=bash fgctl` prints the script that calls back here. What it is told comes from a cache of a minute; the
//! server is asked for at most 150 ms, and what it knew before is good enough when it does not answer. Of everything else,
//! such as clients, it knows what commands showed, and asks nobody.

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

/// Keeps the names that a command showed, for completion, or forgets those of what it ended. What cannot be kept is no loss.
pub(crate) fn learn(shell: &Shell, names: &[String], ended: bool) {
    let named = |kind: Kind| names.iter().filter_map(|name| kind.named(name)).collect::<Vec<_>>();
    let shown = kind::LEARNED.into_iter().map(|kind| (kind, named(kind)));
    let shown = shown.filter(|(_, names)| !names.is_empty());
    let (everywhere, here): (Vec<_>, Vec<_>) = shown.partition(|(kind, _)| kind.is_of_server());
    if everywhere.is_empty() && here.is_empty() {
        return;
    }
    let Ok(server) = shell.server() else {
        return;
    };
    for (team, shown) in [(Some(String::new()), everywhere), (shell.team().ok(), here)] {
        let (Some(team), false) = (team, shown.is_empty()) else { continue };
        let mut known = Known::read(&server, &team);
        let is_other = if ended { known.forget(&shown) } else { known.add(&shown) };
        if is_other {
            known.write();
        }
    }
}

/// Returns what a word may be.
fn candidates(kind: Kind) -> Vec<CompletionCandidate> {
    // Whatever goes wrong: there is nothing to complete, and nobody to tell.
    let names = match kind {
        Kind::Context => contexts(),
        Kind::Feature | Kind::Environment | Kind::Change => known().map(|known| known.of(kind).to_vec()),
        Kind::Watched => {
            let words = crate::command::watched().map(str::to_owned);
            let features = known().map(|known| known.of(kind).to_vec());
            Some(words.chain(features.into_iter().flatten()).collect())
        }
        Kind::Team => Some(teams()),
        _ => learned(kind),
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

/// Returns the teams that commands showed, and those of saved contexts.
fn teams() -> Vec<String> {
    let mut teams = learned(Kind::Team).unwrap_or_default();
    let contexts = shell().and_then(|shell| Some(shell.config().ok()?.contexts()));
    teams.extend(contexts.into_iter().flatten().filter_map(|context| context.team));
    teams.sort();
    teams.dedup();
    teams
}

/// Returns what commands showed of a kind.
fn learned(kind: Kind) -> Option<Vec<String>> {
    let shell = shell()?;
    let team = if kind.is_of_server() { String::new() } else { shell.team().ok()? };
    Some(Known::read(&shell.server().ok()?, &team).of(kind).to_vec())
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
