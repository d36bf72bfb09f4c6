//! `scripts/faults`: breaks a running system at random, so often, and says whether anything was ever wrong.

mod matrix;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use matrix::report::Report;
use matrix::{Outcome, Plan};

/// How many injections are there when nobody says?
const USUAL: usize = 100;

/// How soon after the end of a fault must everything be well?
const PROMISED: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(report) if report.violations.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // When even that cannot be written, the exit code still says it.
            let _ = writeln!(io::stderr(), "faults: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Outcome<Report> {
    let mut args = std::env::args().skip(1);
    let count =
        number(args.next(), "how many injections")?.map(usize::try_from).transpose()?.unwrap_or(USUAL);
    let seed = number(args.next(), "the seed")?;
    if args.next().is_some() {
        return Err("usage: scripts/faults [COUNT] [SEED]".into());
    }
    let own = std::env::current_exe()?;
    let programs = own.ancestors().nth(2).ok_or("this program stands in no folder of examples")?.to_owned();
    let plan = Plan { count, seed: seed.unwrap_or_else(matrix::any_seed), promised: PROMISED, programs };
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Whatever was started ends with what is dropped here.
    let report = tokio::select! {
        report = matrix::run(&plan, &say) => report?,
        _ = interrupt.recv() => return Err("interrupted".into()),
        _ = terminate.recv() => return Err("terminated".into()),
    };
    say(&report.to_string());
    Ok(report)
}

fn number(text: Option<String>, what: &str) -> Outcome<Option<u64>> {
    let Some(text) = text else { return Ok(None) };
    let read = text
        .parse()
        .map_err(|_| format!("{what} is a number, not {text:?}: scripts/faults [COUNT] [SEED]"))?;
    Ok(Some(read))
}

fn say(text: &str) {
    // Whoever reads may have gone; the run goes on.
    let _ = writeln!(io::stdout(), "{text}");
}
