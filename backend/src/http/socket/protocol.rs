//! The messages of graphql-transport-ws, and the codes with which it closes.

use async_graphql::{Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name under which it is agreed on.
pub const NAME: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Incoming {
    /// Who it is; once, and first.
    ConnectionInit { payload: Option<Value> },
    /// Begins a subscription.
    Subscribe { id: String, payload: Box<async_graphql::Request> },
    /// Ends one.
    Complete { id: String },
    /// Asks for a pong.
    Ping { payload: Option<Value> },
    /// Answers a ping, of which we send none: frames do that.
    Pong {},
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outgoing<'a> {
    /// The client is let in.
    ConnectionAck,
    /// Something happened.
    Next { id: &'a str, payload: Response },
    /// A subscription ends, because of this.
    Error { id: &'a str, payload: Vec<ServerError> },
    /// A subscription ends.
    Complete { id: &'a str },
    /// Answers a ping.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
}

impl<'a> Outgoing<'a> {
    /// What a subscription gave; an operation that gave nothing but errors is over.
    pub fn of(id: &'a str, response: Response) -> Outgoing<'a> {
        if response.data == async_graphql::Value::Null && !response.errors.is_empty() {
            return Outgoing::Error { id, payload: response.errors };
        }
        Outgoing::Next { id, payload: response }
    }
}

/// Why a socket ends.
#[derive(Debug)]
pub enum End {
    /// The other side is gone, or says so.
    Gone,
    /// We close it.
    Close(u16, String),
}

impl End {
    /// Closes with a code.
    pub fn close(code: u16, why: impl Into<String>) -> End {
        End::Close(code, why.into())
    }
}

/// The server stops.
pub const STOPPING: u16 = 1001;
/// A message is too large.
pub const TOO_LARGE: u16 = 1009;
/// Our fault.
pub const INTERNAL: u16 = 1011;
/// Not now.
pub const TRY_AGAIN: u16 = 1013;
/// A message is none of the protocol.
pub const BAD_REQUEST: u16 = 4400;
/// Nobody is signed in, or the token has ended.
pub const UNAUTHORIZED: u16 = 4401;
/// Whoever it is may not be here, or no longer.
pub const FORBIDDEN: u16 = 4403;
/// Nobody said who they are.
pub const INIT_TIMEOUT: u16 = 4408;
/// The id is taken.
pub const TAKEN: u16 = 4409;
/// Said twice who one is.
pub const INIT_TWICE: u16 = 4429;
