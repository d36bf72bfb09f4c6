//! The file form: canonical YAML, text forms, and errors with their places.

use fluxgate_engine::FlagConfig;
use serde_json::json;

fn problems(text: &str) -> String {
    FlagConfig::from_yaml(text).unwrap_err().to_string()
}

#[test]
fn long_and_text_forms_mean_the_same() {
    let long = r#"
enabled: true
variants: { "on": true, "off": false }
default: "on"
off: "off"
criteria:
  - when: { all: [{ key: country, op: in, value: [US, 1] }, { not: { key: beta, op: exists } }] }
    split:
      - { variant: "on", weight: 50 }
      - { variant: "off", weight: 0.125 }
  - when: { all: [] }
    serve: "on"
"#;
    let text = r#"
# A comment, and a key that YAML 1.1 would take for a boolean.
off: off
default: on
variants: {on: true, off: false}
enabled: true
criteria:
- when: 'country in ["US", 1] and not (exists beta)'
  split: on=50, off=0.125
- when: true
  serve: on
"#;
    let config = FlagConfig::from_yaml(long).unwrap();
    assert_eq!(
        config.to_json(),
        concat!(
            r#"{"enabled":true,"variants":{"off":false,"on":true},"default":"on","off":"off","criteria":[{"when":{"all":["#,
            r#"{"key":"country","op":"in","value":["US",1]},{"not":{"key":"beta","op":"exists"}}]},"split":["#,
            r#"{"variant":"on","weight":50},{"variant":"off","weight":0.125}]},{"when":{"all":[]},"serve":"on"}]}"#,
        )
    );
    assert_eq!(FlagConfig::from_yaml(text).unwrap(), config);
    assert_eq!(FlagConfig::from_yaml(&config.to_json()).unwrap(), config);
    // Only files have texts.
    let value = json!({ "enabled": true, "variants": { "a": 1 }, "default": "a", "off": "a",
        "criteria": [{ "when": "x == 1", "serve": "a" }, { "split": "a=50" }] });
    assert_eq!(
        FlagConfig::from_value(&value).unwrap_err().to_string(),
        "criteria[0].when: must be an object with all, any, not or a condition, not a string; \
         criteria[1].split: must be a list, not a string"
    );
}

#[test]
fn a_value_that_json_cannot_say_is_all_that_is_wrong() {
    let text = "enabled: true\nvariants: {a: .inf, b: 1}\ndefault: a\noff: a\n";
    assert_eq!(
        problems(text),
        "2:15 variants.a: .inf is a number that JSON does not have; quote it if it is a string"
    );
}

#[test]
fn canonical_yaml() {
    let config = json!({
        "criteria": [
            { "serve": "express", "name": "staff: all", "when": { "any": [
                { "key": "email", "op": "ends_with", "value": "@corp.com", "ignoreCase": true },
                { "all": [
                    { "key": "beta", "op": "equals", "value": true },
                    { "not": { "key": "country", "op": "in", "value": ["KP", "IR"] } },
                ] },
            ] } },
            { "split": [{ "variant": "control", "weight": 50.0 }, { "variant": "express", "weight": 12.5 }],
              "bucketBy": "companyId", "rollout": 25, "name": "US split",
              "when": { "key": "country", "op": "equals", "value": "US" } },
            { "when": { "all": [] }, "serve": "control" },
            { "when": { "key": "path", "op": "regex", "value": "^/a: \\d+ #" }, "serve": "control" },
        ],
        "dependsOn": [{ "feature": "payments-v2", "variants": ["on", "two"] }, { "feature": "1" }],
        "clientSide": true, "sticky": true, "salt": "2026-01-01", "off": "control", "default": null,
        "variants": { "express": { "title": "Get started: today", "empty": {}, "none": [], "nothing": null,
            "text": "<b>\n  bold\n\n</b>\n", "list": [{ "b": "on", "a": [1.0, "1.0", 2e21] }, [[], ["x, y"]]],
            "y": "C:\\new \"x\"", "tab": "a\tb", "long": ["a".repeat(40), "b".repeat(40)] },
            "control": {} },
        "enabled": false,
    });
    let config = FlagConfig::from_value(&config).unwrap();
    let yaml = r#"enabled: false
variants:
  control: {}
  express:
    empty: {}
    list:
      - a: [1.0, "1.0", 2e+21]
        b: "on"
      - - []
        - ["x, y"]
    long:
      - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      - bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    none: []
    nothing: null
    tab: "a\tb"
    text: |
      <b>
        bold

      </b>
    title: "Get started: today"
    "y": C:\new "x"
default: null
"off": control
salt: "2026-01-01"
sticky: true
clientSide: true
dependsOn:
  - feature: payments-v2
    variants: ["on", two]
  - feature: "1"
criteria:
  - name: "staff: all"
    when: email ends with~ "@corp.com" or beta == true and not country in ["KP", "IR"]
    serve: express
  - name: US split
    when: country == "US"
    rollout: 25
    bucketBy: companyId
    split: control=50, express=12.5
  - when: "true"
    serve: control
  - when: 'path matches "^/a: \\d+ #"'
    serve: control
"#;
    assert_eq!(config.to_yaml(), yaml);
    assert_eq!(FlagConfig::from_yaml(yaml).unwrap(), config);
    let simple =
        "enabled: true\nvariants:\n  \"off\": false\n  \"on\": true\ndefault: \"on\"\n\"off\": \"off\"\n";
    assert_eq!(FlagConfig::simple(true).to_yaml(), simple);
}

