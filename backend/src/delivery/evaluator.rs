//! What is served, compiled for evaluating at the control plane: as an edge has it, of all teams, from memory.
//!
//! Made when somebody asks for the first time, and brought up to date by what changed since.

use std::collections::{HashMap, HashSet};

use fluxgate_engine::{
    Attribute, Context, EvaluationError, Flag, FlagConfig, Flags, Kept, Served as ServedFlag, evaluate_kept,
};
use fluxgate_proto::{
    convert::{self, Content},
    v1::{Client, ClientKind, Environment, EvaluateResponse, Item},
};
use serde_json::Value;
use uuid::Uuid;

use super::state::{Position, Served};
use crate::auth::secret::{self, KeyKind};

/// Who may ask for what, and the compiled flags.
#[derive(Default)]
pub struct Evaluator {
    at: Option<Position>,
    environments: HashMap<Uuid, Environment>,
    flags: HashMap<Uuid, HashMap<String, Live>>,
    /// Where a stage's flag is.
    stages: HashMap<Uuid, (Uuid, String)>,
    clients: HashMap<Uuid, Client>,
    /// Whose key that is, by the eight characters that it shows.
    keys: HashMap<String, Uuid>,
    kills: HashMap<Uuid, HashSet<String>>,
}

/// A flag as it is served.
struct Live {
    flag: Flag,
    /// The number of its config within its stage.
    version: u64,
    /// Clients tell a float from an integer by its point, and a document may have lost that of `1.0`.
    float: bool,
}

impl Live {
    /// A value as JSON.
    fn json(&self, value: &Value) -> String {
        let point = if self.float && !value.is_f64() { ".0" } else { "" };
        format!("{value}{point}")
    }
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
    /// Whether it is what is served.
    pub fn is_current(&self, position: Position) -> bool {
        self.at == Some(position)
    }

    /// Takes in what changed.
    pub fn update(&mut self, served: &Served) {
        let position = served.position();
        let at = self.at.filter(|at| at.epoch == position.epoch && at.revision >= served.compacted());
        let above = at.filter(|at| at.revision <= position.revision).map(|at| at.revision);
        if above.is_none() {
            *self = Evaluator::default();
        }
        for item in served.changed(above.unwrap_or(0)) {
            self.take_in(&item);
        }
        self.kills.clear();
        for (environment, feature) in served.killed() {
            self.kills.entry(environment).or_default().insert(feature.to_owned());
        }
        self.at = Some(position);
    }

    fn take_in(&mut self, item: &Item) {
        let decoded = match convert::decode(item) {
            Ok(decoded) => decoded,
            // As on an edge, the last good version stays.
            Err(error) => {
                tracing::error!(item = hex::encode(&item.id), %error, "an item cannot be understood");
                return;
            }
        };
        let id = decoded.id;
        match decoded.content {
            Content::Stage(stage) => match Flag::compile(&stage.feature_key, &stage.config) {
                Ok(flag) => {
                    let live = Live { flag, version: stage.version, float: has_float(&stage.config) };
                    let flags = self.flags.entry(stage.environment_id).or_default();
                    flags.insert(stage.feature_key.clone(), live);
                    self.stages.insert(id, (stage.environment_id, stage.feature_key));
                }
                Err(error) => {
                    tracing::error!(feature = stage.feature_key, %error, "a live document is invalid")
                }
            },
            Content::StageGone => {
                if let Some((environment, key)) = self.stages.remove(&id)
                    && let Some(flags) = self.flags.get_mut(&environment)
                {
                    flags.remove(&key);
                }
            }
            Content::Environment(environment) => drop(self.environments.insert(id, environment)),
            Content::EnvironmentGone => drop(self.environments.remove(&id)),
            Content::Client(client) => {
                self.forget_keys(id);
                self.keys.extend(client.keys.iter().map(|key| (key.id.clone(), id)));
                self.clients.insert(id, client);
            }
            Content::ClientGone => {
                self.forget_keys(id);
                self.clients.remove(&id);
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

    /// Evaluates a flag for a client in an environment, where sticky splits keep what they served.
    pub fn evaluate(
        &self,
        client: &Client,
        environment: Uuid,
        (flag_key, context): (&str, &Context<'_>),
        kept: &impl Kept,
    ) -> Result<EvaluateResponse, Refusal> {
        let not_found = || EvaluationError::FlagNotFound { key: flag_key.to_owned() };
        let flags = self.flags.get(&environment).ok_or_else(not_found)?;
        let live = flags.get(flag_key).ok_or_else(not_found)?;
        if client.kind() == ClientKind::Frontend && !live.flag.client_side() {
            return Err(not_found().into());
        }
        let view = View { flags, killed: self.kills.get(&environment) };
        let found = evaluate_kept(&view, flag_key, context, kept)?;
        Ok(EvaluateResponse {
            flag_key: flag_key.to_owned(),
            value: found.value.map(|value| live.json(value)),
            variant: found.variant.map(str::to_owned),
            reason: found.reason.as_str().to_owned(),
            version: live.version,
            revision: self.revision(),
            criterion: found.criterion.and_then(|criterion| criterion.name).map(str::to_owned),
            kill_switch: found.kill_switch,
            blocked_by: found.blocked_by.map(str::to_owned),
            error_code: None,
        })
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

/// The flags of one environment, as the engine sees them.
struct View<'s> {
    flags: &'s HashMap<String, Live>,
    killed: Option<&'s HashSet<String>>,
}

impl Flags for View<'_> {
    fn get(&self, key: &str) -> Option<ServedFlag<'_>> {
        let live = self.flags.get(key)?;
        Some(ServedFlag { flag: &live.flag, killed: self.killed.is_some_and(|killed| killed.contains(key)) })
    }
}

fn has_float(config: &FlagConfig) -> bool {
    config.variants.values().any(Value::is_f64)
}
