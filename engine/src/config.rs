//! The flag config: what one feature does in one environment, as one immutable document.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::bucket::{BUCKETS, thousandths};
use crate::condition::Match;
use crate::number::{canonical_variant, serialize_number, serialize_optional_number, write_json};
use crate::path::Path;
use crate::read::{self, Reader};
use crate::validate::{self, Found, Invalid};

/// The attribute that names the subject, and that buckets are made of unless a criterion says otherwise.
pub(crate) const TARGETING_KEY: &str = "targetingKey";

/// One feature's behaviour in one environment.
///
/// Its JSON form is the same wherever the document travels. Serializing leaves out what is the default;
/// [`to_json`](Self::to_json) prints the canonical form, with every number as it has to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagConfig {
    /// Whether the criteria are looked at; when not, `off` is served.
    pub enabled: bool,
    /// The values that the feature can have, all of one type.
    pub variants: BTreeMap<String, Value>,
    /// The variant served when nothing else decides; none is the application's own default.
    pub default: Option<String>,
    /// The variant served when not enabled, killed or blocked; none is the application's own default.
    pub off: Option<String>,
    /// What the buckets are salted with; the feature's key when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// Whether a unit keeps the variant that a split served it first.
    #[serde(skip_serializing_if = "is_false")]
    pub sticky: bool,
    /// Whether the feature is also served to FRONTEND clients.
    #[serde(skip_serializing_if = "is_false")]
    pub client_side: bool,
    /// The features that must be on for this one, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Dependency>,
    /// Who gets what: the first criterion that matches decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
}

/// Another feature of the same environment that must be served first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The other feature's key.
    pub feature: String,
    /// The variants of it that count; when empty, any but its `off`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
}

/// One rule: who it is for, and what they get.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Criterion {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom it is for; everyone when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Match>,
    /// The percentage of those whom it takes in; 100 when absent.
    #[serde(skip_serializing_if = "is_full", serialize_with = "serialize_optional_number")]
    pub rollout: Option<f64>,
    /// The attribute that buckets are made of; `targetingKey` when absent.
    #[serde(skip_serializing_if = "is_targeting_key")]
    pub bucket_by: Option<String>,
    /// The one variant they get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<String>,
    /// The variants they are divided among; given exactly when `serve` is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Split>,
}

/// A variant's share of a split.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// The variant's key.
    pub variant: String,
    /// Its percentage, with at most three decimals.
    #[serde(serialize_with = "serialize_number")]
    pub weight: f64,
}

impl FlagConfig {
    /// Reads and validates a document, reporting every error with its path.
    pub fn from_value(value: &Value) -> Result<Self, Invalid> {
        Self::read(value, Vec::new()).map_err(Invalid::from)
    }

    /// Reads and validates a document, adding to what was already found in it.
    pub(crate) fn read(value: &Value, found: Vec<Found>) -> Result<Self, Vec<Found>> {
        let mut reader = Reader { found };
        let Some(config) = reader.config(value, &Path::Root) else {
            return Err(reader.found);
        };
        if validate::is_full(&reader.found) {
            return Err(reader.found);
        }
        validate::check(&config, reader.found)?;
        Ok(config)
    }

    /// Reads and validates a document from JSON text.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        match serde_json::from_str(json) {
            Ok(value) => Self::from_value(&value),
            Err(error) => Err(Invalid::at("", format!("is not JSON: {error}"))),
        }
    }

    /// Returns the canonical form as a JSON value.
    pub fn to_value(&self) -> Value {
        // Only a map with keys that are no strings could fail, and a document has none.
        serde_json::to_value(self.clone().into_canonical()).unwrap_or_default()
    }

    /// Returns the canonical form as compact JSON.
    pub fn to_json(&self) -> String {
        write_json(&self.clone().into_canonical())
    }

    /// Returns the config of a SIMPLE feature: a switch between `on` and `off`.
    pub fn simple(enabled: bool) -> Self {
        Self {
            enabled,
            variants: BTreeMap::from([
                ("on".to_owned(), Value::Bool(true)),
                ("off".to_owned(), Value::Bool(false)),
            ]),
            default: Some("on".to_owned()),
            off: Some("off".to_owned()),
            salt: None,
            sticky: false,
            client_side: false,
            depends_on: Vec::new(),
            criteria: Vec::new(),
        }
    }

    /// Checks every rule that a written document must keep, except those that need the other features.
    pub fn validate(&self) -> Result<(), Invalid> {
        validate::check(self, Vec::new()).map_err(Invalid::from)
    }

    /// Returns what the buckets of the feature of this key are salted with.
    pub(crate) fn salt_of<'s>(&'s self, key: &'s str) -> &'s str {
        self.salt.as_deref().unwrap_or(key)
    }

    /// Returns the same document with every default left out and every number in its one form.
    pub(crate) fn into_canonical(mut self) -> Self {
        for value in self.variants.values_mut() {
            *value = canonical_variant(value);
        }
        for criterion in &mut self.criteria {
            criterion.leave_out_defaults();
            if let Some(when) = &mut criterion.when {
                when.make_canonical();
            }
        }
        self
    }
}

impl Criterion {
    /// Makes what says the default say nothing.
    pub(crate) fn leave_out_defaults(&mut self) {
        if is_full(&self.rollout) {
            self.rollout = None;
        }
        if is_targeting_key(&self.bucket_by) {
            self.bucket_by = None;
        }
    }

    /// Returns the threshold of the rollout: the buckets below it are taken in.
    pub(crate) fn threshold(&self) -> u32 {
        self.rollout.map_or(BUCKETS, thousandths)
    }

    /// Returns whether the rollout leaves anyone out.
    pub(crate) fn is_partial(&self) -> bool {
        self.threshold() < BUCKETS
    }

    /// Returns the attribute that buckets are made of.
    pub(crate) fn bucket_key(&self) -> &str {
        self.bucket_by.as_deref().unwrap_or(TARGETING_KEY)
    }
}

/// Reads the shape only: documents are validated when they are written, not whenever they are read.
macro_rules! deserialize_through_reader {
    ($($type:ty: $read:ident),* $(,)?) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read::deserialize(deserializer, Reader::$read)
            }
        }
    )*};
}

deserialize_through_reader! {
    FlagConfig: config,
    Dependency: dependency,
    Criterion: criterion,
    Split: split,
    Match: root_match,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

fn is_full(rollout: &Option<f64>) -> bool {
    rollout.is_none_or(|rollout| rollout == 100.0)
}

fn is_targeting_key(bucket_by: &Option<String>) -> bool {
    bucket_by.as_deref().is_none_or(|key| key == TARGETING_KEY)
}