#[test]
fn what_no_document_may_have_is_written_in_its_long_form() {
    let shape = r#"{"enabled":true,"variants":{},"default":null,"off":null,
        "criteria":[{"when":{"key":"a","op":"equals"},"split":[{"variant":"a b","weight":50}]}]}"#;
    let config: FlagConfig = serde_json::from_str(shape).unwrap();
    let yaml = config.to_yaml();
    let criteria = "criteria:\n  - when:\n      key: a\n      op: equals\n    split:\n      - variant: a b\n        weight: 50\n";
    assert!(yaml.ends_with(criteria), "{yaml}");
    let message = FlagConfig::from_yaml(&yaml).unwrap_err().to_string();
    assert!(message.starts_with("2:11 variants: is empty"), "{message}");
}

#[test]
fn every_problem_has_its_place() {
    let text = r#"enabled: 1
variants:
  control: Buy now
  express: 3
  "a b": x
default: contol
salt: ""
criteria:
  - name: pro users
    when: tier in ["pro", "enterprise"] and version semver "1.x.y.z"
    split: control=60, contrl=50
  - when: country = "US"
    split: "control=50, express"
  - when:
      any:
        - { key: a, op: equal, value: 1 }
        - key: b
          op: regex
          value: "("
    serve: control
    serv: control
  - { when: "e == 'é'", rollout: 12.3456, serve: control }
  - {}
"#;
    assert_eq!(
        problems(text),
        r#"1:1 off: is required: a variant's key, or null for the application's own default
1:10 enabled: must be true or false, not a number
4:12 variants.express: is a number where "a b" is a string; all values of a feature have one type
5:3 variants["a b"]: a key has up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit
6:10 default: no variant "contol"; did you mean "control"?
7:7 salt: is empty; leave it out for the feature's key
10:60 criteria[0].when: is no version range: "1.x.y.z" is no version or comparator, such as 1.2.3, 1.x or >=2.0.0 (at byte 0)
11:12 criteria[0].split: the weights add up to 110 %; at most 100 %
11:24 criteria[0].split: no variant "contrl"
12:19 criteria[1].when: expected ==, found =
13:32 criteria[1].split: expected = and a weight, found nothing
16:25 criteria[2].when.any[0].op: no operator "equal"; did you mean "equals"?
19:18 criteria[2].when.any[1].value: is no regex: unclosed group
21:5 criteria[2].serv: is no field here; did you mean "serve"?
22:19 criteria[3].when: expected a string in double quotes, found '
22:34 criteria[3].rollout: 12.3456 has more than three decimals
23:5 criteria[4]: needs a variant to serve or a split that is not empty"#
    );
}

