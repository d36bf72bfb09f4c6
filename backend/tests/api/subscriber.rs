//! A client of subscriptions: a real WebSocket that speaks graphql-transport-ws.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, StatusCode},
        protocol::frame::coding::CloseCode,
    },
};

use crate::world::{World, eventually};

/// How long is news waited for?
const PATIENCE: Duration = Duration::from_secs(15);

/// An open socket.
pub struct Subscriber {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscriber {
    /// Opens a socket with these headers, without saying who it is; gives the status where that is refused.
    pub async fn connect(http: &str, headers: &[(&'static str, &str)]) -> Result<Subscriber, StatusCode> {
        let url = format!("{}/ws", http.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Subscriber { socket }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Opens a socket that speaks the protocol.
    pub async fn stranger(http: &str) -> Subscriber {
        Subscriber::connect(http, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Opens a socket with a token, at any replica.
    pub async fn with_token(http: &str, token: &str) -> Subscriber {
        let mut subscriber = Subscriber::stranger(http).await;
        subscriber.init(token).await;
        assert_eq!(subscriber.next().await, json!({"type": "connection_ack"}));
        subscriber
    }

    /// Opens somebody's socket.
    pub async fn open(world: &World, who: &str) -> Subscriber {
        Subscriber::with_token(&world.http, &world.token(who).await).await
    }

    /// Says who it is.
    pub async fn init(&mut self, token: &str) {
        let payload = json!({"Authorization": format!("Bearer {token}")});
        self.say(&json!({"type": "connection_init", "payload": payload})).await;
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Message) {
        self.socket.send(frame).await.unwrap();
    }

    /// Subscribes.
    pub async fn subscribe(&mut self, id: &str, field: &str) {
        let query = format!("subscription {{ {field} }}");
        self.say(&json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no message but {other}"),
        }
    }

    /// The next message, unless the socket is closed.
    pub async fn try_next(&mut self) -> Option<Value> {
        match self.frame().await {
            Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    /// The next message, unless nothing comes for so long.
    pub async fn next_within(&mut self, patience: Duration) -> Option<Value> {
        tokio::time::timeout(patience, self.next()).await.ok()
    }

    /// What a subscription gives next; the one that is meant, and no error.
    pub async fn event(&mut self, id: &str) -> Value {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        let data = message["payload"]["data"].as_object().unwrap();
        data.values().next().unwrap().clone()
    }

    /// The code with which a subscription ends next.
    pub async fn refusal(&mut self, id: &str) -> String {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        let extensions = &message["payload"][0]["extensions"];
        assert!(extensions["requestId"].is_string(), "{message}");
        extensions["code"].as_str().unwrap().to_owned()
    }

    /// The code with which the socket is closed, whatever comes before, and why.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.frame().await {
                let frame = frame.unwrap();
                // The server ends the connection, too.
                let rest = tokio::time::timeout(PATIENCE, self.socket.next()).await.unwrap();
                assert!(!matches!(rest, Some(Ok(_))), "{rest:?}");
                return (CloseCode::into(frame.code), frame.reason.to_string());
            }
        }
    }

    async fn frame(&mut self) -> Message {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match frame.unwrap_or_else(|_| panic!("nothing within {PATIENCE:?}")) {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(frame)) => return frame,
                other => panic!("the socket ended: {other:?}"),
            }
        }
    }
}

/// Where a subscription begins that is to miss nothing from now on.
pub async fn cursor(world: &World, team: &str) -> String {
    // While another transaction is open, the place is before what was committed meanwhile.
    let behind = "SELECT count(*) FROM audit_entry WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())";
    eventually("all that was told is behind the place", async || {
        (world.number(behind).await == 0).then_some(())
    })
    .await;
    let query = format!(r#"{{ team(key: "{team}") {{ cursor }} }}"#);
    world.query("admin", &query).await["team"]["cursor"].as_str().unwrap().to_owned()
}
