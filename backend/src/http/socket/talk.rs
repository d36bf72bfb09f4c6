//! One socket's life: who it is, what they subscribe to, and why it ends.

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, ProtocolError, Session};
use async_graphql::Response;
use futures_util::stream::BoxStream;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tokio_stream::{StreamExt as _, StreamMap};

use super::{
    super::{Shared, operation::parse},
    protocol::{self, End, Incoming, Outgoing},
    pulse::{Beat, GONE_AFTER, Pulse},
    slots::{MAX_OF_USER, Slot},
    subscribe,
};
use crate::{clock, error::Error, service::presence::Presence};

/// How large may a message be, in bytes?
pub const MAX_MESSAGE: usize = 64 * 1024;
/// How many subscriptions has a socket?
const MAX_SUBSCRIPTIONS: usize = 20;
/// How long may a client take to say who it is?
const INIT_WITHIN: Duration = Duration::from_secs(5);
/// How often is a session looked at while nothing happens? Whoever is deactivated is out within 5 s; a server full of sockets
/// asks for that 500 times a second.
const LOOK_IN_EVERY: Duration = Duration::from_secs(4);
/// How long does saying goodbye take at most?
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// What a subscription gives; nothing is its end.
pub type News = Option<Response>;

/// An open socket.
pub struct Socket {
    shared: web::Data<Shared>,
    session: Session,
    slot: Slot,
    address: Option<IpAddr>,
    subscriptions: StreamMap<String, BoxStream<'static, News>>,
}

impl Socket {
    /// A socket of which nobody knows yet whose it is.
    pub fn new(
        shared: web::Data<Shared>,
        session: Session,
        (slot, address): (Slot, Option<IpAddr>),
    ) -> Socket {
        Socket { shared, session, slot, address, subscriptions: StreamMap::new() }
    }

    /// Runs it to its end.
    pub async fn run(mut self, mut messages: AggregatedMessageStream) {
        let mut stopped = self.shared.stopped.clone();
        let end = tokio::select! {
            end = self.talk(&mut messages) => end,
            _ = stopped.wait_for(|stopped| *stopped) => End::close(protocol::STOPPING, "the server is stopping"),
        };
        let reason = match end {
            End::Gone => None,
            End::Close(code, why) => Some(CloseReason::from((code.into(), why))),
        };
        // Whoever does not read does not hear it either.
        let _ = timeout(GOODBYE_WITHIN, self.session.close(reason)).await;
    }

    async fn talk(&mut self, messages: &mut AggregatedMessageStream) -> End {
        let presence = match timeout(INIT_WITHIN, self.init(messages)).await {
            Ok(Ok(presence)) => Arc::new(presence),
            Ok(Err(end)) => return end,
            Err(_) => return End::close(protocol::INIT_TIMEOUT, "say who you are within 5 seconds"),
        };
        let left = (presence.until() - clock::now()).to_std().unwrap_or_default();
        let looking_in = async {
            loop {
                sleep(LOOK_IN_EVERY).await;
                let _ = presence.caller().await;
            }
        };
        tokio::select! {
            end = self.serve(&presence, messages) => end,
            () = sleep(left) => End::close(protocol::UNAUTHORIZED, "the access token has ended; connect with a new one"),
            why = presence.over() => End::close(protocol::FORBIDDEN, why),
            () = looking_in => End::Gone,
        }
    }

