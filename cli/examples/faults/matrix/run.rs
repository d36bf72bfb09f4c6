//! One run from its first process to its report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::chance::Chance;
use super::injection::draw;
use super::report::Report;
use super::settle::settle;
use super::system::System;
use super::writer::{Work, Writer};
use super::{Outcome, Plan, figures, inject, load};

/// How much memory may a server take, in KiB? Several times what one takes when nothing happens.
const MOST_MEMORY: u64 = 384 * 1024;

/// Breaks a system as often as planned, and says what came of it.
pub(crate) async fn run(plan: &Plan, say: &(dyn Fn(&str) + Sync)) -> Outcome<Report> {
    say(&format!("seed {}", plan.seed));
    let began = Instant::now();
    let mut chance = Chance::new(plan.seed);
    let mut system = System::start(&plan.programs, plan.promised).await?;
    let (go, going) = watch::channel(true);
    let mut work = begin(&system, &going, plan.seed);
    let mut report = Report {
        violations: Vec::new(),
        seed: plan.seed,
        recoveries: BTreeMap::new(),
        took: Duration::ZERO,
        changes: 0,
        unanswered: 0,
        evaluations: 0,
        seen: 0,
        noticed: (0, 0),
        memory: (0, 0),
    };
    settle(&mut system, "at the start").await?;
    for (number, kind) in draw(plan.count, &mut chance).into_iter().enumerate() {
        let what = format!("{} {}", number + 1, kind.name());
        let since = Instant::now();
        inject::inject(&mut system, kind, &mut chance).await.map_err(|error| format!("{what}: {error}"))?;
        let after = since.elapsed();
        let took = settle(&mut system, &what).await?;
        report.recovered(kind, took);
        weigh(&system, &mut report);
        let (after, took) = (after.as_secs_f64(), took.as_millis());
        say(&format!("{:>4} {:<32} {after:>6.2} s, well again after {took} ms", number + 1, kind.name()));
    }
    system.desk.stop();
    go.send_replace(false);
    while work.join_next().await.is_some() {}
    finish(&mut system, &mut report).await?;
    report.took = began.elapsed();
    Ok(report)
}

/// Begins to change things, to evaluate, and to look.
fn begin(system: &System, going: &watch::Receiver<bool>, seed: u64) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let ports: Vec<u16> = system.backends.iter().map(|backend| backend.port).collect();
    for (work, number) in [(Work::Edits, 1), (Work::Kills, 2)] {
        let chance = Chance::new(seed.wrapping_add(number));
        tasks.spawn(Writer::new(Arc::clone(&system.desk), work, &ports, chance).run());
    }
    for (edge, number) in system.seen.iter().zip(3..) {
        let chance = Chance::new(seed.wrapping_add(number));
        let violations = Arc::clone(&system.violations);
        tasks.spawn(load::evaluate(Arc::clone(edge), violations, going.clone(), chance));
        tasks.spawn(load::look(Arc::clone(edge), going.clone()));
    }
    tasks
}

/// Looks at how much memory each server takes.
fn weigh(system: &System, report: &mut Report) {
    for (programs, most) in [(&system.backends, &mut report.memory.0), (&system.edges, &mut report.memory.1)]
    {
        for program in programs {
            let memory = program.memory().unwrap_or_default();
            if memory > MOST_MEMORY && *most <= MOST_MEMORY {
                system.violations.add(&format!("{} takes {} MiB", program.name, memory / 1024));
            }
            *most = memory.max(*most);
        }
    }
}

/// Compares what is left to compare once nothing happens any more: figures, and the digest of who knows only the database.
async fn finish(system: &mut System, report: &mut Report) -> Outcome<()> {
    figures::wait_until_told(system).await?;
    report.evaluations = figures::compare(system).await?;
    for edge in &system.seen {
        if !figures::nothing_given_up(edge).await? {
            system.violations.add(&format!("edge {} gave up evaluations", edge.number));
        }
        report.seen += edge.history().seen;
    }
    for backend in 0..system.backends.len() {
        system.backends[backend].end(nix::sys::signal::Signal::SIGTERM).await?;
        system.start_backend(backend).await?;
    }
    let fresh = system.fresh_edge().await?;
    let of = async |port| super::http::get(port, "/status").await.map(|reply| reply.body["digest"].clone());
    let (new, old) = (of(fresh.port).await, of(system.edges[0].port).await);
    match (new, old) {
        (Ok(new), Ok(old)) if new == old => {}
        different => system.violations.add(&format!("a fresh edge has another digest: {different:?}")),
    }
    for program in system.backends.iter().chain(&system.edges) {
        if program.said().contains("panicked at") {
            system.violations.add(&format!("{} panicked", program.name));
        }
    }
    (report.changes, report.unanswered) = (system.desk.written(), system.desk.refused());
    report.noticed = system.noticed;
    report.violations = system.violations.all();
    Ok(())
}
