//! Knowing a process again later: its number alone may by then belong to another one, so the moment of its start is
//! kept beside it.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// How often is a process looked at that was told to end?
const LOOK: Duration = Duration::from_millis(20);

/// One process, told apart from a later one with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) pid: i32,
    started: String,
}

impl Mark {
    /// Returns the mark of a process that runs now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, started: started(pid)? })
    }

    /// Returns the mark of a child that was just started.
    pub(crate) fn of_child(id: Option<u32>) -> Option<Self> {
        i32::try_from(id?).ok().and_then(Self::of)
    }

    /// Tells whether this very process still runs. One that ended and was not collected does not.
    pub(crate) fn alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }

    /// Tells whether this stands in the command line of the process.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        command(self.pid).is_some_and(|command| command.contains(text))
    }

    /// Sends a signal, if the process is still this one.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.alive() {
            // It may end between the two calls; then there is nobody left to tell.
            let _: Result<(), Errno> = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// Ends the process: each signal in turn, with the time that it is given to act on it.
    pub(crate) async fn stop(&self, signals: &[(Signal, Duration)]) -> bool {
        for (signal, patience) in signals {
            self.signal(*signal);
            if self.gone_within(*patience).await {
                return true;
            }
        }
        false
    }

    /// Waits until the process has ended; false when it has not in time.
    pub(crate) async fn gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.alive() {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }
}

/// Returns when a process started, in the kernel's own words.
#[cfg(target_os = "linux")]
fn started(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, spaces and parentheses too; what follows the last one is fixed.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ended = matches!(*fields.first()?, "Z" | "X");
    fields.get(19).filter(|_| !ended).map(|ticks| (*ticks).to_owned())
}

/// Returns a process's command line.
#[cfg(target_os = "linux")]
fn command(pid: i32) -> Option<String> {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&command).replace('\0', " "))
}

/// Returns when a process started, as `ps` tells it.
#[cfg(not(target_os = "linux"))]
fn started(pid: i32) -> Option<String> {
    let ended = ps("stat=", pid)?.starts_with('Z');
    ps("lstart=", pid).filter(|_| !ended)
}

/// Returns a process's command line.
#[cfg(not(target_os = "linux"))]
fn command(pid: i32) -> Option<String> {
    ps("command=", pid)
}

#[cfg(not(target_os = "linux"))]
fn ps(column: &str, pid: i32) -> Option<String> {
    let output =
        std::process::Command::new("ps").args(["-o", column, "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Some(text).filter(|text| output.status.success() && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_is_known_again_and_ends() {
        let mut child = tokio::process::Command::new("sleep").arg("60").spawn().unwrap();
        let mark = Mark::of_child(child.id()).unwrap();
        // A process that has just begun shows its command line a moment after it was started.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while !mark.mentions("sleep 60") && std::time::Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert!(mark.alive() && mark.mentions("sleep 60"));
        assert!(
            !Mark { started: "0".to_owned(), ..mark.clone() }.alive(),
            "another start is another process"
        );
        assert!(mark.stop(&[(Signal::SIGTERM, Duration::from_secs(10))]).await);
        child.wait().await.unwrap();
    }
}
