//! Ending a system from outside: its supervisor does it in order, or we do when there is none left.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::fault::Fault;
use super::folder::Folder;
use super::journal::Run;
use super::leftovers;

/// How long may a system take to end? Each of its parts has some patience of its own.
const PATIENCE: Duration = Duration::from_secs(45);

/// How often is it looked at?
const LOOK: Duration = Duration::from_millis(20);

/// Stops the system of a folder; false when none ran. Whatever is left over counts too.
pub(crate) async fn stop(folder: &Folder) -> Result<bool, Fault> {
    let deadline = Instant::now() + PATIENCE;
    let mut told = None;
    while Instant::now() < deadline {
        if let Some(_lock) = folder.lock()? {
            let left = leftovers::stop(folder).await?;
            super::folder::remove(&folder.run())?;
            return Ok(told.is_some() || !left.is_empty());
        }
        // One that is just being started has the lock before it has a journal.
        if let Some(run) = Run::read(folder)?
            && told.as_ref() != Some(&run.supervisor)
        {
            run.supervisor.signal(Signal::SIGTERM);
            told = Some(run.supervisor);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Fault::new(format!("it does not end within {} s", PATIENCE.as_secs()))
        .hint(format!("its log is {}", folder.own_log().display())))
}
