//! P9: from the start of an edge to its first answer, through a snapshot; and that snapshot for many edges at once.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::Pace;
use super::furnish::Team;
use super::process::{Cores, Process, said};
use super::system::System;
use super::table::{Rounds, Row, Table, Wanted};

/// How many edges take in a snapshot at once?
const CROWD: &str = "50";

pub(crate) fn measure(system: &System, team: &Team, pace: Pace, table: &mut Table) -> anyhow::Result<()> {
    let crowd = |edges: &str, what: &str| {
        system.part(&["crowd", &system.grpc, &team.edge_key, edges, what], Cores::Any)
    };
    // The backend encodes a snapshot once; the first to ask would wait for that.
    said(&mut crowd("1", "floor"))?;
    let (mut start, mut start_floor) = (Rounds::default(), Rounds::default());
    let (mut many, mut many_floor) = (Rounds::default(), Rounds::default());
    for _ in 0..pace.rounds {
        let began = Instant::now();
        let edge = Process::start(&mut system.edge(team, Cores::Any))?;
        system.answer(team)?;
        start.push(since(began));
        drop(edge);
        start_floor.push(whole(&mut crowd("1", "floor"))?);
        many.push(said(&mut crowd(CROWD, "edge"))?.trim().parse()?);
        many_floor.push(said(&mut crowd(CROWD, "floor"))?.trim().parse()?);
    }
    let flags = team.flags;
    table.put(Row {
        what: format!("P9 {flags} flags, start to first answer, ms"),
        reached: start,
        floor: Some(start_floor),
        wanted: Wanted::AtMost(6.0, 3.0),
    })?;
    table.put(Row {
        what: format!("   a snapshot of {flags} flags to {CROWD} edges at once, ms"),
        reached: many,
        floor: Some(many_floor),
        wanted: Wanted::Nothing,
    })
}

/// Runs a program and returns how long that took from its start.
fn whole(command: &mut Command) -> anyhow::Result<f64> {
    let began = Instant::now();
    Process::start(command.stdout(Stdio::piped()))?.output()?;
    Ok(since(began))
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}
