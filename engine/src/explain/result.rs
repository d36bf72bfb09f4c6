//! A result that can be kept and sent: owned, and an error as its code and message.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use crate::evaluation::{CriterionRef, Evaluation, EvaluationError, Reason};

/// An evaluation that outlives the flags.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedEvaluation {
    /// The variant's key; none is the application's own default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The variant's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Why this variant.
    pub reason: Reason,
    /// The criterion that decided, for TARGETING_MATCH and SPLIT only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criterion: Option<OwnedCriterionRef>,
    /// Whether the kill switch decided.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kill_switch: bool,
    /// The first dependency that is not satisfied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
}

/// Names a criterion of a flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedCriterionRef {
    /// Its position, which is its priority.
    pub index: usize,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl From<Evaluation<'_>> for OwnedEvaluation {
    fn from(evaluation: Evaluation<'_>) -> Self {
        Self {
            variant: evaluation.variant.map(str::to_owned),
            value: evaluation.value.cloned(),
            reason: evaluation.reason,
            criterion: evaluation.criterion.map(OwnedCriterionRef::from),
            kill_switch: evaluation.kill_switch,
            blocked_by: evaluation.blocked_by.map(str::to_owned),
        }
    }
}

impl From<CriterionRef<'_>> for OwnedCriterionRef {
    fn from(criterion: CriterionRef<'_>) -> Self {
        Self { index: criterion.index, name: criterion.name.map(str::to_owned) }
    }
}

pub(super) fn serialize_result<S: Serializer>(
    result: &Result<OwnedEvaluation, EvaluationError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    struct Coded<'e>(&'e EvaluationError);

    impl Serialize for Coded<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serialize_coded(self.0.code(), self.0, serializer)
        }
    }

    match result {
        Ok(evaluation) => evaluation.serialize(serializer),
        Err(error) => {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("error", &Coded(error))?;
            map.end()
        }
    }
}

/// Serializes what has gone wrong as its code and its message.
pub(super) fn serialize_coded<S: Serializer>(
    code: &str,
    message: &impl ToString,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_struct("Coded", 2)?;
    fields.serialize_field("code", code)?;
    fields.serialize_field("message", &message.to_string())?;
    fields.end()
}
