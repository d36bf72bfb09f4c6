//! A program on a terminal of its own, and how many bytes it wrote there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

/// A running program and what it wrote.
pub(crate) struct Screen {
    child: Child,
    keys: File,
    written: Arc<(Mutex<Written>, Condvar)>,
}

#[derive(Default)]
struct Written {
    text: Vec<u8>,
    at: Option<Instant>,
}

impl Screen {
    /// Starts a program on a terminal of 120 by 36.
    pub(crate) fn start(program: &str, args: &[&str]) -> io::Result<Self> {
        let size = Winsize { ws_row: 36, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None)?;
        let end = || pty.slave.try_clone().map(Stdio::from);
        let mut command = Command::new(program);
        command.args(args).stdin(end()?).stdout(end()?).stderr(end()?).env("TERM", "xterm-256color");
        let child = command.spawn()?;
        drop(command);
        let keys = File::from(pty.master);
        let mut output = keys.try_clone()?;
        let written: Arc<(Mutex<Written>, Condvar)> = Arc::default();
        let tell = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(bytes @ 1..) = output.read(&mut buffer) {
                let mut written = tell.0.lock().unwrap_or_else(PoisonError::into_inner);
                written.text.extend_from_slice(&buffer[..bytes]);
                written.at = Some(Instant::now());
                tell.1.notify_all();
            }
        });
        Ok(Self { child, keys, written })
    }

    /// Presses keys, as a terminal sends them.
    pub(crate) fn press(&self, keys: &[u8]) {
        let _ = (&self.keys).write_all(keys);
    }

    /// Returns how many bytes it wrote.
    pub(crate) fn seen(&self) -> usize {
        self.written.0.lock().unwrap_or_else(PoisonError::into_inner).text.len()
    }

    /// Waits until it has written text in one piece.
    pub(crate) fn wait_for(&self, text: &str, patience: Duration) {
        self.until(patience, |written| {
            written.text.windows(text.len()).any(|piece| piece == text.as_bytes())
        });
    }

    /// Waits until it has written more.
    pub(crate) fn more_than(&self, before: usize, patience: Duration) {
        self.until(patience, |written| written.text.len() > before);
    }

    fn until(&self, patience: Duration, wanted: impl Fn(&Written) -> bool) {
        let deadline = Instant::now() + patience;
        let mut written = self.written.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !wanted(&written) {
            assert!(Instant::now() < deadline, "not within {patience:?}");
            let waited = self.written.1.wait_timeout(written, Duration::from_millis(100));
            written = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until nothing was written for so long.
    pub(crate) fn quiet(&self, span: Duration, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let last = self.written.0.lock().unwrap_or_else(PoisonError::into_inner).at;
            let rest = last.map_or(span, |at| span.saturating_sub(at.elapsed()));
            if rest.is_zero() || Instant::now() > deadline {
                return;
            }
            std::thread::sleep(rest);
        }
    }

    /// Returns how much time of a core it took so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        // User and system time, in hundredths of a second as on every Linux.
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Returns how much memory it holds, in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
