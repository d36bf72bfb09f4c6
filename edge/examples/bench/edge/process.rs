//! Programs that are measured: each on a core of its own, ended when they are dropped.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// Where a program may run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cores {
    /// What is measured.
    First,
    /// What asks it.
    Second,
    Any,
}

/// A program that runs until it is dropped.
pub(crate) struct Process(Child);

/// Prepares a program for its cores.
pub(crate) fn program(path: &str, cores: Cores) -> Command {
    let core = match cores {
        Cores::First => "0",
        Cores::Second => "1",
        Cores::Any => return Command::new(path),
    };
    let mut command = Command::new("taskset");
    command.args(["-c", core, path]);
    command
}

/// Runs a program to its end and returns what it said.
pub(crate) fn said(command: &mut Command) -> anyhow::Result<String> {
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("cannot run {command:?}"))?;
    let errors = String::from_utf8_lossy(&stderr);
    ensure!(status.success(), "{command:?} failed: {errors}");
    Ok(String::from_utf8(stdout)?)
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let started = command.stdin(Stdio::null()).spawn();
        Ok(Self(started.with_context(|| format!("cannot start {command:?}"))?))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Returns how long its threads have been on a core.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut sum = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.id()))? {
            // A thread may have ended since.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let on_core = text.split_whitespace().next().context("no schedstat")?;
            sum += Duration::from_nanos(on_core.parse()?);
        }
        Ok(sum)
    }

    /// Returns how much memory it has, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        said(Command::new("kill").args([&format!("-{name}"), &self.id().to_string()])).map(drop)
    }

    /// Tells it to end, and waits for that.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        let status = self.0.wait()?;
        ensure!(status.success(), "ended with {status}");
        Ok(())
    }

    /// Waits until it has ended by itself, and returns what it said.
    pub(crate) fn output(mut self) -> anyhow::Result<String> {
        let mut said = String::new();
        if let Some(mut out) = self.0.stdout.take() {
            std::io::Read::read_to_string(&mut out, &mut said)?;
        }
        ensure!(self.0.wait()?.success(), "a program failed");
        Ok(said)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