#[test]
fn a_place_is_inside_the_text_where_it_stands_as_it_is() {
    let with = |when: &str| {
        let text = format!(
            "enabled: true\nvariants: {{ a: 1 }}\ndefault: a\noff: a\ncriteria:\n- serve: a\n  when: {when}\n"
        );
        let error = FlagConfig::from_yaml(&text).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        let problem = &error.problems[0];
        assert_eq!(problem.path, "criteria[0].when");
        (problem.line, problem.column)
    };
    assert_eq!(with("x == \"ü\" or a ="), (7, 23));
    assert_eq!(with("'a = 1'"), (7, 12));
    assert_eq!(with("\"a = 1\""), (7, 12));
    assert_eq!(with("a =="), (7, 13));
    // Escapes, folds and blocks: where the text begins.
    assert_eq!(with(r#""a == \"x\" or b""#), (7, 9));
    assert_eq!(with("'a == ''x'''"), (7, 9));
    assert_eq!(with("a ==\n    1 or"), (7, 9));
    assert_eq!(with("|\n    a ="), (8, 5));
}

#[test]
fn doubled_keys_are_refused() {
    let text = "
enabled: true
variants: { a: 1, b: 2, a: 3 }
default: a
off: a
criteria:
  - serve: a
    'serve': b
enabled: false
";
    assert_eq!(
        problems(text),
        "3:25 variants.a: is there twice, first in line 3
8:5 criteria[0].serve: is there twice, first in line 7
9:1 enabled: is there twice, first in line 2"
    );
}

#[test]
fn what_is_no_yaml_has_its_place() {
    for (text, problem) in [
        ("", "1:1 is empty; a flag config is expected"),
        ("# Nothing but a comment.\n", "1:1 is empty; a flag config is expected"),
        ("---\n", "1:4 must be an object, not null"),
        ("enabled", "1:1 must be an object, not a string"),
        (
            "enabled: true\nvariants:\n\ta: 1\n",
            "3:2 is not YAML: tabs disallowed within this context (block indentation)",
        ),
        (
            "variants: { a: 1\ndefault: a\n",
            "2:8 is not YAML: while parsing a flow mapping, did not find expected ',' or '}'",
        ),
        ("default: *a\n", "1:10 is not YAML: while parsing node, found unknown anchor"),
    ] {
        assert_eq!(problems(text), problem, "{text:?}");
    }
}

/// A document whose one variant is the value.
fn with_value(value: &str) -> String {
    format!("enabled: true\nvariants: {{ a: {value} }}\ndefault: a\noff: null\n")
}

#[test]
fn one_document_is_a_file() {
    let text = with_value("1");
    let config = FlagConfig::from_yaml(&text).unwrap();
    for same in [
        format!("\u{FEFF}{text}"),
        format!("---\n{text}...\n"),
        format!("%YAML 1.2\n---\n{text}"),
        text.replace('\n', "\r\n"),
        format!("\u{FEFF}{}", config.to_json()),
        config.to_json().replace(',', "\n\t, ").replace('{', "{\n\t\t"),
    ] {
        assert_eq!(FlagConfig::from_yaml(&same).as_ref(), Ok(&config), "{same:?}");
    }
    assert_eq!(
        problems(&format!("{text}---\n{text}")),
        "5:1 a second document begins here; a text holds one flag config"
    );
}

#[test]
fn plain_scalars_are_those_of_yaml_1_2() {
    for (written, json) in [
        ("on", "\"on\""),
        ("yes", "\"yes\""),
        ("True", "true"),
        ("010", "10"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("+1", "1"),
        (".5", "0.5"),
        ("-1.", "-1.0"),
        ("1e3", "1000.0"),
        ("1.0", "1.0"),
        ("123456789012345678901234567890", "123456789012345680000000000000.0"),
        ("1_000", "\"1_000\""),
        ("1:30", "\"1:30\""),
        ("2026-01-01", "\"2026-01-01\""),
        ("0b11", "\"0b11\""),
        ("1.2.3", "\"1.2.3\""),
        ("-x", "\"-x\""),
        (r#""\ud83d\ude00 \/""#, "\"😀 /\""),
    ] {
        let config =
            FlagConfig::from_yaml(&with_value(written).replace("{ a: ", "\n  a: ").replace(" }", ""));
        let json = json.replace("123456789012345680000000000000.0", "1.2345678901234568e+29");
        let config = config.map_err(|error| error.to_string());
        assert_eq!(
            config.map(|config| config.to_json()),
            Ok(format!(r#"{{"enabled":true,"variants":{{"a":{json}}},"default":"a","off":null}}"#)),
            "{written}"
        );
    }
}

#[test]
fn what_json_cannot_say_is_refused() {
    for (value, message) in [
        (".inf", ".inf is a number that JSON does not have; quote it if it is a string"),
        (".NaN", ".NaN is a number that JSON does not have; quote it if it is a string"),
        ("1e999", "1e999 is too large a number"),
        ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF is too large a number"),
        ("!!str 1", "the tag !!str means nothing here; quote what is a string"),
    ] {
        let error = FlagConfig::from_yaml(&with_value(value)).unwrap_err();
        let [problem] = &error.problems[..] else { panic!("{error}") };
        assert_eq!((&*problem.path, &*problem.message, problem.line), ("variants.a", message, 2));
    }
    let text = with_value("{ <<: { b: 1 } }");
    assert_eq!(problems(&text), "2:18 variants.a: << merges nothing here; write the fields out");
    let text = with_value("{ [b]: 1 }");
    assert_eq!(problems(&text), "2:18 variants.a: a key is a string, not an alias, a list or an object");
}

#[test]
fn keys_are_strings_as_they_are_written() {
    let text = "enabled: true\nvariants: { true: 1, 010: 2, null: 3 }\ndefault: 'true'\noff: \"010\"\n";
    let config = FlagConfig::from_yaml(text).unwrap();
    assert_eq!(config.variants.keys().collect::<Vec<_>>(), ["010", "null", "true"]);
}

#[test]
fn aliases_stand_for_what_they_name() {
    let text = "
enabled: true
variants: { &name a: &value { x: [1] }, b: *value }
default: *name
off: a
criteria:
  - { when: &us country == \"US\" or, serve: a }
  - { when: *us, serve: a }
";
    // The second is wrong where the first is written.
    assert_eq!(
        problems(text),
        "7:35 criteria[0].when: expected an attribute, not, exists, true, false or (, found the end\n\
         7:35 criteria[1].when: expected an attribute, not, exists, true, false or (, found the end"
    );
    let config = FlagConfig::from_yaml(&text.replace(" or,", ",")).unwrap();
    assert_eq!(config.variants["b"], json!({ "x": [1] }));
    assert_eq!((config.default.as_deref(), &config.criteria[0]), (Some("a"), &config.criteria[1]));
}
