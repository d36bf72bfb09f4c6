//! Contexts: read from text and seen through a JSON value they give the same results, and operators agree.

use std::sync::LazyLock;

use fluxgate_engine::{Context, Flag, FlagConfig, Match, parse};
use serde_json::{Value, json};

use super::flags::One;

/// Two expressions that hold for the same contexts, by different ways through the engine.
const SAME: &[(&str, &str)] = &[
    ("a == 1", "a in [1]"),
    ("a == \"1\"", "a in [\"1\", \"1\"]"),
    ("a == -0.5", "a in [-0.5]"),
    ("a == true", "a in [true]"),
    ("a == \"false\"", "a in [\"false\"]"),
    ("a == \"\"", "a in [\"\"]"),
    ("a == \"x\" or a == 1 or a == false", "a in [\"x\", 1, false]"),
    (
        "a in [0, 1, 2, 3, 4, 5, \"6\", \"7\", \"8\", \"9\"]",
        "a in [0, 1, 2, 3, 4] or a in [5, \"6\", \"7\", \"8\", \"9\"]",
    ),
    ("a ==~ \"Ü\"", "a in~ [\"ü\"]"),
    ("a ==~ \"US\"", "a in~ [\"us\"]"),
    ("a ==~ \"TRUE\"", "a in~ [\"TRUE\"]"),
    ("a != \"x\"", "exists a and not a == \"x\""),
    ("a !=~ \"1e3\"", "exists a and not a ==~ \"1e3\""),
    ("a not in [\"x\", 0]", "a != \"x\" and a != 0"),
    ("a not in~ [\"x\", \"y\"]", "a !=~ \"X\" and a !=~ \"Y\""),
    ("exists a.b", "not not exists a.b"),
    ("exists `a.b.c`", "not not exists a.b.c"),
    ("a > 18", "a > 18 and a >= 18"),
    ("a <= 18", "a < 18 or a == 18 and a <= 18"),
    ("b >= -1", "b > -1 or b == -1"),
    ("b < 1e21", "b < 1e21 and b <= 1e21"),
    ("a contains [\"x\", \"y\"]", "a contains \"x\" or a contains \"y\""),
    ("a starts with \"x\"", "a starts with [\"x\", \"xy\"]"),
    ("a ends with~ \"É\"", "a ends with~ [\"é\", \"é\"]"),
    ("a contains~ \"True\"", "a contains~ \"tRUE\""),
    ("a matches \"^x\"", "a starts with \"x\""),
    ("a matches \"\"", "a contains \"\""),
    ("a matches~ \"^(us|de)$\"", "a matches \"^([uU][sSſ]|[dD][eE])$\""),
    ("a semver \"1.x || 2.x\"", "a semver \"1.x\" or a semver \"2.x\""),
    ("a semver \"^1.2\"", "a semver \">=1.2.0 <2.0.0-0\""),
    ("a before \"2026-06-01T10:00:00Z\"", "a before \"2026-06-01T12:00:00+02:00\""),
    ("a after 1780308000000", "a after \"2026-06-01T10:00:00Z\""),
    ("a.b == \"x\" and b.a.c != 2", "not (not a.b == \"x\" or not b.a.c != 2)"),
];

/// Criteria that need a bucket.
const BUCKETS: &[&str] = &[
    r#"{"rollout": 50, "serve": "on"}"#,
    r#"{"rollout": 50, "serve": "on", "bucketBy": "a"}"#,
    r#"{"split": [{"variant": "on", "weight": 30.5}, {"variant": "off", "weight": 30}]}"#,
    r#"{"split": [{"variant": "on", "weight": 100}], "bucketBy": "a.b", "when": {"key": "a", "op": "exists"}}"#,
    r#"{"rollout": 0, "split": [{"variant": "on", "weight": 1}], "bucketBy": "b"}"#,
];

struct Flags {
    same: Vec<(One, One)>,
    buckets: Vec<One>,
}

static FLAGS: LazyLock<Flags> = LazyLock::new(|| Flags {
    same: SAME.iter().map(|(one, other)| (matching(one), matching(other))).collect(),
    buckets: BUCKETS.iter().map(|text| flag(&serde_json::from_str(text).unwrap_or_default())).collect(),
});

fn matching(expression: &str) -> One {
    let when: Match = parse(expression).unwrap_or_else(|error| panic!("{}", error.render(expression)));
    flag(&json!({ "when": when, "serve": "on" }))
}

fn flag(criterion: &Value) -> One {
    let config = FlagConfig::from_value(&json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": null,
        "off": "off",
        "criteria": [criterion],
    }));
    let flag = config.and_then(|config| Flag::compile("f", &config));
    One(flag.unwrap_or_else(|invalid| panic!("{criterion}: {invalid}")))
}

/// Takes the bytes for a context.
pub fn context(data: &[u8]) {
    let parsed = serde_json::from_slice::<Context<'_>>(data);
    let value = serde_json::from_slice::<Value>(data);
    let viewed = value.as_ref().ok().and_then(|value| Context::from_value(value).ok());
    let (parsed, viewed) = match (parsed, viewed) {
        (Ok(parsed), Some(viewed)) => (parsed, viewed),
        (Err(_), None) => return,
        (parsed, viewed) => panic!("{parsed:?} from text, {viewed:?} from a value"),
    };
    for (key, _) in viewed.iter() {
        assert_eq!(parsed.get(key).is_some(), viewed.get(key).is_some(), "{key:?}");
    }
    for ((one, other), texts) in FLAGS.same.iter().zip(SAME) {
        assert_eq!(one.evaluate(&parsed), one.evaluate(&viewed), "{}: text and value", texts.0);
        assert_eq!(other.evaluate(&parsed), other.evaluate(&viewed), "{}: text and value", texts.1);
        assert_eq!(one.is_on(&viewed), other.is_on(&viewed), "{texts:?}");
    }
    for (flag, text) in FLAGS.buckets.iter().zip(BUCKETS) {
        assert_eq!(flag.evaluate(&parsed), flag.evaluate(&viewed), "{text}: text and value");
    }
}
