//! A short draw of what `scripts/faults` does a hundred times: a real system is broken at random, and nothing is ever wrong.

use std::path::Path;
use std::time::Duration;

#[path = "../../examples/faults/matrix/mod.rs"]
mod matrix;

use matrix::{Plan, any_seed, run};

/// How many injections are there? More take longer than everybody wants to wait each time.
const COUNT: usize = 6;

/// How soon must everything be well? `scripts/faults` holds the promise of five seconds; here other tests take the machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn whatever_breaks_nothing_wrong_is_served_and_nothing_is_lost() {
    let programs = Path::new(env!("CARGO_BIN_EXE_fgctl")).parent().unwrap().to_owned();
    // A run that failed can be made again: scripts/faults 6 SEED
    let plan = Plan { count: COUNT, seed: any_seed(), promised: PATIENCE, programs };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(run(&plan, &|text| println!("{text}"))).unwrap();
    println!("{report}");
    assert!(report.violations.is_empty(), "seed {}: {:#?}", plan.seed, report.violations);
}
