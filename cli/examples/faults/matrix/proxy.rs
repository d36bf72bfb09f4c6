//! A TCP proxy between one edge and one backend that does what networks do.

use std::io;
use std::net::SocketAddrV4;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::dev::ports::local;

/// How much does the network hold? Little, so that a backend soon feels a slow edge.
const HELD: u32 = 16 * 1024;
/// What is spoiled has at least so many bytes at once: it is a delta and no answer to anything else.
const SPOILABLE: usize = 700;
/// How often a second is a throttled connection let on?
const TICKS: u32 = 20;

/// How the network is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    Well,
    /// What is open is closed, what is opened is closed at once.
    Cut,
    /// Nothing goes through and nothing is closed.
    Hung,
    /// Everything takes so much longer.
    Slow(Duration),
    /// So many bytes a second to the edge.
    Narrow(u32),
    /// A byte of what the edge gets is another, once.
    Spoiling,
}

#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) port: u16,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Begins to carry connections to a port.
    pub(super) async fn start(to: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(local(0)).await?;
        let port = listener.local_addr()?.port();
        let (mode, _) = watch::channel(Mode::Well);
        let task = tokio::spawn(accept(listener, local(to), mode.clone()));
        Ok(Self { port, mode, task })
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Tells whether what was to be spoiled has come by.
    pub(super) fn has_spoiled(&self) -> bool {
        *self.mode.borrow() == Mode::Well
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, to: SocketAddrV4, mode: watch::Sender<Mode>) {
    while let Ok((edge, _)) = listener.accept().await {
        let mode = mode.clone();
        tokio::spawn(async move {
            // A connection that breaks is closed on both sides, which is all there is to say.
            let _ = carry(edge, to, mode).await;
        });
    }
}

async fn carry(edge: TcpStream, to: SocketAddrV4, mode: watch::Sender<Mode>) -> io::Result<()> {
    let mut watching = mode.subscribe();
    let through = async {
        through(&mut mode.subscribe()).await;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(HELD)?;
        let backend = socket.connect(to.into()).await?;
        edge.set_nodelay(true)?;
        backend.set_nodelay(true)?;
        let ((from_edge, to_edge), (from_backend, to_backend)) = (edge.into_split(), backend.into_split());
        let mut up = Pump { from: from_edge, to: to_backend, mode: mode.clone(), to_edge: false };
        let mut down = Pump { from: from_backend, to: to_edge, mode: mode.clone(), to_edge: true };
        tokio::select! {
            ended = up.run() => ended,
            ended = down.run() => ended,
        }
    };
    tokio::select! {
        ended = through => ended,
        _ = watching.wait_for(|mode| *mode == Mode::Cut) => Ok(()),
    }
}

/// Waits until something goes through.
async fn through(mode: &mut watch::Receiver<Mode>) {
    // The sender lives as long as the connection.
    let _ = mode.wait_for(|mode| *mode != Mode::Hung).await;
}

/// One direction.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    mode: watch::Sender<Mode>,
    to_edge: bool,
}

impl Pump {
    async fn run(&mut self) -> io::Result<()> {
        let mut mode = self.mode.subscribe();
        let mut buffer = vec![0; 8 * 1024];
        loop {
            let room = match *mode.borrow_and_update() {
                Mode::Narrow(rate) if self.to_edge => usize::try_from(rate / TICKS).unwrap_or(1).max(1),
                _ => buffer.len(),
            };
            let read = self.from.read(&mut buffer[..room]).await?;
            through(&mut mode).await;
            if read == 0 {
                return Ok(());
            }
            let now = *mode.borrow();
            match now {
                Mode::Slow(longer) => sleep(longer).await,
                Mode::Narrow(_) if self.to_edge => sleep(Duration::from_secs(1) / TICKS).await,
                Mode::Spoiling if self.to_edge && read >= SPOILABLE => {
                    buffer[read - SPOILABLE / 2] ^= 1;
                    self.mode.send_replace(Mode::Well);
                }
                _ => {}
            }
            self.to.write_all(&buffer[..read]).await?;
        }
    }
}
