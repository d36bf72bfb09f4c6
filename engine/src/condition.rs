//! Whom a criterion is for: a tree of `all`, `any` and `not` over conditions.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::number::canonical_value;

/// A tree of conditions.
///
/// `Display` prints it as an expression that [`parse`](crate::parse) reads back to the same tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Every one must hold; true when empty.
    All(Vec<Match>),
    /// At least one must hold; false when empty.
    Any(Vec<Match>),
    /// It must not hold.
    Not(Box<Match>),
    /// One attribute must fulfil a condition.
    #[serde(untagged)]
    Condition(Condition),
}

/// What is asked of one attribute.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The attribute's key, or a dotted path to it.
    pub key: String,
    /// How it is compared.
    pub op: Op,
    /// What it is compared with; absent for `exists` and `not_exists` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether upper and lower case count as the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
}

macro_rules! operators {
    ($($(#[$doc:meta])* $op:ident = $name:literal, $symbol:literal;)*) => {
        /// An operator.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Op {
            $($(#[$doc])* $op,)*
        }

        impl Op {
            /// Every operator, in the order in which they are documented.
            pub const ALL: &[Op] = &[$(Op::$op),*];

            /// Returns the name used in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Op::$op => $name,)* }
            }

            /// Returns the words used in expressions.
            pub fn symbol(self) -> &'static str {
                match self { $(Op::$op => $symbol,)* }
            }
        }
    };
}

operators! {
    /// The attribute equals the value.
    Equals = "equals", "==";
    /// The attribute, or each element of it, does not equal the value.
    NotEquals = "not_equals", "!=";
    /// The attribute equals one of the values.
    In = "in", "in";
    /// The attribute, or each element of it, equals none of the values.
    NotIn = "not_in", "not in";
    /// The attribute is a number above the value.
    GreaterThan = "greater_than", ">";
    /// The attribute is a number not below the value.
    GreaterThanOrEqual = "greater_than_or_equal", ">=";
    /// The attribute is a number below the value.
    LessThan = "less_than", "<";
    /// The attribute is a number not above the value.
    LessThanOrEqual = "less_than_or_equal", "<=";
    /// The attribute's text contains the value, or one of them.
    Contains = "contains", "contains";
    /// The attribute's text starts with the value, or one of them.
    StartsWith = "starts_with", "starts with";
    /// The attribute's text ends with the value, or one of them.
    EndsWith = "ends_with", "ends with";
    /// The regex finds something in the attribute's text.
    Regex = "regex", "matches";
    /// The attribute is a version within the npm range.
    Semver = "semver", "semver";
    /// The attribute is an instant before the value.
    Before = "before", "before";
    /// The attribute is an instant after the value.
    After = "after", "after";
    /// The attribute is there.
    Exists = "exists", "exists";
    /// The attribute is missing.
    NotExists = "not_exists", "not exists";
}

impl Op {
    /// Returns the operator of a document's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.as_str() == name)
    }

    /// Returns whether the operator is `exists` or `not_exists`, which take no value.
    pub fn is_unary(self) -> bool {
        matches!(self, Self::Exists | Self::NotExists)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Op {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Op {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format_args!("no operator {name:?}")))
    }
}

impl Match {
    pub(crate) fn make_canonical(&mut self) {
        match self {
            Self::All(children) | Self::Any(children) => {
                children.iter_mut().for_each(Self::make_canonical);
            }
            Self::Not(child) => child.make_canonical(),
            Self::Condition(condition) => {
                condition.value = condition.value.as_ref().map(canonical_value);
            }
        }
    }
}

impl From<Condition> for Match {
    fn from(condition: Condition) -> Self {
        Self::Condition(condition)
    }
}
