//! Drives the state machine over a real connection: the only part of `sync` that touches the network.

use std::error::Error as _;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::time::Duration;

use fluxgate_proto::MAX_MESSAGE_BYTES;
use fluxgate_proto::v1::delivery_client::DeliveryClient;
use fluxgate_proto::v1::edge_message::Message as ToBackend;
use fluxgate_proto::v1::{BackendMessage, EdgeMessage, Goodbye, Hello, Status as Figures};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};

use super::machine::{Input, Loss, Machine, Output};
use crate::clock::Clock;
use crate::count::Window;
use crate::disk::Keeper;
use crate::edge::Edge;

/// How long may opening a TCP connection take?
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After how much silence is the connection itself probed, and how long may the answer take?
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));
/// How many messages may wait to be sent before the backend counts as one that does not read?
const OUTGOING: usize = 64;
/// How long may the backend take to end its side after this one has ended?
const FAREWELL: Duration = Duration::from_secs(1);

/// Opens streams to any of several backends.
#[derive(Clone)]
pub struct Connector {
    endpoints: Vec<Endpoint>,
    authorization: MetadataValue<Ascii>,
}

/// Why no stream can ever be opened with these settings.
#[derive(Debug, Error)]
pub enum ConnectorError {
    /// The address is not one.
    #[error("the backend's address is not an http or https URL with a host: {0:?}")]
    Address(String),
    /// There is nobody to ask.
    #[error("there is no address in it")]
    None,
    /// The certificates of whom to believe cannot be used.
    #[error("cannot use the certificates in EDGE_BACKEND_CA {path}: {error}")]
    Ca {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: String,
    },
    /// They would have no effect.
    #[error("EDGE_BACKEND_CA is set, but an address is not https")]
    CaWithoutTls,
    /// There is nobody to believe.
    #[error("the system's list of certificates cannot be used: {0}; set EDGE_BACKEND_CA")]
    Roots(String),
    /// The key has characters that cannot travel.
    #[error("the client key has characters that cannot be sent")]
    Key,
}

impl Connector {
    /// Prepares connections to `backends` with the whole key of an EDGE client.
    ///
    /// The certificates of `ca` say whom to believe; without them the system's do.
    pub fn new(backends: &[String], key: &SecretString, ca: Option<&Path>) -> Result<Self, ConnectorError> {
        if backends.is_empty() {
            return Err(ConnectorError::None);
        }
        let endpoints = backends.iter().map(|backend| endpoint(backend, ca)).collect::<Result<_, _>>()?;
        let mut authorization: MetadataValue<Ascii> =
            format!("Bearer {}", key.expose_secret()).parse().map_err(|_| ConnectorError::Key)?;
        authorization.set_sensitive(true);
        Ok(Self { endpoints, authorization })
    }

    /// Returns how many backends there are.
    pub fn backends(&self) -> usize {
        self.endpoints.len()
    }

    /// Returns a way to ask a backend beside the stream, which connects when it is first used.
    pub(crate) fn channel(&self, backend: usize) -> Option<Channel> {
        self.endpoints.get(backend).map(Endpoint::connect_lazy)
    }

    /// Puts the key before a message.
    pub(crate) fn authorized<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        request
    }

    async fn open(
        self,
        backend: usize,
        outgoing: mpsc::Receiver<EdgeMessage>,
    ) -> Result<Streaming<BackendMessage>, Loss> {
        let endpoint =
            self.endpoints.get(backend).ok_or_else(|| Loss::Broken("no such backend".to_owned()))?;
        let channel = endpoint.connect().await.map_err(|error| Loss::Broken(chain(&error)))?;
        let mut client = DeliveryClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        let mut request = Request::new(ReceiverStream::new(outgoing));
        request.metadata_mut().insert("authorization", self.authorization);
        Ok(client.sync(request).await.map_err(|status| loss(&status))?.into_inner())
    }
}

fn endpoint(backend: &str, ca: Option<&Path>) -> Result<Endpoint, ConnectorError> {
    let address = || ConnectorError::Address(backend.to_owned());
    let endpoint = Endpoint::from_shared(backend.to_owned()).map_err(|_| address())?;
    if endpoint.uri().host().is_none() {
        return Err(address());
    }
    let endpoint = match (endpoint.uri().scheme_str(), ca) {
        (Some("http"), None) => endpoint,
        (Some("http"), Some(_)) => return Err(ConnectorError::CaWithoutTls),
        (Some("https"), _) => encrypted(endpoint, ca)?,
        _ => return Err(address()),
    };
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE.0)
        .keep_alive_timeout(KEEPALIVE.1)
        .keep_alive_while_idle(true))
}

fn encrypted(endpoint: Endpoint, ca: Option<&Path>) -> Result<Endpoint, ConnectorError> {
    let tls = ClientTlsConfig::new();
    match ca {
        None => {
            let configured = endpoint.tls_config(tls.with_native_roots());
            configured.map_err(|error| ConnectorError::Roots(chain(&error)))
        }
        Some(path) => {
            let cannot = |error: String| ConnectorError::Ca { path: path.to_owned(), error };
            let pem = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
            if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
                return Err(cannot("it holds no certificate as PEM".to_owned()));
            }
            let configured = endpoint.tls_config(tls.ca_certificate(Certificate::from_pem(pem)));
            configured.map_err(|error| cannot(chain(&error)))
        }
    }
}

