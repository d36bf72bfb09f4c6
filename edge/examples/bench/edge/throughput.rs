//! P1, P2 and P4: how many requests a core answers, and what one costs.

use super::Pace;
use super::furnish::{Team, bulk, single};
use super::load::{Pair, most};
use super::system::System;
use super::table::{Rounds, Row, Table, Wanted};

const SINGLE: &str = "/evaluate";
const BULK: &str = "/ofrep/v1/evaluate/flags";

pub(crate) fn measure(
    system: &System,
    (pair, team): (&Pair, &Team),
    pace: Pace,
    table: &mut Table,
) -> anyhow::Result<()> {
    let (body, bulk) = (single()?, bulk());
    let [asked, all] = [(&team.caller_key[..], &body[..]), (&team.caller_key, &bulk)];
    let edge = (&pair.edge, &pair.edge_at[..], SINGLE);
    let floor = (&pair.floor, &pair.floor_at[..], SINGLE);
    let edge_bulk = (&pair.edge, &pair.edge_at[..], BULK);
    most(system, edge, asked, 1)?;
    most(system, floor, asked, 1)?;
    most(system, edge_bulk, all, 1)?;
    let [mut rate, mut rate_floor, mut cpu, mut cpu_floor, mut rate_bulk] =
        [(); 5].map(|()| Rounds::default());
    for _ in 0..pace.rounds {
        let reached = most(system, edge, asked, pace.seconds)?;
        let bare = most(system, floor, asked, pace.seconds)?;
        rate.push(reached.a_second);
        cpu.push(reached.cpu_us);
        rate_floor.push(bare.a_second);
        cpu_floor.push(bare.cpu_us);
        rate_bulk.push(most(system, edge_bulk, all, pace.seconds)?.a_second);
    }
    table.put(Row {
        what: "P1 one flag, requests/s".to_owned(),
        reached: rate,
        floor: Some(rate_floor.clone()),
        wanted: Wanted::AtLeast(0.7, 0.8),
    })?;
    table.put(Row {
        what: "P2 one flag, CPU µs a request".to_owned(),
        reached: cpu,
        floor: Some(cpu_floor),
        wanted: Wanted::AtMost(1.5, 1.3),
    })?;
    table.put(Row {
        what: format!("P4 {} flags a request, requests/s of P1's floor", team.flags),
        reached: rate_bulk,
        floor: Some(rate_floor),
        wanted: Wanted::AtLeast(0.03, 0.06),
    })
}
