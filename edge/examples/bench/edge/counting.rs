//! P10: what it costs to count an evaluation, beyond what nobody can do without: the name of somebody else each time, and
//! one addition.

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use fluxgate_edge::count::{Asked, Counting, Outcome};
use fluxgate_edge::flag::ServedFlag;
use fluxgate_engine::{FlagConfig, Reason};
use uuid::Uuid;

use super::Pace;
use super::table::{Rounds, Row, Table, Wanted};

/// How many flags are counted in turn?
const FLAGS: usize = 1_000;
/// How many evaluations are counted in a round?
const EVENTS: u64 = 1_000_000;
/// When are they counted?
const UNIX_MS: i64 = 1_800_000_000_000;

pub(crate) fn measure(pace: Pace, table: &mut Table) -> anyhow::Result<()> {
    let flags = (0..FLAGS).map(flag).collect::<anyhow::Result<Vec<_>>>()?;
    let counter = Arc::new(Counting::default()).counter();
    let additions = AtomicU64::new(0);
    let (mut reached, mut floor) = (Rounds::default(), Rounds::default());
    for round in 0..u64::from(pace.rounds) {
        let bare = each(|n| {
            black_box(unit(&mut [0; 32], round * EVENTS + n));
            additions.fetch_add(1, Relaxed);
        });
        let counting = each(|n| {
            let mut text = [0; 32];
            let unit = Some(unit(&mut text, round * EVENTS + n));
            let (environment, client) = (Uuid::from_u128(1), Uuid::from_u128(2));
            let asked = Asked { environment, client, unit, unix_ms: UNIX_MS };
            let flag = &flags[usize::try_from(n).unwrap_or_default() % FLAGS];
            counter.one(&asked, flag, Outcome::new(Some((n % 2) as u16), Reason::Split));
        });
        reached.push(counting - bare);
        floor.push(bare);
    }
    let what = format!("P10 counting an event, µs beyond a floor of {:.3}", floor.figure());
    table.put(Row { what, reached, floor: None, wanted: Wanted::AtMost(1.0, 0.5) })
}

fn flag(n: usize) -> anyhow::Result<Arc<ServedFlag>> {
    let json = r#"{"enabled":true,"variants":{"a":1,"b":2},"default":"a","off":"b"}"#;
    let config = FlagConfig::from_json(json)?;
    Ok(Arc::new(ServedFlag::compile(&format!("flag-{n}"), 1, &config, json.as_bytes())?))
}

/// Writes the name of a person.
fn unit(text: &mut [u8; 32], n: u64) -> &str {
    let mut rest: &mut [u8] = text;
    let written = write!(rest, "user-{n}").map(|()| 32 - rest.len()).unwrap_or_default();
    std::str::from_utf8(&text[..written]).unwrap_or_default()
}

/// Returns how many microseconds one takes.
fn each(event: impl FnMut(u64)) -> f64 {
    let began = Instant::now();
    (0..EVENTS).for_each(event);
    began.elapsed().as_secs_f64() * 1e6 / EVENTS as f64
}
