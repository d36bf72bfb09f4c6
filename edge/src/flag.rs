//! One flag as it is served: compiled once, with everything of an answer that does not depend on who asks.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fluxgate_engine::{Flag, FlagConfig, Invalid};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::assignment::{Place, mark};
use crate::json;

/// A compiled flag with its answers written in advance.
#[derive(Debug)]
pub struct ServedFlag {
    flag: Flag,
    version: u64,
    key_json: Box<[u8]>,
    variants: Box<[ServedVariant]>,
    depends_on: Box<[Box<str>]>,
    fingerprint: u64,
    /// Under what its splits keep whom they served; none when they do not.
    place: Option<Arc<Place>>,
}

#[derive(Debug)]
struct ServedVariant {
    key: Box<str>,
    /// Stands for the key among kept assignments.
    mark: u64,
    /// `"value":…,"variant":"…"`.
    fields: Box<[u8]>,
}

impl ServedFlag {
    /// Compiles a document; `delivered` are the bytes that it arrived in.
    pub fn compile(key: &str, version: u64, config: &FlagConfig, delivered: &[u8]) -> Result<Self, Invalid> {
        let float = config.variants.values().any(Value::is_f64);
        let variants = config
            .variants
            .iter()
            .map(|(variant, value)| {
                let mut fields = b"\"value\":".to_vec();
                json::put(&mut fields, value);
                // Clients tell a float from an integer by its point, and a document may have lost that of `1.0`.
                if float && !value.is_f64() {
                    fields.extend_from_slice(b".0");
                }
                fields.extend_from_slice(b",\"variant\":");
                json::put(&mut fields, variant);
                ServedVariant { key: variant.as_str().into(), mark: mark(variant), fields: fields.into() }
            })
            .collect();
        let mut key_json = Vec::with_capacity(key.len() + 2);
        json::put(&mut key_json, key);
        let flag = Flag::compile(key, config)?;
        let place = flag.sticky().then(|| Arc::new(Place::new(key, flag.salt())));
        Ok(Self {
            flag,
            version,
            key_json: key_json.into(),
            variants,
            depends_on: config
                .depends_on
                .iter()
                .map(|dependency| dependency.feature.as_str().into())
                .collect(),
            fingerprint: xxh3_64(delivered),
            place,
        })
    }

    /// Notes that its sticky splits were not always one and the same, if so.
    pub(crate) fn with_reweighted(mut self, reweighted: bool) -> Self {
        if reweighted {
            self.place = self.place.map(|place| Arc::new(place.as_reweighted()));
        }
        self
    }

    /// Returns under what its splits keep whom they served; none when they do not.
    pub(crate) fn place(&self) -> Option<&Arc<Place>> {
        self.place.as_ref()
    }

    /// Returns the variant that a mark stands for, as long as there is one.
    pub(crate) fn variant_marked(&self, mark: u64) -> Option<&str> {
        self.variants.iter().find(|variant| variant.mark == mark).map(|variant| &*variant.key)
    }

    /// Returns what the engine evaluates.
    pub fn flag(&self) -> &Flag {
        &self.flag
    }

    /// Returns the number of the config within its stage.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the keys of the features that must be on for this one.
    pub(crate) fn depends_on(&self) -> impl Iterator<Item = &str> {
        self.depends_on.iter().map(|key| &**key)
    }

    /// Returns a number that another version of this flag, or another flag, does not have.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns the key as a JSON string.
    pub(crate) fn key_json(&self) -> &[u8] {
        &self.key_json
    }

    /// Returns a variant's place among the flag's, and the fields `value` and `variant` of an answer.
    pub(crate) fn variant(&self, variant: &str) -> Option<(u16, &[u8])> {
        let (place, found) = (0..).zip(&self.variants).find(|(_, candidate)| *candidate.key == *variant)?;
        Some((place, &found.fields))
    }

    /// Returns the key of the variant at a place.
    pub(crate) fn variant_at(&self, place: usize) -> Option<&str> {
        self.variants.get(place).map(|variant| &*variant.key)
    }
}

/// A flag that a set finds by its key, so that copying the set copies no text.
#[derive(Clone, Debug)]
pub(crate) struct ByKey(pub(crate) Arc<ServedFlag>);

impl Borrow<str> for ByKey {
    fn borrow(&self) -> &str {
        self.0.flag.key()
    }
}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.flag.key().hash(state);
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.flag.key() == other.0.flag.key()
    }
}

impl Eq for ByKey {}
