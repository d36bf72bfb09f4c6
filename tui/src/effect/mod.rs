//! What is to be done outside: asked, sent, copied. This folder is the only one that waits for anything.

mod ask;
mod features;
mod listen;
mod send;

use fluxgate_client::Page;
use fluxgate_client::audit::{self, AuditEntry};
use fluxgate_client::caller::{Answered, Caller};
use fluxgate_client::edge::Known;
use fluxgate_client::environment::Environment;
use fluxgate_client::inbox::Inbox;
use fluxgate_client::kill_screen::{KillScreen, Killed};
use fluxgate_client::overview::Overview;
use fluxgate_wording::Line;
use secrecy::SecretString;
use serde_json::Value;

use crate::host::Asked;
use crate::order::Order;
use crate::screen::Screen;
use crate::screen::feature::Detail;
use crate::screen::features::{Rates, Row};

pub use features::{Paper, RowsPage};

pub(crate) use ask::ask;
pub(crate) use features::pages;
pub(crate) use listen::listen;
pub(crate) use send::send;

/// Something to do. Each that waits ends in one message, a subscription in many.
#[derive(Debug)]
pub enum Effect {
    /// Asks the server.
    Ask {
        /// Comes back with the answer, so that only the newest counts.
        ticket: u64,
        /// What.
        query: Query,
    },
    /// Subscribes, anew where that was done before.
    Listen,
    /// Sends what changes something. Only `Dialog::confirmed` makes one.
    Send(Order),
    /// Signs in anew.
    SignIn {
        /// Who.
        user: String,
        /// Their password.
        password: SecretString,
    },
    /// Copies text to the clipboard of whoever looks.
    Copy(String),
    /// Opens a document in the editor.
    Edit {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// The version that is edited.
        base: Option<i64>,
        /// The document.
        config: Value,
    },
    /// Goes over to another context.
    Connect(String),
    /// Takes the mouse, or gives it back.
    Mouse(bool),
    /// Gives the terminal back to the shell for a while.
    Suspend,
    /// Draws everything again.
    Redraw,
    /// Ends.
    Quit,
}

/// A question to the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Who is signed in?
    Caller,
    /// Which environments does the team have?
    Environments,
    /// Which edges are there, and how far are they?
    Edges,
    /// What would this do? Nothing is done.
    Rehearse(Order),
    /// Why does somebody get what they get?
    Explain(Asked),
    /// What is killed?
    Kills,
    /// What does a kill stop?
    Killed {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
    },
    /// All features, page by page.
    FeatureRows,
    /// Some features again, of which something was told; how much was told tells one such question from the next.
    FeatureRow {
        /// Their keys.
        keys: Vec<String>,
        /// How much was told.
        told: u64,
    },
    /// How often are features evaluated, in one environment or in all?
    FeatureRates {
        /// Its key.
        env: Option<String>,
    },
    /// All of one feature.
    FeatureScreen {
        /// Its key.
        key: String,
    },
    /// The document of a stage as a file.
    File {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
    },
    /// What was done, the newest of it?
    Events(audit::Filter),
    /// What was done before?
    EarlierEvents {
        /// Which of it.
        filter: audit::Filter,
        /// Behind which cursor.
        after: String,
    },
    /// What does the server say of itself, and what time is it there?
    Knock,
    /// What waits for a decision, what was decided last, and the change of this number?
    Inbox(Option<i64>),
    /// What does a change alter in a stage, or what is other there than in the stage before?
    Difference {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// The change's number.
        change: Option<i64>,
    },
    /// What needs somebody, what waits, and how much is evaluated, in an environment or in all?
    Overview {
        /// The environment's key.
        env: Option<String>,
    },
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// Who is signed in.
    Caller(Caller),
    /// The environments, in the team's order.
    Environments(Vec<Environment>),
    /// The edges.
    Edges(Known),
    /// What something would do, and whether a gate is closed.
    Rehearsed {
        /// In words.
        lines: Vec<Line>,
        /// Whether it cannot be done now.
        blocked: bool,
    },
    /// An explanation.
    Explained(Vec<Line>),
    /// What is killed, and what is to be known beside.
    Kills(Box<KillScreen>),
    /// What a kill stops.
    Killed(Box<Killed>),
    /// A page of what was done.
    Events(Page<AuditEntry>),
    /// Changes.
    Inbox(Box<Inbox>),
    /// A page of features.
    FeatureRows(RowsPage),
    /// Some features again; none is one that is gone.
    FeatureRow(Vec<(String, Option<Row>)>),
    /// How often features are evaluated.
    FeatureRates(Rates),
    /// All of a feature.
    FeatureScreen(Box<Detail>),
    /// Documents, to be put into words.
    Paper(Paper),
    /// Text to read.
    Text {
        /// What it is.
        title: String,
        /// Itself.
        lines: Vec<Line>,
    },
    /// What there is to see at one glance.
    Overview(Box<Overview>),
    /// What the server says of itself.
    Knocked(Answered),
}

impl Query {
    /// Returns whether an answer to this one is out of date once the other was asked.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Returns whether this is the other one, whatever was told between them.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::FeatureRow { .. }, Self::FeatureRow { .. }))
    }

    /// Returns the screen that an answer is for.
    pub(crate) fn screen(&self) -> Option<Screen> {
        match self {
            Self::Edges => Some(Screen::Edges),
            Self::Kills | Self::Killed { .. } => Some(Screen::Kills),
            Self::Events(_) | Self::EarlierEvents { .. } => Some(Screen::Events),
            Self::Inbox(_) => Some(Screen::Changes),
            Self::FeatureRows | Self::FeatureRow { .. } | Self::FeatureRates { .. } => Some(Screen::Features),
            Self::FeatureScreen { .. } => Some(Screen::Feature),
            Self::File { .. } | Self::Difference { .. } => None,
            Self::Overview { .. } => Some(Screen::Overview),
            Self::Knock | Self::Caller | Self::Environments | Self::Rehearse(_) | Self::Explain(_) => None,
        }
    }

    /// Returns what it is called in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Caller => "who is signed in",
            Self::Environments => "environments",
            Self::Edges => "edges",
            Self::Rehearse(_) => "rehearsal",
            Self::Explain(_) => "explanation",
            Self::Kills => "kills",
            Self::Killed { .. } => "what a kill stops",
            Self::Events(_) => "events",
            Self::EarlierEvents { .. } => "earlier events",
            Self::Inbox(_) => "changes",
            Self::FeatureRows => "features",
            Self::FeatureRow { .. } => "a feature again",
            Self::FeatureRates { .. } => "evaluations of features",
            Self::FeatureScreen { .. } => "a feature",
            Self::File { .. } => "a document",
            Self::Difference { .. } => "a difference",
            Self::Overview { .. } => "overview",
            Self::Knock => "the server",
        }
    }
}
