//! What one environment serves, compiled: lent to whoever evaluates for as long as that takes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fluxgate_engine::{
    Context, Evaluation, EvaluationError, Flag, FlagConfig, Flags as _, Kept, Served as ServedFlag,
    evaluate_kept,
};
use serde_json::{Number, Value};

/// The flags of one environment.
#[derive(Clone, Default)]
pub struct Flags {
    pub(super) flags: HashMap<String, Arc<Live>>,
    /// The keys of those whose kill switch is on.
    pub(super) killed: HashSet<String>,
}

/// A flag as it is served.
pub struct Live {
    flag: Flag,
    /// The number of its config within its stage.
    pub version: u64,
    /// Clients tell a float from an integer by its point, and a document may have lost that of `1.0`.
    float: bool,
}

impl Flags {
    /// What a flag is for a context, where sticky splits keep what they served.
    ///
    /// # Errors
    /// The flag is unknown, or cannot be decided.
    pub fn evaluate<'f>(
        &'f self,
        key: &str,
        context: &Context<'_>,
        kept: &impl Kept,
    ) -> Result<(&'f Live, Evaluation<'f>), EvaluationError> {
        let live = self.flags.get(key).ok_or_else(|| unknown(key))?;
        Ok((live, evaluate_kept(self, key, context, kept)?))
    }

    /// Whether FRONTEND clients are served a flag, too.
    pub fn is_client_side(&self, key: &str) -> bool {
        self.get(key).is_some_and(|served| served.flag.client_side())
    }
}

impl fluxgate_engine::Flags for Flags {
    fn get(&self, key: &str) -> Option<ServedFlag<'_>> {
        let live = self.flags.get(key)?;
        Some(ServedFlag { flag: &live.flag, killed: self.killed.contains(key) })
    }
}

impl Live {
    /// Prepares a version of a flag, and remembers whether it is one of floats.
    pub fn new(flag: Flag, version: u64, config: &FlagConfig) -> Live {
        Live { flag, version, float: config.variants.values().any(Value::is_f64) }
    }

    /// A value of it, a float with its point.
    pub fn value(&self, value: &Value) -> Value {
        let float = || value.as_f64().filter(|_| self.float).and_then(Number::from_f64);
        float().map_or_else(|| value.clone(), Value::Number)
    }
}

/// Why a flag that is not there is not evaluated.
pub fn unknown(key: &str) -> EvaluationError {
    EvaluationError::FlagNotFound { key: key.to_owned() }
}
