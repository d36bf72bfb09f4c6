//! Reads the body of an evaluation, borrowing from it, and holds it to the limits.

use std::borrow::Cow;
use std::fmt;

use fluxgate_engine::{Attribute, Context, ContextLimit};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::Problem;

/// The body of a request, in any of its spellings.
#[derive(Debug, Default)]
pub(crate) struct Body<'a> {
    /// `flagKey` or `feature_key`.
    pub(crate) flag: Option<Cow<'a, str>>,
    /// `environment_id` beside the context.
    pub(crate) environment: Option<Cow<'a, str>>,
    /// With the alias of the targeting key resolved.
    pub(crate) context: Context<'a>,
    /// Whether the context came as a list of attributes.
    listed: bool,
}

impl<'a> Body<'a> {
    /// Parses a body and checks its limits.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let raw: Raw<'a> = serde_json::from_slice(bytes)
            .map_err(|error| Problem::Parse(format!("the body is not the JSON expected here: {error}")))?;
        let (context, listed) = match raw.context {
            RawContext::Absent => (Context::new(), false),
            RawContext::Object(context) => (checked(context, false)?, false),
            RawContext::List(context) => (checked(context, true)?, true),
            RawContext::Other(kind) => {
                return Err(Problem::Context(format!("the context is an object of attributes, not {kind}")));
            }
        };
        Ok(Self { flag: raw.flag, environment: raw.environment, context, listed })
    }

    /// Returns the body if its context came as an object, the only form of OFREP.
    pub(crate) fn with_object(self) -> Result<Self, Problem> {
        if self.listed {
            return Err(Problem::Context("the context is an object of attributes, not a list".to_owned()));
        }
        Ok(self)
    }
}

fn checked(mut context: Context<'_>, list: bool) -> Result<Context<'_>, Problem> {
    context.within_limits()?;
    if context.get("targetingKey").is_none() {
        let alias = context.get("bucketingKey").or_else(|| context.get("userId").filter(|_| list));
        if let Some(alias) = alias.cloned() {
            context.push("targetingKey", alias);
        }
    }
    Ok(context)
}

impl From<ContextLimit> for Problem {
    fn from(limit: ContextLimit) -> Self {
        match limit {
            ContextLimit::Depth => Self::Parse(limit.to_string()),
            ContextLimit::Attributes | ContextLimit::Text => Self::Context(limit.to_string()),
        }
    }
}

#[derive(Default)]
struct Raw<'a> {
    flag: Option<Cow<'a, str>>,
    environment: Option<Cow<'a, str>>,
    context: RawContext<'a>,
}

#[derive(Default)]
enum RawContext<'a> {
    #[default]
    Absent,
    Object(Context<'a>),
    List(Context<'a>),
    Other(&'static str),
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a context")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut raw = Raw::default();
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "context" => raw.context = map.next_value()?,
                        "flagKey" | "feature_key" => raw.flag = Some(map.next_value::<Text>()?.0),
                        "environment_id" => raw.environment = map.next_value::<OptionalText>()?.0,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(raw)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawContext<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = RawContext<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Context::deserialize(MapAccessDeserializer::new(map)).map(RawContext::Object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut context = Context::new();
                while let Some(Pair { key, value }) = seq.next_element()? {
                    context.push(key, value);
                }
                Ok(RawContext::List(context))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(RawContext::Absent)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(RawContext::Other("a boolean"))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(RawContext::Other("a number"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(RawContext::Other("a number"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(RawContext::Other("a number"))
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(RawContext::Other("a string"))
            }
        }

        deserializer.deserialize_any(Form)
    }
}

/// One attribute in the list form.
struct Pair<'a> {
    key: Cow<'a, str>,
    value: Attribute<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Pair<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairVisitor;

        impl<'de> Visitor<'de> for PairVisitor {
            type Value = Pair<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an attribute as {\"key\": …, \"value\": …}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut key = None;
                let mut value = Attribute::Null;
                while let Some(Text(field)) = map.next_key()? {
                    match &*field {
                        "key" => key = Some(map.next_value::<Text>()?.0),
                        "value" => value = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let key = key.ok_or_else(|| serde::de::Error::missing_field("key"))?;
                Ok(Pair { key, value })
            }
        }

        deserializer.deserialize_map(PairVisitor)
    }
}

/// A text that borrows, which serde's own `Cow` does not.
struct Text<'a>(Cow<'a, str>);

/// The same, or null.
struct OptionalText<'a>(Option<Cow<'a, str>>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for OptionalText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Option<Text<'de>> = Option::deserialize(deserializer)?;
        Ok(Self(text.map(|Text(text)| text)))
    }
}
