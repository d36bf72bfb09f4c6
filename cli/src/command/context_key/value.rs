//! The types of attributes, and values of them as people type them.

use fluxgate_client::ContextKeyType;
use serde_json::Value;

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Type {
    /// A text
    String,
    /// A number
    Number,
    /// true or false
    Boolean,
    /// A version, like 1.2.3
    Version,
    /// A point in time: RFC 3339 with an offset, or Unix milliseconds
    Instant,
}

impl From<Type> for ContextKeyType {
    fn from(kind: Type) -> Self {
        match kind {
            Type::String => Self::String,
            Type::Number => Self::Number,
            Type::Boolean => Self::Boolean,
            Type::Version => Self::Version,
            Type::Instant => Self::Instant,
        }
    }
}

/// Reads allowed values as an attribute of this type holds them; the server says which of them are none.
pub(super) fn values(kind: &ContextKeyType, texts: Vec<String>) -> Vec<Value> {
    let text = matches!(kind, ContextKeyType::String | ContextKeyType::Version);
    let value = |word: String| match serde_json::from_str(&word) {
        Ok(value) if !text => value,
        // As others do, text may stand in quotes.
        Ok(Value::String(quoted)) => Value::String(quoted),
        _ => Value::String(word),
    };
    texts.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use fluxgate_client::ContextKeyType;
    use serde_json::json;

    use super::values;

    #[test]
    fn values_are_of_the_attributes_type() {
        let read = |kind, text: &str| values(&kind, vec![text.to_owned()]).remove(0);
        assert_eq!(read(ContextKeyType::Number, "5"), json!(5));
        assert_eq!(read(ContextKeyType::String, "5"), json!("5"));
        assert_eq!(read(ContextKeyType::String, "\"a b\""), json!("a b"));
        assert_eq!(read(ContextKeyType::String, "true"), json!("true"));
        assert_eq!(read(ContextKeyType::Boolean, "true"), json!(true));
        assert_eq!(read(ContextKeyType::Version, "1.2"), json!("1.2"));
        assert_eq!(read(ContextKeyType::Instant, "2027-01-31T00:00:00Z"), json!("2027-01-31T00:00:00Z"));
        assert_eq!(read(ContextKeyType::Instant, "1800000000000"), json!(1_800_000_000_000_u64));
    }
}
