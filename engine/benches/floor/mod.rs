//! What a hand would write for one known rule: typed, borrowed, nothing looked up or hashed twice.

#[expect(
    clippy::cast_possible_truncation,
    reason = "a block is what is cut off, and the length counts modulo 2^32"
)]
mod hash;

use fluxgate_engine::{Attribute, Context, bucket};

use self::hash::Hash;

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
    /// What stands before the unit, hashed.
    prefix: Hash,
    rollout: u64,
}

impl Rule {
    pub(crate) fn new(key: &str) -> Self {
        let conditions = RULE.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let prefix = Hash::default().write(format!("{key}/rollout:").as_bytes());
        assert_eq!(prefix.write(b"user-4711").bucket(), u64::from(bucket(key, "rollout", "user-4711")));
        Self { conditions: conditions.into(), prefix, rollout: 50_000 }
    }

    pub(crate) fn evaluate(&self, context: &Context<'_>) -> bool {
        self.conditions.iter().all(|(key, value)| is(context.get(key), value))
            && self.is_in(text(context.targeting_key()))
    }

    fn is_in(&self, unit: Option<&str>) -> bool {
        unit.is_some_and(|unit| self.prefix.write(unit.as_bytes()).bucket() < self.rollout)
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

/// Returns a text of at most fifteen bytes as one number; another is none.
pub(crate) fn pack(text: &str) -> Option<u128> {
    let mut packed = [0; 16];
    packed.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    packed[15] = u8::try_from(text.len()).ok().filter(|length| *length < 16)?;
    Some(u128::from_le_bytes(packed))
}

/// Returns which of the values, packed once, the attribute has.
pub(crate) fn position(values: &[u128], context: &Context<'_>) -> Option<usize> {
    let plan = pack(text(context.get("plan"))?)?;
    values.iter().position(|value| *value == plan)
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
