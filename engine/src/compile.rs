//! Turns a document, once, into what evaluating it needs: regexes, ranges, sets, thresholds, hashed salts.

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
        let mut keys = Keys::default();
        let mut criteria = Vec::with_capacity(config.criteria.len());
        for (position, criterion) in config.criteria.iter().enumerate() {
            let path = Path::Field(&Path::Root, "criteria");
            let path = path.index(position);
            criteria.push(compile_criterion(config, criterion, &path, &mut keys)?);
        }
        let salt = config.salt_of(key);
        Ok(Self {
            key: key.into(),
            salt: config.salt.as_deref().map(Into::into),
            sticky: config.sticky,
            enabled: config.enabled,
            client_side: config.client_side,
            default: index_of_optional(config, config.default.as_deref(), "default")?,
            off: index_of_optional(config, config.off.as_deref(), "off")?,
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
    config: &FlagConfig,
    criterion: &config::Criterion,
    path: &Path<'_>,
    keys: &mut Keys,
) -> Result<Criterion, Invalid> {
    let rollout = criterion.is_partial().then(|| criterion.threshold());
    let effect = match &criterion.serve {
        Some(variant) => Effect::Serve(index_of(config, variant, &path.field("serve"))?),
        None => Effect::Split(shares(config, &criterion.split, &path.field("split"))?),
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

fn shares(config: &FlagConfig, split: &[config::Split], path: &Path<'_>) -> Result<Box<[Share]>, Invalid> {
    let shares = split.iter().zip(ends(split)).enumerate();
    shares
        .map(|(position, (share, upto))| {
            Ok(Share { upto, variant: index_of(config, &share.variant, &path.index(position))? })
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

fn index_of_optional(
    config: &FlagConfig,
    variant: Option<&str>,
    field: &str,
) -> Result<Option<u16>, Invalid> {
    variant.map(|variant| index_of(config, variant, &Path::Root.field(field))).transpose()
}

fn index_of(config: &FlagConfig, variant: &str, path: &Path<'_>) -> Result<u16, Invalid> {
    config
        .variants
        .keys()
        .position(|key| key == variant)
        .and_then(|index| u16::try_from(index).ok())
        .ok_or_else(|| Invalid::at(path, no_variant(config, variant)))
}
