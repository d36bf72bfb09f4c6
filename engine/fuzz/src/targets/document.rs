//! Documents: what is valid comes back the same and compiles; what is not is told why; nothing panics.

use std::sync::LazyLock;

use fluxgate_engine::{
    Context, Document, Documents, Flag, FlagConfig, Invalid, OwnedEvaluation, diff, explain, lint, parse,
};
use serde_json::Value;

use super::flags::One;

const CONTEXTS: &[&str] = &[
    "{}",
    r#"{"targetingKey": "user-1", "country": "US", "beta": true, "age": 34, "version": "1.2.3", "a": {"b": "x"}}"#,
    r#"{"targetingKey": 15, "country": ["US", 1, null], "email": "Ü@CORP.COM", "at": "2026-06-01T10:00:00Z", "a": ""}"#,
];

static VALUES: LazyLock<Vec<Value>> =
    LazyLock::new(|| CONTEXTS.iter().map(|text| serde_json::from_str(text).unwrap_or_default()).collect());

/// One document that is also every other feature's.
struct Itself<'c>(&'c FlagConfig);

impl Documents for Itself<'_> {
    fn get(&self, _key: &str) -> Option<Document<'_>> {
        Some(Document { config: self.0, killed: false })
    }
}

/// Takes the bytes for a document.
pub fn document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let shape = serde_json::from_str::<FlagConfig>(text);
    match FlagConfig::from_json(text) {
        Ok(config) => {
            assert_eq!(shape.as_ref().ok(), Some(&config), "its shape alone is another document");
            check_valid(&config);
        }
        Err(invalid) => check_invalid(&invalid),
    }
    if let Ok(config) = shape {
        check_shape(&config);
    }
}

fn check_valid(config: &FlagConfig) {
    let json = config.to_json();
    assert_eq!(FlagConfig::from_json(&json).as_ref(), Ok(config), "from {json}");
    assert_eq!(FlagConfig::from_value(&config.to_value()).as_ref(), Ok(config), "from the value of {json}");
    let yaml = config.to_yaml();
    assert_eq!(FlagConfig::from_yaml(&yaml).as_ref(), Ok(config), "from {yaml}");
    assert_eq!(config.validate(), Ok(()));
    assert!(Flag::compile("f", config).is_ok(), "is valid and does not compile: {json}");
    for when in config.criteria.iter().filter_map(|criterion| criterion.when.as_ref()) {
        let text = when.to_string();
        assert_eq!(parse(&text).as_ref(), Ok(when), "from {text}");
    }
    for other in neighbours(config) {
        let entries = diff(Some(config), &other);
        assert_eq!(entries.is_empty(), json == other.to_json(), "{json} to {}: {entries:?}", other.to_json());
    }
}

/// Holds for documents that were never validated, too.
fn check_shape(config: &FlagConfig) {
    assert!(!diff(None, config).is_empty());
    let entries = diff(Some(config), config);
    assert!(entries.is_empty(), "to itself: {entries:?}");
    assert!(lint(config).iter().all(|lint| !lint.message.is_empty()));
    if let Err(invalid) = config.validate() {
        check_invalid(&invalid);
    }
    match Flag::compile("f", config) {
        Ok(flag) => {
            let flag = One(flag);
            for context in VALUES.iter().flat_map(Context::from_value) {
                let result = flag.evaluate(&context).map(OwnedEvaluation::from);
                let explained = explain(&Itself(config), "f", &context, &()).result;
                assert_eq!(explained, result, "explained otherwise than evaluated");
            }
        }
        Err(invalid) => check_invalid(&invalid),
    }
}

fn check_invalid(invalid: &Invalid) {
    assert!(!invalid.0.is_empty(), "nothing is told");
    assert!(invalid.0.iter().all(|violation| !violation.message.is_empty()), "{invalid:?}");
    assert!(!invalid.to_string().is_empty());
}

/// Returns documents that may differ from this one.
fn neighbours(config: &FlagConfig) -> Vec<FlagConfig> {
    let but = |change: fn(&mut FlagConfig)| {
        let mut other = config.clone();
        change(&mut other);
        other
    };
    vec![
        but(|config| config.criteria.reverse()),
        but(|config| config.depends_on.reverse()),
        but(|config| config.depends_on.truncate(1)),
        but(|config| config.default = None),
        but(|config| config.off = None),
        but(|config| config.salt = None),
        but(|config| config.criteria.iter_mut().for_each(|criterion| criterion.name = None)),
        but(|config| config.criteria.iter_mut().for_each(|criterion| criterion.when = None)),
        but(|config| config.criteria.iter_mut().for_each(|criterion| criterion.rollout = None)),
        but(|config| config.criteria.iter_mut().for_each(|criterion| criterion.split.reverse())),
        but(|config| config.criteria.iter_mut().for_each(|criterion| criterion.bucket_by = None)),
    ]
}
