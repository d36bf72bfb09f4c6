//! A server that answers as it is told, and counts what it was asked; and `fgctl` in a folder of its own beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::Run;

/// What is answered to a request's body: all bytes, from the status line on.
type Answer = dyn Fn(&str, &mut TcpStream) + Send + Sync;

/// A server, and a folder.
pub(crate) struct Fake {
    place: TempDir,
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    /// Starts a server that writes its answers itself.
    pub(crate) fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (answer, counted): (Arc<Answer>, _) = (Arc::new(answer), asked.clone());
        // Ends with the process: nothing waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, counted) = (answer.clone(), counted.clone());
                std::thread::spawn(move || serve(stream, &*answer, &counted));
            }
        });
        Self { place: tempfile::tempdir().unwrap(), address, asked }
    }

    /// Starts a server that answers everything with one status and body.
    pub(crate) fn saying(status: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::new(move |_, stream| {
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        })
    }

    /// Starts a server that answers everything with this JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::saying("200 OK", body.to_string())
    }

    /// Runs `fgctl` against it.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.with(&[], &[args, &["--server", &self.address, "--team", "demo"]].concat())
    }

    /// Runs `fgctl` with variables, and nothing that says which server.
    pub(crate) fn with(&self, vars: &[(&str, &str)], args: &[&str]) -> Run {
        run(self.command(env!("CARGO_BIN_EXE_fgctl"), vars).args(args))
    }

    /// Runs a script in which `$FGCTL` is `fgctl`.
    pub(crate) fn script(&self, vars: &[(&str, &str)], script: &str) -> Run {
        let mut command = self.command("bash", vars);
        command.env("FGCTL", env!("CARGO_BIN_EXE_fgctl")).arg("-c").arg(script);
        run(&mut command)
    }

    /// Prepares a program in its folder, with nothing of the environment's own settings.
    pub(crate) fn command(&self, program: &str, vars: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LANG", "C.UTF-8").env("TERM", "xterm").env("HOME", self.place());
        command.env("FGCTL_CONFIG_DIR", self.place().join("config"));
        command.env("XDG_CACHE_HOME", self.place().join("cache"));
        command.envs(vars.iter().copied()).current_dir(self.place()).stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.place().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Returns how many requests arrived.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, asked: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() && length > 0 {
        asked.fetch_add(1, Ordering::SeqCst);
        answer(&String::from_utf8_lossy(&body), &mut stream);
    }
}

fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