/// Where the connection stands.
enum Link {
    Down,
    Opening(
        mpsc::Sender<EdgeMessage>,
        Pin<Box<dyn Future<Output = Result<Streaming<BackendMessage>, Loss>> + Send>>,
    ),
    Up(mpsc::Sender<EdgeMessage>, Box<Streaming<BackendMessage>>),
}

impl Link {
    fn open(connector: &Connector, backend: usize, hello: Hello) -> Self {
        let (sender, receiver) = mpsc::channel(OUTGOING);
        let link = Self::Opening(sender, Box::pin(connector.clone().open(backend, receiver)));
        // The queue is new, so that there is room: the backend may want to read the hello before it answers.
        link.send(ToBackend::Hello(hello));
        link
    }

    /// Queues a message; returns whether there was room.
    fn send(&self, message: ToBackend) -> bool {
        match self {
            Self::Down => true,
            Self::Opening(sender, _) | Self::Up(sender, _) => {
                sender.try_send(EdgeMessage { message: Some(message) }).is_ok()
            }
        }
    }

    /// Waits for what happens next; can be cancelled without losing anything.
    async fn next(&mut self) -> Input {
        match self {
            Self::Down => pending().await,
            Self::Opening(sender, opening) => match opening.await {
                Ok(incoming) => {
                    *self = Self::Up(sender.clone(), Box::new(incoming));
                    Input::Opened
                }
                Err(loss) => {
                    *self = Self::Down;
                    Input::Lost(loss)
                }
            },
            Self::Up(_, incoming) => {
                let lost = match incoming.message().await {
                    Ok(Some(message)) => return Input::Message(message.message),
                    Ok(None) => Loss::Broken("the backend ended the stream".to_owned()),
                    Err(status) => loss(&status),
                };
                *self = Self::Down;
                Input::Lost(lost)
            }
        }
    }

    /// Says goodbye and lets the backend end its side, so that it forgets this edge at once. A hello that is on its way
    /// may be heard as well.
    async fn end(self) {
        self.send(ToBackend::Goodbye(Goodbye { reason: "the edge stops".to_owned() }));
        let rest = async {
            let mut incoming = match self {
                Self::Down => return,
                Self::Opening(outgoing, opening) => {
                    drop(outgoing);
                    let Ok(incoming) = opening.await else { return };
                    Box::new(incoming)
                }
                Self::Up(outgoing, incoming) => {
                    drop(outgoing);
                    incoming
                }
            };
            while let Ok(Some(_)) = incoming.message().await {}
        };
        if tokio::time::timeout(FAREWELL, rest).await.is_err() {
            tracing::debug!("the backend did not end its side");
        }
    }
}

/// Keeps `edge` in step until `stop` resolves, and what it serves on disk; then ends both.
pub async fn drive(
    mut machine: Machine,
    (connector, mut keeper): (Connector, Keeper),
    (edge, clock): (&Edge, Clock),
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let (mut link, mut window) = (Link::Down, Window::default());
    let mut input = Some(Input::Tick);
    let mut id = edge.id();
    loop {
        for output in input.map(|input| machine.step(input, clock.now())).unwrap_or_default() {
            match output {
                Output::Open(backend, hello) => link = Link::open(&connector, backend, hello),
                Output::Close => link = Link::Down,
                Output::Serve(state) => {
                    edge.serve(state);
                    keeper.changed();
                }
                Output::Keep => keeper.changed(),
                Output::UnitKey(key) => edge.set_unit_key(*key),
                Output::Client(client) => edge.set_client(client),
                Output::Send(message) => {
                    let message = with_figures(message, (edge, &mut window), clock);
                    if !link.send(message) {
                        link = Link::Down;
                        let loss = Loss::Broken("the backend does not read".to_owned());
                        // Losing the stream asks for nothing but a later tick.
                        machine.step(Input::Lost(loss), clock.now());
                    }
                }
            }
        }
        edge.report(machine.status());
        let deadline = tokio::time::Instant::from_std(clock.instant(machine.deadline()));
        input = tokio::select! {
            () = &mut stop => break,
            next = link.next() => Some(next),
            () = tokio::time::sleep_until(deadline) => Some(Input::Tick),
            _ = id.changed() => Some(Input::Renamed(*id.borrow_and_update())),
            ended = keeper.next(clock) => {
                if ended {
                    edge.report_disk(keeper.status().clone());
                    edge.set_home(keeper.home());
                } else {
                    keeper.begin(machine.image(clock.now()), clock);
                }
                None
            }
        };
    }
    tokio::join!(link.end(), keeper.finish(machine.image(clock.now()), clock));
}

/// Says in a status what was measured since the last one.
fn with_figures(message: ToBackend, (edge, window): (&Edge, &mut Window), clock: Clock) -> ToBackend {
    let ToBackend::Status(status) = message else { return message };
    let measured = window.next(&edge.counting().totals(), clock.elapsed());
    ToBackend::Status(Figures {
        evaluations_per_second: Some(measured.per_second),
        p50_ns: measured.p50_ns,
        p99_ns: measured.p99_ns,
        spooled: Some(edge.spool().waiting),
        ..status
    })
}

fn loss(status: &Status) -> Loss {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => Loss::Refused(status.message().to_owned()),
        code => {
            let source = status.source().map(|source| format!(": {}", chain(source)));
            Loss::Broken(format!("{code:?}: {}{}", status.message(), source.unwrap_or_default()))
        }
    }
}

/// Returns an error with its causes, which is where a refused connection says so.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors already say what their cause says.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
