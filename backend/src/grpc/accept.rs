//! Connections of edges, encrypted or not. Each handshake is a task of its own with an end, so that nobody waits for one
//! who is slow.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use fluxgate_server::tls::Certificate;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::transport::server::Connected;

/// How long may a handshake take?
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// How many may be under way? One more is hung up on: whoever means it comes again.
const HANDSHAKES: usize = 1024;
/// How many connections may there be? Each takes memory before anybody says who it is.
const CONNECTIONS: usize = 8192;
/// How long to wait when no connection can be taken, as when there are no files left?
const AGAIN: Duration = Duration::from_millis(100);
/// How many connections may wait to be served?
const QUEUE: usize = 16;

/// A connection that is ready for HTTP/2.
pub struct Connection {
    peer: Option<SocketAddr>,
    stream: Box<dyn Duplex>,
    /// Room among the connections, as long as this lives.
    _place: OwnedSemaphorePermit,
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Takes connections until the stream that this gives is dropped.
pub fn connections(
    listener: TcpListener,
    certificate: Option<&Arc<Certificate>>,
) -> anyhow::Result<impl Stream<Item = io::Result<Connection>> + use<>> {
    let tls = match certificate {
        Some(certificate) => Some(TlsAcceptor::from(Arc::new(certificate.server_config(&["h2"])?))),
        None => None,
    };
    let (ready, connections) = mpsc::channel(QUEUE);
    tokio::spawn(accept(listener, tls, ready));
    Ok(ReceiverStream::new(connections))
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection of an edge can be taken");
                sleep(AGAIN).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        // Small messages must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let peer = Some(peer);
        match &tls {
            None => {
                let _ = ready.send(Ok(Connection { peer, stream: Box::new(stream), _place: place })).await;
            }
            Some(tls) => {
                let Ok(turn) = Arc::clone(&handshakes).try_acquire_owned() else { continue };
                let (tls, ready) = (tls.clone(), ready.clone());
                tokio::spawn(async move {
                    if let Some(stream) = shake(&tls, stream).await {
                        drop(turn);
                        let _ = ready.send(Ok(Connection { peer, stream, _place: place })).await;
                    }
                });
            }
        }
    }
}

async fn shake(tls: &TlsAcceptor, stream: TcpStream) -> Option<Box<dyn Duplex>> {
    match timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
        Err(_) => None,
    }
}

impl Connected for Connection {
    type ConnectInfo = Option<SocketAddr>;

    fn connect_info(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
