//! What is served, compiled for evaluating at the control plane: as an edge has it, of all teams, from memory.
//!
//! Made when somebody asks for the first time, and brought up to date by what changed since.

use std::{collections::HashMap, sync::Arc};

use fluxgate_engine::{Attribute, Context, EvaluationError};
use fluxgate_proto::v1::{Client, Environment};
use uuid::Uuid;

use super::{
    compile::{Compiled, Thing},
    flags::Flags,
    state::Position,
};
use crate::auth::secret::{self, KeyKind};

/// Who may ask for what, and the compiled flags.
#[derive(Default)]
pub struct Evaluator {
    at: Option<Position>,
    environments: HashMap<Uuid, Environment>,
    /// By environment; whoever evaluates may have a share for long.
    flags: HashMap<Uuid, Arc<Flags>>,
    /// Where a stage's flag is.
    stages: HashMap<Uuid, (Uuid, String)>,
    clients: HashMap<Uuid, Client>,
    /// Whose key that is, by the eight characters that it shows.
    keys: HashMap<String, Uuid>,
}

/// Why somebody gets no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key is not good.
    #[error("the client key is not that of an enabled client of kind BACKEND or FRONTEND")]
    Credentials,
    /// Nobody said where.
    #[error(
        "the environment is missing: name it by key or id in environment or in the context, or use a key of one environment"
    )]
    NoEnvironment,
    /// There is no such place, or it is another team's.
    #[error("no environment {0:?} here")]
    UnknownEnvironment(String),
    /// The flag is unknown, or cannot be decided.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

impl Evaluator {
    /// How far it is; nowhere until somebody asks.
    pub fn at(&self) -> Option<Position> {
        self.at
    }

    /// Takes in what changed.
    pub fn take_in(&mut self, compiled: Compiled) {
        if compiled.whole {
            *self = Evaluator::default();
        }
        for (id, thing) in compiled.things {
            self.take_in_thing(id, thing);
        }
        let mut killed = compiled.killed;
        for (environment, flags) in &mut self.flags {
            let killed = killed.remove(environment).unwrap_or_default();
            if flags.killed != killed {
                Arc::make_mut(flags).killed = killed;
            }
        }
        self.at = Some(compiled.position);
    }

    fn take_in_thing(&mut self, id: Uuid, thing: Thing) {
        match thing {
            Thing::Stage { environment, key, live } => {
                let flags = self.flags.entry(environment).or_default();
                Arc::make_mut(flags).flags.insert(key.clone(), live);
                self.stages.insert(id, (environment, key));
            }
            Thing::StageGone => {
                if let Some((environment, key)) = self.stages.remove(&id)
                    && let Some(flags) = self.flags.get_mut(&environment)
                {
                    Arc::make_mut(flags).flags.remove(&key);
                }
            }
            Thing::Environment(Some(environment)) => drop(self.environments.insert(id, environment)),
            Thing::Environment(None) => drop(self.environments.remove(&id)),
            Thing::Client(client) => {
                self.forget_keys(id);
                self.clients.remove(&id);
                if let Some(client) = client {
                    self.keys.extend(client.keys.iter().map(|key| (key.id.clone(), id)));
                    self.clients.insert(id, client);
                }
            }
        }
    }

    fn forget_keys(&mut self, client: Uuid) {
        self.keys.retain(|_, owner| *owner != client);
    }

    /// Whose whole key that is, if it holds.
    pub fn client(&self, key: &str, unix_ms: i64) -> Result<&Client, Refusal> {
        let find = || {
            let id = KeyKind::Client.id_in(key)?;
            let client = self.clients.get(self.keys.get(id)?)?;
            let kept = client.keys.iter().find(|kept| kept.id == id)?;
            let holds = kept.not_after_ms.is_none_or(|end| unix_ms < end);
            (holds && secret::matches(key, &kept.sha256)).then_some(client)
        };
        find().ok_or(Refusal::Credentials)
    }

    /// The flags of an environment, none where nothing was ever served.
    pub fn flags(&self, environment: Uuid) -> Arc<Flags> {
        self.flags.get(&environment).cloned().unwrap_or_default()
    }

    /// The revision that it is the effect of.
    pub fn revision(&self) -> u64 {
        self.at.map_or(0, |at| at.revision)
    }

    /// Where a client evaluates: in its environment, else in the one of its team that is named, beside the context or in it.
    pub fn environment(&self, client: &Client, named: &str, context: &Context<'_>) -> Result<Uuid, Refusal> {
        let exists = |id: &Uuid| self.environments.get(id).is_some_and(|found| found.team == client.team);
        if let Some(own) = client.environment_id.as_ref().and_then(|id| Uuid::from_slice(id).ok()) {
            return Some(own).filter(exists).ok_or_else(|| Refusal::UnknownEnvironment(own.to_string()));
        }
        let in_context = ["environment_id", "environment"].iter().find_map(|key| match context.get(key) {
            Some(Attribute::Text(text)) => Some(&**text),
            _ => None,
        });
        let named = Some(named).filter(|named| !named.is_empty()).or(in_context);
        let named = named.ok_or(Refusal::NoEnvironment)?;
        if let Some(id) = Uuid::try_parse(named).ok().filter(exists) {
            return Ok(id);
        }
        let found = self.environments.iter().find(|(_, e)| e.team == client.team && e.key == named);
        found.map(|(id, _)| *id).ok_or_else(|| Refusal::UnknownEnvironment(named.to_owned()))
    }
}
