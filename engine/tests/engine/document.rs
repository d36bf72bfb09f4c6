//! Documents: canonical form, numbers, equality, compiling.

use fluxgate_engine::{Attribute, Context, Flag, FlagConfig, dependency_cycle};
use serde_json::{Value, json};

#[test]
fn canonical_form() {
    let written = r#"{
        "criteria": [{
            "split": [{ "weight": 50.0, "variant": "b" }, { "variant": "a", "weight": 0.125 }],
            "bucketBy": "targetingKey",
            "rollout": 100,
            "when": { "all": [{ "value": 1e3, "ignoreCase": false, "op": "equals", "key": "n" }, { "not": { "any": [] } }] },
            "name": "x"
        }, { "bucketBy": "companyId", "serve": "a", "rollout": 12.50 }],
        "dependsOn": [{ "feature": "f", "variants": [] }],
        "sticky": false,
        "off": null,
        "default": "a",
        "salt": null,
        "variants": { "b": { "z": 1e-7, "a": [1e21, -0.0, 0.000001, 123456789012345680000, 3.129567416792345e17, 1.0, 1] }, "a": {} },
        "enabled": true
    }"#;
    let config = FlagConfig::from_json(written).unwrap();
    let canonical = concat!(
        r#"{"enabled":true,"variants":{"a":{},"b":{"a":[1e+21,0,0.000001,123456789012345680000,312956741679234500.0,1.0,1],"z":1e-7}},"#,
        r#""default":"a","off":null,"dependsOn":[{"feature":"f"}],"criteria":[{"name":"x","when":{"all":["#,
        r#"{"key":"n","op":"equals","value":1000},{"not":{"any":[]}}]},"split":[{"variant":"b","weight":50},"#,
        r#"{"variant":"a","weight":0.125}]},{"rollout":12.5,"bucketBy":"companyId","serve":"a"}]}"#,
    );
    assert_eq!(config.to_json(), canonical);
    assert_eq!(FlagConfig::from_json(canonical).unwrap(), config);
    assert_eq!(FlagConfig::from_value(&config.to_value()).unwrap(), config);
    assert_eq!(serde_json::from_str::<FlagConfig>(canonical).unwrap(), config);
}

#[test]
fn simple() {
    let json = r#"{"enabled":false,"variants":{"off":false,"on":true},"default":"on","off":"off"}"#;
    assert_eq!(FlagConfig::simple(false).to_json(), json);
    let config: FlagConfig = serde_json::from_str(json).unwrap();
    assert_eq!(config, FlagConfig::simple(false));
    let flag = Flag::compile("f", &config).unwrap();
    assert_eq!((flag.key(), flag.client_side()), ("f", false));
}

#[test]
fn deserializing_checks_the_shape_only() {
    let unknown_variant = r#"{"enabled":true,"variants":{"on":true},"default":"no","off":null}"#;
    let config: FlagConfig = serde_json::from_str(unknown_variant).unwrap();
    let error = Flag::compile("f", &config).unwrap_err();
    assert_eq!(error.to_string(), r#"default: no variant "no"; there are on"#);
    let error = serde_json::from_str::<FlagConfig>(r#"{"enabled":1}"#).unwrap_err();
    assert!(error.to_string().contains("enabled: must be true or false, not a number"), "{error}");
}

#[test]
fn cycles() {
    let depends_on = |feature: &str| -> Vec<String> {
        let features: &[&str] = match feature {
            "a" => &["x", "b"],
            "b" => &["c"],
            "c" => &["d", "a"],
            "x" => &["y"],
            "y" => &["x"],
            "self" => &["self"],
            _ => &[],
        };
        features.iter().map(|feature| (*feature).to_owned()).collect()
    };
    assert_eq!(dependency_cycle(depends_on, "a").unwrap(), ["a", "b", "c", "a"]);
    assert_eq!(dependency_cycle(depends_on, "self").unwrap(), ["self", "self"]);
    assert_eq!(dependency_cycle(depends_on, "d"), None);
    // It leads to a cycle, and is on none.
    assert_eq!(dependency_cycle(|f| depends_on(if f == "p" { "x" } else { f }), "p"), None);
}

#[test]
fn attributes_are_found_by_key_then_by_path() {
    let text = r#"{ "a.b": 1, "a": { "b": 2, "c": { "d": "x" } }, "n": null, "n.m": null, "k": 1, "k": 2, "l": [{ "m": 1 }] }"#;
    let context: Context<'_> = serde_json::from_str(text).unwrap();
    assert_eq!(context.get("a.b"), Some(&Attribute::Number(1.0)));
    assert_eq!(context.get("a.c.d"), Some(&Attribute::from("x")));
    assert_eq!(context.get("k"), Some(&Attribute::Number(2.0)));
    for missing in ["n", "n.m", "a.b.c", "a.x", "l.0", "l.m", "", "."] {
        assert_eq!(context.get(missing), None, "{missing}");
    }
    assert_eq!(context.targeting_key(), None);
}

#[test]
fn contexts_borrow_what_they_can() {
    let text = r#"{"plain": "text", "escaped": "a\nb"}"#;
    let context: Context<'_> = serde_json::from_str(text).unwrap();
    let is_borrowed = |key| match context.get(key) {
        Some(Attribute::Text(text)) => matches!(text, std::borrow::Cow::Borrowed(_)),
        other => panic!("{other:?}"),
    };
    assert!(is_borrowed("plain"));
    assert!(!is_borrowed("escaped"));
    assert!(context.iter().all(|(key, _)| text.as_bytes().as_ptr_range().contains(&key.as_ptr())));
    let error = Context::from_value(&Value::Null).unwrap_err();
    assert_eq!(error.to_string(), "a context is an object of attributes, not null");
    let value = json!({ "a": [1] });
    assert!(Context::from_value(&value).is_ok());
}