    /// Waits for the first message, which says who it is, and lets them in.
    async fn init(&mut self, messages: &mut AggregatedMessageStream) -> Result<Presence, End> {
        let payload = loop {
            match self.hear(messages.recv().await).await? {
                Some(Incoming::ConnectionInit { payload }) => break payload,
                Some(Incoming::Subscribe { .. }) => {
                    return Err(End::close(protocol::UNAUTHORIZED, "say who you are first: connection_init"));
                }
                Some(other) => self.react(other).await?,
                None => {}
            }
        };
        let token = token(payload.as_ref()).ok_or_else(|| End::close(protocol::UNAUTHORIZED, NO_TOKEN))?;
        let address = self.address.map(|address| address.to_string());
        let admitted = Presence::admit(Arc::clone(&self.shared.app), token, address).await;
        let presence = admitted.map_err(|error| match error {
            Error::Unauthenticated(why) => End::close(protocol::FORBIDDEN, why),
            Error::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a socket's token could not be checked");
                End::close(protocol::INTERNAL, "internal error")
            }
            other => End::close(protocol::TRY_AGAIN, other.to_string()),
        })?;
        if !self.slot.of_user(presence.user()) {
            let why = format!("you have {MAX_OF_USER} sockets open already");
            return Err(End::close(protocol::TRY_AGAIN, why));
        }
        self.tell(&Outgoing::ConnectionAck).await?;
        Ok(presence)
    }

    async fn serve(&mut self, presence: &Arc<Presence>, messages: &mut AggregatedMessageStream) -> End {
        let mut pulse = Pulse::start();
        loop {
            let done = tokio::select! {
                // What a client has said counts before it is asked whether it is there.
                biased;
                message = messages.recv() => {
                    pulse.heard();
                    match self.hear(message).await {
                        Ok(Some(Incoming::Subscribe { id, payload })) => self.subscribe(presence, id, *payload).await,
                        Ok(Some(other)) => self.react(other).await,
                        Ok(None) => Ok(()),
                        Err(end) => Err(end),
                    }
                }
                beat = pulse.beat() => match beat {
                    Beat::Ping => self.session.ping(b"").await.map_err(|_| End::Gone),
                    Beat::Gone => Err(End::Gone),
                },
                Some((id, news)) = self.subscriptions.next(), if !self.subscriptions.is_empty() => {
                    self.pass_on(&id, news).await
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// What a frame says, if it is a message of the protocol.
    async fn hear(
        &mut self,
        frame: Option<Result<AggregatedMessage, ProtocolError>>,
    ) -> Result<Option<Incoming>, End> {
        match frame {
            Some(Ok(AggregatedMessage::Text(text))) => match parse(text.as_bytes()) {
                Ok(message) => Ok(Some(message)),
                Err(why) => Err(End::close(protocol::BAD_REQUEST, format!("is no message: {why}"))),
            },
            Some(Ok(AggregatedMessage::Binary(_))) => {
                Err(End::close(protocol::BAD_REQUEST, "messages are text"))
            }
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                self.session.pong(&bytes).await.map_err(|_| End::Gone)?;
                Ok(None)
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(None),
            Some(Ok(AggregatedMessage::Close(_))) | None => Err(End::Gone),
            Some(Err(ProtocolError::Overflow | ProtocolError::Io(_))) => {
                let why = format!("a message has at most {MAX_MESSAGE} bytes");
                Err(End::close(protocol::TOO_LARGE, why))
            }
            Some(Err(why)) => Err(End::close(protocol::BAD_REQUEST, why.to_string())),
        }
    }

    /// Answers what is said at any time.
    async fn react(&mut self, message: Incoming) -> Result<(), End> {
        match message {
            Incoming::ConnectionInit { .. } => {
                Err(End::close(protocol::INIT_TWICE, "Too many initialisation requests"))
            }
            Incoming::Complete { id } => {
                self.subscriptions.remove(&id);
                Ok(())
            }
            Incoming::Ping { payload } => self.tell(&Outgoing::Pong { payload }).await,
            Incoming::Pong {} | Incoming::Subscribe { .. } => Ok(()),
        }
    }

    async fn subscribe(
        &mut self,
        presence: &Arc<Presence>,
        id: String,
        operation: async_graphql::Request,
    ) -> Result<(), End> {
        if self.subscriptions.contains_key(&id) {
            return Err(End::close(protocol::TAKEN, format!("Subscriber for {id} already exists")));
        }
        let news = match self.subscriptions.len() < MAX_SUBSCRIPTIONS {
            true => subscribe::begin(&self.shared, presence, operation),
            false => {
                let why = format!("a socket has at most {MAX_SUBSCRIPTIONS} subscriptions");
                let refusal = subscribe::refusal(presence, Error::limited(why, 1));
                return self.tell(&Outgoing::of(&id, refusal)).await;
            }
        };
        self.subscriptions.insert(id, news);
        Ok(())
    }

    /// Passes on what a subscription gave. The next one is asked for only when the client has taken this.
    async fn pass_on(&mut self, id: &str, news: News) -> Result<(), End> {
        let message = news.map_or(Outgoing::Complete { id }, |response| Outgoing::of(id, response));
        if !matches!(message, Outgoing::Next { .. }) {
            self.subscriptions.remove(id);
        }
        self.tell(&message).await
    }

    async fn tell(&mut self, message: &Outgoing<'_>) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written as JSON");
            End::close(protocol::INTERNAL, "internal error")
        })?;
        match timeout(GONE_AFTER, self.session.text(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

/// Said to who brings no token.
const NO_TOKEN: &str = r#"sign in first: the payload is {"Authorization": "Bearer <access token>"}"#;

/// The token in what a client says of itself.
fn token(payload: Option<&Value>) -> Option<String> {
    let fields = payload?.as_object()?;
    let (_, value) = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("authorization"))?;
    value.as_str()?.strip_prefix("Bearer ").map(str::to_owned)
}
