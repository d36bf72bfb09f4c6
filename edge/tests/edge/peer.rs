//! A peer that speaks the delivery protocol on a free port, and the real edge in front of it.

use std::future::Future;
use std::net::TcpListener as StdListener;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Parser as _;
use fluxgate_edge::config::Settings;
use fluxgate_edge::run::run;
use fluxgate_proto::v1::backend_message::Message;
use fluxgate_proto::v1::delivery_server::{Delivery, DeliveryServer};
use fluxgate_proto::v1::edge_message::Message as Said;
use fluxgate_proto::v1::{
    AssignmentBatch, BackendMessage, EdgeMessage, EventAck, EventBatch, EventOutcome, KeptAssignments,
    RefusedRows,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle as Task;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::world::{self, EDGE_KEY, heartbeat, kills, snapshot};

/// How long may anything in these tests take?
const PATIENCE: Duration = Duration::from_secs(10);

/// One stream that an edge opened, from the backend's side.
pub(crate) struct Conversation {
    pub(crate) authorization: String,
    incoming: Streaming<EdgeMessage>,
    outgoing: mpsc::Sender<Result<BackendMessage, Status>>,
}

impl Conversation {
    pub(crate) async fn say(&self, message: Message) {
        self.outgoing.send(Ok(BackendMessage { message: Some(message) })).await.unwrap();
    }

    /// Ends the stream with a status.
    pub(crate) async fn fail(self, status: Status) {
        self.outgoing.send(Err(status)).await.unwrap();
    }

    /// What the edge says next; none when it ended its side.
    pub(crate) async fn hear(&mut self) -> Option<Said> {
        let heard =
            tokio::time::timeout(PATIENCE, self.incoming.message()).await.expect("the edge says something");
        heard.ok().flatten().map(|message| message.message.unwrap())
    }

    /// Brings an edge that has nothing up to revision 1.
    pub(crate) async fn bring_up(&mut self) {
        assert!(matches!(self.hear().await, Some(Said::Hello(_))));
        self.say(kills(1, &[])).await;
        for part in snapshot(1, &world::items()) {
            self.say(part).await;
        }
        self.say(heartbeat(1, &world::items())).await;
        for _ in 0..3 {
            assert!(matches!(self.hear().await, Some(Said::Ack(_))));
        }
    }
}

/// What a peer was sent of what edges counted, and how it answers that.
pub(crate) struct Events {
    pub(crate) pushed: Vec<EventBatch>,
    pub(crate) answer: Result<EventOutcome, Code>,
    /// What it says to have left out.
    pub(crate) refused: Option<RefusedRows>,
}

struct Service {
    events: Arc<Mutex<Events>>,
    streams: mpsc::Sender<Conversation>,
    told: mpsc::Sender<Told>,
    refuse: Option<Status>,
}

#[tonic::async_trait]
impl Delivery for Service {
    type SyncStream = ReceiverStream<Result<BackendMessage, Status>>;

    async fn sync(
        &self,
        request: Request<Streaming<EdgeMessage>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        if let Some(status) = &self.refuse {
            return Err(status.clone());
        }
        let authorization = request.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
        let (outgoing, messages) = mpsc::channel(64);
        let conversation = Conversation { authorization, incoming: request.into_inner(), outgoing };
        self.streams.send(conversation).await.map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(messages)))
    }

    async fn push_events(&self, request: Request<EventBatch>) -> Result<Response<EventAck>, Status> {
        assert!(request.metadata().contains_key("authorization"));
        let mut events = self.events.lock().unwrap();
        events.pushed.push(request.into_inner());
        let outcome = events.answer.map_err(|code| Status::new(code, "so the test says"))?;
        Ok(Response::new(EventAck {
            outcome: outcome.into(),
            refused: events.refused,
            ..EventAck::default()
        }))
    }

    async fn push_assignments(
        &self,
        request: Request<AssignmentBatch>,
    ) -> Result<Response<KeptAssignments>, Status> {
        self.tell(false, request).await
    }

    async fn look_up_assignments(
        &self,
        request: Request<AssignmentBatch>,
    ) -> Result<Response<KeptAssignments>, Status> {
        self.tell(true, request).await
    }
}

impl Service {
    async fn tell(
        &self,
        asks: bool,
        request: Request<AssignmentBatch>,
    ) -> Result<Response<KeptAssignments>, Status> {
        let authorization = request.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
        let (answer, answered) = oneshot::channel();
        let over = Status::unavailable("the test is over");
        let told = Told { asks, authorization, batch: request.into_inner(), answer };
        self.told.send(told).await.map_err(|_| over.clone())?;
        answered.await.map_err(|_| over)?.map(Response::new)
    }
}

/// What an edge told of sticky splits, or asked about them.
pub(crate) struct Told {
    pub(crate) asks: bool,
    pub(crate) authorization: String,
    pub(crate) batch: AssignmentBatch,
    pub(crate) answer: oneshot::Sender<Result<KeptAssignments, Status>>,
}

