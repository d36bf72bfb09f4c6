//! The real program, where a test kills it or limits what it may do.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::peer::{Peer, Seen};
use crate::world::EDGE_KEY;

/// The real program, ended with the test.
pub(crate) struct Program {
    child: Child,
    seen: Seen,
}

impl Program {
    /// Starts one that keeps its state in a folder and seals every second; its log stands beside it. `limits` is what a shell
    /// does before.
    pub(crate) fn start(peer: &Peer, folder: &Path, limits: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limits} exec \"$0\""), env!("CARGO_BIN_EXE_fluxgate-edge")]);
        command.env_clear().env("EDGE_CLIENT_SECRET", EDGE_KEY).env("EDGE_STATE_DIR", folder.join("state"));
        command.env("EDGE_BACKEND_GRPC", format!("http://{}", peer.address));
        command.env("EDGE_HTTP_ADDR", format!("127.0.0.1:{port}")).env("EDGE_EVALUATION_FLUSH_SECS", "1");
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { child, seen: Seen::at(port) }
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits until it has ended, while its peer goes on.
    pub(crate) async fn ended(mut self) {
        tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap();
    }
}

impl Deref for Program {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.seen
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
