//! Names of things: `feature/checkout`, `policy/Production`.

use std::fmt;

use fluxgate_engine::{Manifest, Spec};

/// What a thing is, in the order in which things need each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Noun {
    Environment,
    Pipeline,
    ContextKey,
    Feature,
    Policy,
}

impl Noun {
    pub(crate) const ALL: [Self; 5] =
        [Self::Environment, Self::Pipeline, Self::ContextKey, Self::Feature, Self::Policy];

    /// Returns the noun of the command tree.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Pipeline => "pipeline",
            Self::ContextKey => "context-key",
            Self::Feature => "feature",
            Self::Policy => "policy",
        }
    }

    /// Returns the folder of its files.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Environment => "environments",
            Self::Pipeline => "pipelines",
            Self::ContextKey => "context-keys",
            Self::Feature => "features",
            Self::Policy => "policies",
        }
    }

    /// Returns so many of them, in words.
    pub(crate) fn counted(self, count: usize) -> String {
        let (one, more) = match self {
            Self::Environment => ("environment", "environments"),
            Self::Pipeline => ("pipeline", "pipelines"),
            Self::ContextKey => ("context key", "context keys"),
            Self::Feature => ("feature", "features"),
            Self::Policy => ("policy", "policies"),
        };
        format!("{count} {}", if count == 1 { one } else { more })
    }
}

/// A thing's name within its team.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reference {
    pub(crate) noun: Noun,
    pub(crate) key: String,
}

impl Reference {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let noun = match manifest.spec {
            Spec::Environment(_) => Noun::Environment,
            Spec::Pipeline(_) => Noun::Pipeline,
            Spec::ContextKey(_) => Noun::ContextKey,
            Spec::Feature(_) => Noun::Feature,
            Spec::Policy(_) => Noun::Policy,
        };
        Self { noun, key: manifest.key.clone() }
    }

    pub(crate) fn feature(key: &str) -> Self {
        Self { noun: Noun::Feature, key: key.to_owned() }
    }

    pub(crate) fn is_feature(&self) -> bool {
        self.noun == Noun::Feature
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.noun.as_str(), self.key)
    }
}
