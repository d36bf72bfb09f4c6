//! Turns a document, once, into what evaluating it needs: regexes, ranges, sets, thresholds, hashed salts.

use std::collections::HashMap;

use serde_json::Value;

use crate::bucket::{Prefix, thousandths};
use crate::config::{self, FlagConfig};
use crate::guard::{Guard, guards};
use crate::operator::{Key, Keys, Node, TOO_MANY_KEYS};
use crate::path::Path;
use crate::validate::{Invalid, no_variant};

/// A compiled flag config.
#[derive(Debug)]
pub struct Flag {
    key: Box<str>,
    salt: Option<Box<str>>,
    pub(crate) sticky: bool,
    pub(crate) enabled: bool,
    client_side: bool,
    pub(crate) default: Option<u16>,
    pub(crate) off: Option<u16>,
    pub(crate) variants: Box<[Variant]>,
    pub(crate) depends_on: Box<[Dependency]>,
    pub(crate) criteria: Box<[Criterion]>,
    /// For each criterion what lets it be passed over at a glance; empty when there are few.
    pub(crate) guards: Box<[Option<Guard>]>,
    /// The distinct attributes that the criteria look at; the rest knows them by their index.
    pub(crate) keys: Box<[Key]>,
    /// Whether an attribute may be looked at more than once.
    pub(crate) keys_repeat: bool,
    rollout_salt: Prefix,
    split_salt: Prefix,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) key: Box<str>,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) feature: Box<str>,
    pub(crate) variants: Box<[Box<str>]>,
}

#[derive(Debug)]
pub(crate) struct Criterion {
    pub(crate) when: Option<Node>,
    pub(crate) effect: Effect,
    /// The buckets below it are taken in; none when everyone is.
    pub(crate) rollout: Option<u32>,
    /// The attribute that buckets are made of; none when no bucket is needed.
    pub(crate) bucket_by: Option<u16>,
    pub(crate) name: Option<Box<str>>,
}

#[derive(Debug)]
pub(crate) enum Effect {
    Serve(u16),
    Split(Box<[Share]>),
}

/// A variant's part of a split: the buckets from the former share's end up to its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) upto: u32,
    pub(crate) variant: u16,
}

impl Flag {
    /// Compiles the config of the feature of this key.
    pub fn compile(key: &str, config: &FlagConfig) -> Result<Self, Invalid> {
        let variants = Variants::new(config);
        let mut keys = Keys::default();
        let mut criteria = Vec::with_capacity(config.criteria.len());
        for (position, criterion) in config.criteria.iter().enumerate() {
            let path = Path::Field(&Path::Root, "criteria");
            let path = path.index(position);
            criteria.push(compile_criterion(&variants, criterion, &path, &mut keys)?);
        }
        let salt = config.salt_of(key);
        Ok(Self {
            key: key.into(),
            salt: config.salt.as_deref().map(Into::into),
            sticky: config.sticky,
            enabled: config.enabled,
            client_side: config.client_side,
            default: variants.index_of_optional(config.default.as_deref(), "default")?,
            off: variants.index_of_optional(config.off.as_deref(), "off")?,
            variants: config
                .variants
                .iter()
                .map(|(key, value)| Variant { key: key.as_str().into(), value: value.clone() })
                .collect(),
            depends_on: config.depends_on.iter().map(Dependency::new).collect(),
            guards: guards(&criteria),
            criteria: criteria.into(),
            keys_repeat: keys.repeat(),
            keys: keys.into_boxed(),
            rollout_salt: Prefix::new(salt, "rollout"),
            split_salt: Prefix::new(salt, "split"),
        })
    }

    /// Returns the feature's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns what the buckets are salted with.
    pub fn salt(&self) -> &str {
        self.salt.as_deref().unwrap_or(&self.key)
    }

    /// Returns whether a unit keeps the variant that a split served it first.
    pub fn sticky(&self) -> bool {
        self.sticky
    }

    /// Returns whether FRONTEND clients are served the feature, too.
    pub fn client_side(&self) -> bool {
        self.client_side
    }

    pub(crate) fn off_key(&self) -> Option<&str> {
        let off = self.variants.get(usize::from(self.off?))?;
        Some(&off.key)
    }

    pub(crate) fn rollout_bucket(&self, unit: &str) -> u32 {
        self.rollout_salt.bucket(unit)
    }

    pub(crate) fn split_bucket(&self, unit: &str) -> u32 {
        self.split_salt.bucket(unit)
    }
}

impl Dependency {
    fn new(dependency: &config::Dependency) -> Self {
        Self {
            feature: dependency.feature.as_str().into(),
            variants: dependency.variants.iter().map(|variant| variant.as_str().into()).collect(),
        }
    }
}

fn compile_criterion(
    variants: &Variants<'_>,
    criterion: &config::Criterion,
    path: &Path<'_>,
    keys: &mut Keys,
) -> Result<Criterion, Invalid> {
    let rollout = criterion.is_partial().then(|| criterion.threshold());
    let effect = match &criterion.serve {
        Some(variant) => Effect::Serve(variants.index_of(variant, &path.field("serve"))?),
        None => Effect::Split(shares(variants, &criterion.split, &path.field("split"))?),
    };
    let when = match &criterion.when {
        Some(when) => Some(Node::compile(when, &path.field("when"), keys)?),
        None => None,
    };
    let needs_bucket = rollout.is_some() || matches!(effect, Effect::Split(_));
    let bucket_by = match needs_bucket {
        true => Some(keys.index(criterion.bucket_key()).ok_or_else(|| Invalid::at(path, TOO_MANY_KEYS))?),
        false => None,
    };
    Ok(Criterion { when, effect, rollout, bucket_by, name: criterion.name.as_deref().map(Into::into) })
}

fn shares(
    variants: &Variants<'_>,
    split: &[config::Split],
    path: &Path<'_>,
) -> Result<Box<[Share]>, Invalid> {
    let shares = split.iter().zip(ends(split)).enumerate();
    shares
        .map(|(position, (share, upto))| {
            Ok(Share { upto, variant: variants.index_of(&share.variant, &path.index(position))? })
        })
        .collect()
}

/// Returns, for each share of a split, the bucket that it ends before; it begins where the former one ends.
pub(crate) fn ends(split: &[config::Split]) -> impl Iterator<Item = u32> {
    split.iter().scan(0_u32, |upto, share| {
        *upto = upto.saturating_add(thousandths(share.weight));
        Some(*upto)
    })
}

/// The numbers of a document's variants by their keys: a split may name thousands.
struct Variants<'c> {
    config: &'c FlagConfig,
    numbers: HashMap<&'c str, usize>,
}

impl<'c> Variants<'c> {
    fn new(config: &'c FlagConfig) -> Self {
        let keys = config.variants.keys().map(String::as_str);
        Self { config, numbers: keys.zip(0..).collect() }
    }

    fn index_of_optional(&self, variant: Option<&str>, field: &str) -> Result<Option<u16>, Invalid> {
        variant.map(|variant| self.index_of(variant, &Path::Root.field(field))).transpose()
    }

    fn index_of(&self, variant: &str, path: &Path<'_>) -> Result<u16, Invalid> {
        let index = self.numbers.get(variant).and_then(|index| u16::try_from(*index).ok());
        index.ok_or_else(|| Invalid::at(path, no_variant(self.config, variant)))
    }
}