/// A backend's gRPC server.
pub(crate) struct Peer {
    pub(crate) address: String,
    events: Arc<Mutex<Events>>,
    streams: mpsc::Receiver<Conversation>,
    told: mpsc::Receiver<Told>,
    server: Task<()>,
}

impl Peer {
    pub(crate) async fn start(refuse: Option<Status>) -> Self {
        Self::start_at("127.0.0.1:0", refuse).await
    }

    pub(crate) async fn start_at(address: &str, refuse: Option<Status>) -> Self {
        Self::serve(address, refuse, Server::builder()).await
    }

    /// A peer that shows a certificate: that and its key as PEM.
    pub(crate) async fn encrypted(cert: &str, key: &str) -> Self {
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(cert, key));
        Self::serve("127.0.0.1:0", None, Server::builder().tls_config(tls).unwrap()).await
    }

    async fn serve(address: &str, refuse: Option<Status>, mut server: Server) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, streams) = mpsc::channel(8);
        let (teller, told) = mpsc::channel(8);
        let events = Events { pushed: Vec::new(), answer: Ok(EventOutcome::Accepted), refused: None };
        let events = Arc::new(Mutex::new(events));
        let service = DeliveryServer::new(Service {
            events: Arc::clone(&events),
            streams: sender,
            told: teller,
            refuse,
        });
        let server = server.add_service(service);
        let server = tokio::spawn(async move {
            server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
        });
        Self { address, events, streams, told, server }
    }

    /// What edges counted.
    pub(crate) fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap()
    }

    /// What the edge tells next of sticky splits, or asks about them.
    pub(crate) async fn told(&mut self) -> Told {
        tokio::time::timeout(PATIENCE, self.told.recv()).await.expect("the edge tells something").unwrap()
    }

    pub(crate) async fn stream(&mut self) -> Conversation {
        tokio::time::timeout(PATIENCE, self.streams.recv()).await.expect("the edge opens a stream").unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An edge as it is seen from outside.
pub(crate) struct Seen {
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) http: reqwest::Client,
}

/// A running edge.
pub(crate) struct Running {
    seen: Seen,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<()>,
}

impl Deref for Running {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.seen
    }
}

/// Waits for a state, and fails with what never came about.
pub(crate) async fn eventually<F: Future<Output = bool>>(never: &str, is: impl Fn() -> F) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !is().await {
        assert!(tokio::time::Instant::now() < until, "{never}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Running {
    /// Starts one for a backend, or for several separated by commas.
    pub(crate) fn start(backend: &str, more: &[&str]) -> Self {
        Self::start_with(backend, &[&["--client-secret", EDGE_KEY], more].concat())
    }

    /// Starts one with another key.
    pub(crate) fn start_with(backend: &str, more: &[&str]) -> Self {
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let url = |one: &str| if one.contains("://") { one.to_owned() } else { format!("http://{one}") };
        let backend = backend.split(',').map(url).collect::<Vec<_>>().join(",");
        let mut arguments = vec!["fluxgate-edge", "--backend-grpc", &backend, "--http-addr", &address];
        arguments.extend(["--name", "edge-test"]);
        arguments.extend(more);
        let settings = Settings::try_parse_from(arguments).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let stop = async {
                stopped.await.ok();
            };
            actix_web::rt::System::new().block_on(run(&settings, stop)).unwrap();
        });
        Self { seen: Seen::at(port), stop: Some(stop), thread }
    }

    /// Begins to stop, as everything does that is dropped.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until everything has ended.
    pub(crate) async fn ended(self) {
        drop(self.stop);
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap();
    }
}

impl Seen {
    pub(crate) fn at(port: u16) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url: format!("http://127.0.0.1:{port}"), port, http }
    }

    /// Waits until a path is answered with a status.
    pub(crate) async fn until(&self, path: &str, status: u16) -> Value {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Ok(answer) = self.http.get(format!("{}{path}", self.url)).send().await
                && answer.status() == status
            {
                return answer.json().await.unwrap();
            }
            assert!(tokio::time::Instant::now() < until, "{path} was never answered with {status}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until `/status` says something.
    pub(crate) async fn status(&self, is: impl Fn(&Value) -> bool) -> Value {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = self.until("/status", 200).await;
            if is(&status) {
                return status;
            }
            assert!(tokio::time::Instant::now() < until, "it never came about: {status}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What stands at a path.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// Posts JSON and returns status and body.
    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = self.http.post(format!("{}{path}", self.url)).json(body);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// An edge that serves the world, and the backend's end of its stream.
pub(crate) async fn serving(more: &[&str]) -> (Running, Conversation, Peer) {
    let mut peer = Peer::start(None).await;
    let edge = Running::start(&peer.address, more);
    let mut stream = peer.stream().await;
    stream.bring_up().await;
    edge.until("/readyz", 200).await;
    (edge, stream, peer)
}
