//! Runs files of vectors and prints how many passed: `vectors FILE…`.

#[path = "../tests/engine/runner.rs"]
mod runner;

use std::io::Write;
use std::process::ExitCode;

/// How many failures are shown?
const SHOWN: usize = 10;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        return Err("usage: vectors FILE…".into());
    }
    let mut total = runner::Outcome::default();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        let vectors = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let outcome = runner::run(&vectors);
        if outcome.passed == 0 && outcome.failures.is_empty() {
            return Err(format!("{name}: has no vectors").into());
        }
        total.passed += outcome.passed;
        total.failures.extend(outcome.failures);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} passed, {} failed", total.passed, total.failures.len())?;
    for failure in total.failures.iter().take(SHOWN) {
        writeln!(out, "{failure}")?;
    }
    Ok(match total.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
