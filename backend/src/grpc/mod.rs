//! gRPC: the delivery stream of the edges, the batches of what they counted and kept, and evaluations for callers
//! without one.

mod accept;
mod assignment;
mod evaluate;
mod event;
mod gate;
mod stream;

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use fluxgate_proto::{
    MAX_MESSAGE_BYTES,
    v1::{
        AssignmentBatch, BackendMessage, EdgeMessage, EventAck, EventBatch, KeptAssignments, delivery_server,
        edge_message::Message, evaluation_server,
    },
};
use fluxgate_server::tls::Certificate;
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, transport::Server};
use tower::filter::AsyncFilterLayer;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{app::App, clock, delivery::state::EdgeClient};
use assignment::Keeping;
use evaluate::Evaluation;
use event::Intake;
use gate::Admitted;
use stream::EdgeStream;

/// How many messages may wait for a slow edge?
const QUEUE: usize = 2;
/// How long may an edge take to say Hello?
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// How many streams may one connection carry?
const STREAMS_PER_CONNECTION: u32 = 64;

/// How long may a request take that is no stream, from its first byte on?
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// The service behind `fluxgate.delivery.v1.Delivery`.
struct Delivery {
    app: Arc<App>,
    intake: Intake,
    keeping: Keeping,
    shutdown: watch::Receiver<bool>,
}

/// Serves edges until `shutdown` turns true; each is told goodbye.
pub async fn serve(
    app: Arc<App>,
    (listener, certificate): (TcpListener, Option<Arc<Certificate>>),
    mut shutdown: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let gatekeeper = Arc::clone(&app);
    let gate = AsyncFilterLayer::new(move |request| gate::admit(Arc::clone(&gatekeeper), request));
    let (intake, keeping) = (Intake::new(Arc::clone(&app)), Keeping::new(Arc::clone(&app)));
    let evaluation = evaluation_server::EvaluationServer::new(Evaluation::new(Arc::clone(&app)))
        .max_decoding_message_size(evaluate::MAX_REQUEST_BYTES);
    let delivery = Delivery { app, intake, keeping, shutdown: shutdown.clone() };
    let service = delivery_server::DeliveryServer::new(delivery)
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let incoming = accept::connections(listener, certificate.as_ref())?;
    Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(10)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .timeout(ANSWERED_WITHIN)
        .layer(gate)
        .add_service(service)
        .add_service(evaluation)
        .serve_with_incoming_shutdown(incoming, async move {
            let _ = shutdown.wait_for(|stop| *stop).await;
        })
        .await?;
    Ok(())
}

#[tonic::async_trait]
impl delivery_server::Delivery for Delivery {
    type SyncStream = Pin<Box<dyn Stream<Item = Result<BackendMessage, Status>> + Send>>;

    async fn sync(
        &self,
        request: Request<Streaming<EdgeMessage>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let Admitted { client, key_id } = admitted(&request)?;
        let (sender, receiver) = tokio::sync::mpsc::channel(QUEUE);
        let (app, shutdown) = (Arc::clone(&self.app), self.shutdown.clone());
        let mut inbound = request.into_inner();
        let id = clock::new_id();
        let span = tracing::info_span!("stream", %id, client = client.name);
        let follow = async move {
            let (began, _counted) = (Instant::now(), app.metrics.stream());
            let hello = match tokio::time::timeout(HELLO_WITHIN, inbound.message()).await {
                Ok(Ok(Some(EdgeMessage { message: Some(Message::Hello(hello)) }))) => hello,
                _ => {
                    let _ =
                        sender.send(Err(Status::invalid_argument("the first message must be a Hello"))).await;
                    return;
                }
            };
            let mut stream = EdgeStream::new(Arc::clone(&app.delivery), sender, (client, key_id));
            stream.run(hello, inbound, shutdown).await;
            tracing::info!(seconds = began.elapsed().as_secs_f64(), "a stream ended");
        };
        tokio::spawn(follow.instrument(span));
        Ok(named(Response::new(Box::pin(ReceiverStream::new(receiver))), id))
    }

    async fn push_events(&self, request: Request<EventBatch>) -> Result<Response<EventAck>, Status> {
        let Admitted { client, .. } = admitted(&request)?;
        let id = clock::new_id();
        let span = tracing::info_span!("events", %id, client = client.name);
        let push = async {
            let began = Instant::now();
            let pushed = self.intake.push(&client, request.into_inner()).await;
            let outcome = pushed.as_ref().err().map_or(tonic::Code::Ok, Status::code);
            let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
            tracing::debug!(?outcome, milliseconds, "answered");
            pushed
        };
        Ok(named(Response::new(push.instrument(span).await?), id))
    }

    async fn push_assignments(
        &self,
        request: Request<AssignmentBatch>,
    ) -> Result<Response<KeptAssignments>, Status> {
        let (client, id, span) = asking(&request, "assignments")?;
        let batch = request.into_inner();
        Ok(named(Response::new(self.keeping.push(&client, &batch).instrument(span).await?), id))
    }

    async fn look_up_assignments(
        &self,
        request: Request<AssignmentBatch>,
    ) -> Result<Response<KeptAssignments>, Status> {
        let (client, id, span) = asking(&request, "look-up of assignments")?;
        let batch = request.into_inner();
        Ok(named(Response::new(self.keeping.look_up(&client, &batch).instrument(span).await?), id))
    }
}

/// The EDGE client that a request is of, with an id and a span for it.
fn asking<T>(request: &Request<T>, what: &'static str) -> Result<(EdgeClient, Uuid, tracing::Span), Status> {
    let Admitted { client, .. } = admitted(request)?;
    let id = clock::new_id();
    let span = tracing::info_span!("assignments", %id, what, client = client.name);
    Ok((client, id, span))
}

/// The EDGE client that the gate let in.
fn admitted<T>(request: &Request<T>) -> Result<Admitted, Status> {
    let missing = || Status::internal("a request came past the gate");
    request.extensions().get::<Admitted>().cloned().ok_or_else(missing)
}

/// Says the request's id, by which the log knows it.
fn named<T>(mut response: Response<T>, id: Uuid) -> Response<T> {
    if let Ok(id) = id.to_string().parse() {
        response.metadata_mut().insert("x-request-id", id);
    }
    response
}
