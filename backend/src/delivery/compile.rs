//! What changed of what is served, compiled before it is taken in: compiling takes long, and nobody waits for a lock meanwhile.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fluxgate_engine::Flag;
use fluxgate_proto::{
    convert::{self, Content},
    v1::{Client, Environment, Item},
};
use uuid::Uuid;

use super::{
    flags::Live,
    state::{Position, Served},
};

/// What changed, as it travels.
pub struct Changed {
    position: Position,
    whole: bool,
    items: Vec<Arc<Item>>,
    killed: HashMap<Uuid, HashSet<String>>,
}

/// The same, understood.
pub struct Compiled {
    /// Where this leads to.
    pub position: Position,
    /// Everything there is, rather than what changed.
    pub whole: bool,
    /// Things by id, in the order of their revisions.
    pub things: Vec<(Uuid, Thing)>,
    /// All kill switches that are on, by environment.
    pub killed: HashMap<Uuid, HashSet<String>>,
}

/// One thing that is served, or is no more.
pub enum Thing {
    /// A flag of an environment.
    Stage { environment: Uuid, key: String, live: Arc<Live> },
    /// A stage that serves nothing any more.
    StageGone,
    /// An environment that may be named.
    Environment(Option<Environment>),
    /// Somebody who may ask.
    Client(Option<Client>),
}

impl Changed {
    /// What changed since a position, or everything where that cannot be continued.
    pub fn since(served: &Served, at: Option<Position>) -> Changed {
        let position = served.position();
        let at = at.filter(|at| at.epoch == position.epoch && at.revision >= served.compacted());
        let above = at.filter(|at| at.revision <= position.revision).map(|at| at.revision);
        let mut killed: HashMap<Uuid, HashSet<String>> = HashMap::new();
        for (environment, feature) in served.killed() {
            killed.entry(environment).or_default().insert(feature.to_owned());
        }
        Changed { position, whole: above.is_none(), items: served.changed(above.unwrap_or(0)), killed }
    }

    /// Compiles it. Of what cannot be understood the last good version stays, as on an edge.
    pub fn compile(self) -> Compiled {
        let things = self.items.iter().filter_map(|item| understand(item)).collect();
        Compiled { position: self.position, whole: self.whole, things, killed: self.killed }
    }
}

fn understand(item: &Item) -> Option<(Uuid, Thing)> {
    let decoded = match convert::decode(item) {
        Ok(decoded) => decoded,
        Err(error) => {
            tracing::error!(item = hex::encode(&item.id), %error, "an item cannot be understood");
            return None;
        }
    };
    let thing = match decoded.content {
        Content::Stage(stage) => match Flag::compile(&stage.feature_key, &stage.config) {
            Ok(flag) => Thing::Stage {
                environment: stage.environment_id,
                live: Arc::new(Live::new(flag, stage.version, &stage.config)),
                key: stage.feature_key,
            },
            Err(error) => {
                tracing::error!(feature = stage.feature_key, %error, "a live document is invalid");
                return None;
            }
        },
        Content::StageGone => Thing::StageGone,
        Content::Environment(environment) => Thing::Environment(Some(environment)),
        Content::EnvironmentGone => Thing::Environment(None),
        Content::Client(client) => Thing::Client(Some(client)),
        Content::ClientGone => Thing::Client(None),
    };
    Some((decoded.id, thing))
}
