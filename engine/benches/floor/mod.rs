//! What a hand would write for one known rule: typed, borrowed, nothing looked up or hashed twice.

use fluxgate_engine::{Attribute, Context, murmur3_x86_32};

pub(crate) const RULE: [(&str, &str); 5] =
    [("country", "US"), ("plan", "enterprise"), ("device", "ios"), ("channel", "web"), ("language", "en-US")];

/// A switch.
pub(crate) struct Simple {
    pub(crate) enabled: bool,
    pub(crate) default: &'static str,
}

impl Simple {
    pub(crate) fn evaluate(&self) -> Option<&'static str> {
        self.enabled.then_some(self.default)
    }
}

/// Five conditions on strings and a rollout of half.
pub(crate) struct Rule {
    conditions: Vec<(String, String)>,
    /// What is hashed before the unit.
    prefix: String,
    rollout: u64,
}

impl Rule {
    pub(crate) fn new(key: &str) -> Self {
        let conditions = RULE.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self { conditions: conditions.into(), prefix: format!("{key}/rollout:"), rollout: 50_000 }
    }

    pub(crate) fn evaluate(&self, context: &Context<'_>) -> bool {
        self.conditions.iter().all(|(key, value)| is(context.get(key), value))
            && self.is_in(text(context.targeting_key()))
    }

    fn is_in(&self, unit: Option<&str>) -> bool {
        unit.is_some_and(|unit| {
            let hash = murmur3_x86_32([self.prefix.as_bytes(), unit.as_bytes()]);
            (u64::from(hash) * 100_000) >> 32 < self.rollout
        })
    }
}

/// Evaluates many flags of the same five attributes, each looked up once for all of them.
pub(crate) fn count(rules: &[Rule], context: &Context<'_>) -> usize {
    let attributes = RULE.map(|(key, _)| context.get(key));
    let unit = text(context.targeting_key());
    let matches = |rule: &&Rule| {
        rule.conditions.iter().zip(attributes).all(|((_, value), attribute)| is(attribute, value))
            && rule.is_in(unit)
    };
    rules.iter().filter(matches).count()
}

/// Returns which of the values the attribute has.
pub(crate) fn position(values: &[String], context: &Context<'_>) -> Option<usize> {
    let plan = context.get("plan");
    values.iter().position(|value| is(plan, value))
}

fn text<'x>(attribute: Option<&'x Attribute<'_>>) -> Option<&'x str> {
    match attribute {
        Some(Attribute::Text(text)) => Some(text),
        _ => None,
    }
}

fn is(attribute: Option<&Attribute<'_>>, value: &str) -> bool {
    text(attribute) == Some(value)
}
