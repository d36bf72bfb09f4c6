//! What the dashboard is given by the program that it is a part of: connections, and what only that can do.

use std::pin::Pin;
use std::sync::Arc;

use fluxgate_client::Api;
use fluxgate_wording::Line;
use secrecy::SecretString;
use serde_json::Value;

use crate::keymap::Keys;
use crate::look::Look;

/// Where the dashboard looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The context's name, or the server's address.
    pub context: String,
    /// The server's address.
    pub server: String,
    /// The team's key.
    pub team: String,
    /// The environment that lists are about, when there is one.
    pub env: Option<String>,
    /// The environments that are protected beside production.
    pub protected: Vec<String>,
    /// Why nothing is changed here, when that is so.
    pub read_only: Option<String>,
}

/// A place that can be asked.
#[derive(Clone)]
pub struct Connection {
    /// Where it leads.
    pub place: Place,
    /// The way there.
    pub api: Arc<Api>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Something that takes a while.
pub type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// Connects to a context.
pub type Connect = Box<dyn Fn(&str) -> Result<Connection, String>>;
/// Signs somebody in, by their name and password.
pub type SignIn = Box<dyn Fn(&Connection, String, SecretString) -> Task<Result<Connection, String>>>;
/// Explains an answer.
pub type Explain = Box<dyn Fn(&Connection, Asked) -> Task<Result<Vec<Line>, String>>>;

/// For whom an answer is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The feature's key.
    pub feature: String,
    /// The environment's key.
    pub env: String,
    /// The targeting key.
    pub key: String,
    /// Attributes as they are typed: `tier=pro`.
    pub attributes: Vec<String>,
}

/// What can be done with documents by whoever knows what they mean; words say what is wrong with one.
#[derive(Clone, Copy, Debug)]
pub struct Papers {
    /// Writes a stage's document as a file that people edit.
    pub to_file: fn(&Value) -> Result<String, String>,
    /// Reads it back.
    pub from_file: fn(&str) -> Result<Value, String>,
    /// Reads its rules.
    pub rules: fn(&Value) -> Result<Vec<Rule>, String>,
    /// Says what is other in the second than in the first, which may be none.
    pub diff: fn(Option<&Value>, &Value) -> Result<Vec<Line>, String>,
}

/// A rule of a document, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Whom it is for, as an expression.
    pub when: String,
    /// What they get.
    pub serves: String,
    /// How many of them, where that is not all.
    pub rollout: String,
}

/// What the dashboard is given.
pub struct Host {
    /// The contexts that there are to choose from.
    pub contexts: Vec<String>,
    /// How it is to look.
    pub look: Look,
    /// What its keys do.
    pub keys: Keys,
    /// Connects to a context; words say why not.
    pub connect: Connect,
    /// Signs somebody in where a connection leads, keeps the sign-in as `fgctl login` does, and connects anew.
    pub sign_in: SignIn,
    /// Explains what a feature gives somebody, as `fgctl explain` does.
    pub explain: Explain,
    /// What it knows of documents.
    pub papers: Papers,
    /// The command that edits a file, as the shell would run it.
    pub editor: Option<String>,
}
