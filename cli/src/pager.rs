//! Long results on a terminal go through a pager, as in git.
//!
//! To be called within a runtime, which takes the signals.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::screen::variable;

/// Which pager, and how, when nobody says?
const DEFAULT: &str = "less -FIRX";

/// Shows text through the pager; `None` when there is none that starts.
pub(crate) fn show(text: &str) -> Option<io::Result<()>> {
    let pager = std::env::var("FGCTL_PAGER").ok().or_else(|| variable("PAGER"));
    let pager = pager.unwrap_or_else(|| DEFAULT.to_owned());
    let mut words = pager.split_whitespace();
    // An empty FGCTL_PAGER means none.
    let program = words.next().filter(|program| *program != "cat")?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FIRX");
    }
    let mut child = command.spawn().ok()?;
    // Ctrl-C is the pager's from here on: a handler that nobody reads keeps it from ending this process.
    let _interrupts = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(text.as_bytes()),
        None => Ok(()),
    };
    Some(match (written, child.wait()) {
        // Who leaves a pager early has seen enough.
        (Err(error), _) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        (_, Err(error)) => Err(error),
        (_, Ok(_)) => Ok(()),
    })
}
