//! Everything that can happen.

use chrono::{DateTime, Utc};
use fluxgate_client::audit::AuditEntry;
use fluxgate_client::edge::Edge;
use serde_json::Value;

use crate::effect::{Answer, Query};
use crate::host::{Connection, Place};
use crate::key::Key;
use crate::load::Failure;
use crate::order::Order;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Pasted(String),
    /// The terminal has another size: columns, rows.
    Resized(u16, u16),
    /// The wheel was turned, or a row clicked: the row on the screen.
    Mouse(Mouse),
    /// It is later.
    Tick(DateTime<Utc>),
    /// A question was answered.
    Answered {
        /// Which try it was.
        ticket: u64,
        /// What was asked.
        query: Query,
        /// What came.
        answer: Result<Box<Answer>, Failure>,
    },
    /// The subscription told something.
    Heard(Heard),
    /// An order was carried out, or not.
    Done {
        /// Which.
        order: Order,
        /// What became of it, in words.
        result: Result<String, Failure>,
    },
    /// An order of the context before was carried out there, or not.
    DoneElsewhere(Result<String, Failure>),
    /// The editor was closed.
    Edited {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// The version that was edited.
        base: Option<i64>,
        /// The document, none when nothing was changed; words say why it cannot be used.
        result: Result<Option<Value>, String>,
    },
    /// Somebody is signed in again, by a connection of theirs, or not.
    SignedIn(Result<Box<Connection>, String>),
    /// Another context is in use, or cannot be.
    Switched(Result<Place, String>),
}

/// What a mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The wheel was turned down.
    Down,
    /// The wheel was turned up.
    Up,
}

/// What a subscription told.
#[derive(Clone, Debug)]
pub enum Heard {
    /// It works.
    Connected,
    /// It does not; it is tried again.
    Away(String),
    /// It never will: the server, or something before it, has none. It is asked every few seconds instead.
    Unable(String),
    /// The sign-in is over.
    SignedOut(String),
    /// Something happened, all of it since the last time.
    News(Vec<News>),
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum News {
    /// Somebody did something.
    Done(Box<AuditEntry>),
    /// The edges are like this now.
    Edges(Vec<Edge>),
    /// There is a newer revision.
    Revision(i64),
    /// What happened meanwhile is not told: everything is to be asked again.
    Lost,
}
