//! `docs/evaluation.md` is true: its tables, examples and numbers are what the engine says.

use fluxgate_engine::{
    Context, Deciding, FlagConfig, LintRule, Op, bucket, criterion_movement, explain, lint, movement,
    murmur3_x86_32, parse, parse_split, reweight,
};
use serde_json::{Value, json};

use crate::alone::holds;
use crate::runner::{Written, run};

const PAGE: &str = include_str!("../../../docs/evaluation.md");

/// Returns the fenced blocks whose info string this is.
fn blocks(info: &str) -> Vec<&'static str> {
    let open = format!("\n```{info}\n");
    let found: Vec<_> =
        PAGE.split(&open).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect();
    assert!(!found.is_empty(), "no block is {info:?}");
    found
}

/// Returns the cells, without their backticks, of the table whose first column has this head.
fn rows<const COLUMNS: usize>(head: &str) -> Vec<[&'static str; COLUMNS]> {
    let (_, table) = PAGE.split_once(&format!("\n| {head} ")).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        cells.collect::<Vec<_>>().try_into().unwrap()
    })
    .collect()
}

/// Returns the config that most examples are of.
fn checkout() -> FlagConfig {
    FlagConfig::from_yaml(blocks("yaml canonical")[0]).unwrap()
}

#[test]
fn operators() {
    let written: Vec<_> =
        rows("document").iter().map(|[name, symbol, ..]: &[&str; 4]| (*name, *symbol)).collect();
    let known: Vec<_> = Op::ALL.iter().map(|op| (op.as_str(), op.symbol())).collect();
    assert_eq!(written, known);
}

#[test]
fn lint_rules() {
    let known: Vec<_> = LintRule::ALL.iter().map(|rule| [rule.as_str(), rule.description()]).collect();
    assert_eq!(rows("rule"), known);
    let mut config = checkout();
    config.criteria[1].rollout = Some(0.0);
    let found: Vec<_> = lint(&config).iter().map(ToString::to_string).collect();
    assert_eq!(found, blocks("lint"));
}

#[test]
fn documents_and_files() {
    // It has every field.
    let document = FlagConfig::from_yaml(blocks("yaml config")[0]).unwrap().to_value();
    let fields = |values: &[&Value]| -> std::collections::BTreeSet<String> {
        values.iter().flat_map(|value| value.as_object().unwrap().keys().cloned()).collect()
    };
    for (head, values) in [
        ("field", vec![&document]),
        ("of a criterion", vec![&document["criteria"][0], &document["criteria"][1]]),
    ] {
        let written = rows::<3>(head).into_iter().map(|[name, ..]| name.to_owned()).collect();
        assert_eq!(fields(&values), written, "{head}");
    }

    let canonical = blocks("yaml canonical")[0];
    assert_eq!(checkout().to_yaml().trim_end(), canonical);
    let error = FlagConfig::from_yaml(blocks("yaml wrong")[0]).unwrap_err();
    assert_eq!(error.to_string(), blocks("problems")[0]);
}

#[test]
fn limits() {
    let not = |inner: Value, _| json!({ "not": inner });
    let deep = (0..8).fold(json!({ "key": "x", "op": "exists" }), not);
    let regex = |text: &str| json!({ "key": "x", "op": "regex", "value": text });
    let exists = json!({ "key": "x", "op": "exists" });
    let semver = json!({ "key": "x", "op": "semver", "value": vec!["<1"; 101].join("||") });
    let criterion = |when: Value| json!([{ "when": when, "serve": "on" }]);
    let keys = |count: usize| (0..count).map(|number| (format!("v{number}"), json!(true))).collect::<Value>();
    let dependencies: Vec<_> = (0..101).map(|number| json!({ "feature": format!("f{number}") })).collect();
    let deep_value = (0..33).fold(json!(1), |inner, _| json!({ "x": inner }));
    let breaches = [
        ("salt", json!("x".repeat(262_144)), "as compact JSON; at most #"),
        ("variants", keys(201), "variants; at most #"),
        ("criteria", json!(vec![json!({ "serve": "on" }); 201]), "criteria; at most #"),
        ("dependsOn", json!(dependencies), "features; at most #"),
        ("dependsOn", json!([{ "feature": "f", "variants": vec!["v"; 101] }]), "variants; at most #"),
        ("criteria", criterion(json!({ "any": vec![exists; 201] })), "conditions; at most #"),
        ("criteria", criterion(json!({ "any": vec![json!({ "all": [] }); 1000] })), "counted; at most #"),
        ("criteria", criterion(deep), "is nested deeper than #"),
        (
            "criteria",
            json!([{ "split": vec![json!({ "variant": "on", "weight": 0 }); 101] }]),
            "shares; at most #",
        ),
        (
            "criteria",
            criterion(json!({ "key": "x", "op": "in", "value": vec![1; 1001] })),
            "takes 1 to # values",
        ),
        ("criteria", criterion(semver), "comparators; at most #"),
        ("criteria", criterion(json!({ "any": vec![regex("x"); 51] })), "too many; at most # in a document"),
        ("criteria", criterion(regex(&"x".repeat(1025))), "a regex has at most # characters"),
        (
            "criteria",
            criterion(json!({ "all": [regex(r"\w{10}"), regex(r"\w{10}")] })),
            "bytes; at most # in a document",
        ),
        ("variants", json!({ "x".repeat(101): true }), "a key has up to # of"),
        ("salt", json!("x".repeat(201)), "characters; at most #"),
        ("variants", json!({ "on": deep_value }), "is nested deeper than #"),
        ("criteria", json!(vec![json!(1); 200]), "these are the first #"),
    ];
    let limits = rows("limit");
    // The text that a regex searches breaks no rule.
    assert_eq!(limits.len(), breaches.len() + 1);
    assert_eq!(limits[breaches.len()][1], "4,096 (4 KiB)");
    for ([what, limit], (field, value, message)) in limits.into_iter().zip(breaches) {
        let mut document = FlagConfig::simple(true).to_value();
        document[field] = value;
        let found = FlagConfig::from_value(&document).unwrap_err().to_string();
        let limit = limit.split(' ').next().unwrap().replace(',', "");
        let message = message.replace('#', &limit);
        assert!(found.contains(&message), "{what}: {message:?} is not said");
    }
}

#[test]
fn numbers() {
    for [number, in_variant, elsewhere] in rows("number") {
        let document = |variant: &str, value: &str| {
            format!(
                r#"{{"enabled":true,"variants":{{"a":{variant}}},"default":"a","off":"a","criteria":[{{"when":{{"key":"x","op":"equals","value":{value}}},"serve":"a"}}]}}"#
            )
        };
        let config = FlagConfig::from_json(&document(number, number)).unwrap();
        assert_eq!(config.to_json(), document(in_variant, elsewhere));
    }
}

#[test]
fn buckets() {
    for [salt, purpose, unit, hash, number] in rows("salt") {
        let text = format!("{salt}/{purpose}:{unit}");
        assert_eq!(murmur3_x86_32([text.as_bytes()]).to_string(), hash, "{text}");
        assert_eq!(bucket(salt, purpose, unit).to_string(), number, "{text}");
    }
}

#[test]
fn expressions() {
    for text in blocks("expression").iter().flat_map(|block| block.lines()) {
        assert_eq!(parse(text).map(|tree| tree.to_string()).as_deref(), Ok(text));
    }
    for [written, meant] in rows("written") {
        assert_eq!(parse(written).unwrap(), parse(meant).unwrap(), "{written}");
    }
    for block in blocks("expression wrong") {
        let text = block.lines().next().unwrap();
        assert_eq!(parse(text).unwrap_err().render(text), block);
    }
    for [attributes, condition, expected] in rows("attributes") {
        let context: Context<'_> = serde_json::from_str(attributes).unwrap();
        let holds = if holds(&parse(condition).unwrap(), &context) { "yes" } else { "no" };
        assert_eq!(holds, expected, "{condition} of {attributes}");
    }
}

#[test]
fn weights() {
    for row in rows("now") {
        let [now, wanted, in_place, reweighted, moves] = row;
        let [old, new, made] = [now, wanted, reweighted].map(|text| parse_split(text).unwrap());
        assert_eq!(reweight(&old, &new), made, "{row:?}");
        let percent = |to| format!("{} %", movement(&old, to));
        assert_eq!([percent(&new), percent(&made)], [in_place, moves], "{row:?}");
    }
    let (old, mut new) = (checkout(), checkout());
    let of = |config| Deciding { config, criterion: &config.criteria[1] };
    new.criteria[1].split = parse_split("control=20, express=80").unwrap();
    assert_eq!(criterion_movement(of(&old), of(&new)), Some(7.5));
}

#[test]
fn explanation() {
    let documents = Written([("checkout".to_owned(), (checkout(), false))].into());
    let context = serde_json::from_str(blocks("json context")[0]).unwrap();
    let written: Value = serde_json::from_str(blocks("json explanation")[0]).unwrap();
    assert_eq!(json!(explain(&documents, "checkout", &context, &())), written);
}

/// Returns how many vectors a file has.
fn count(file: &str) -> usize {
    let file: Value = serde_json::from_str(file).unwrap();
    let lists = ["murmur3", "buckets", "cases", "invalidRanges"].map(|name| file[name].as_array());
    let groups = file["groups"].as_array().into_iter().flatten().map(|group| group["cases"].as_array());
    lists.into_iter().chain(groups).flatten().map(Vec::len).sum()
}

#[test]
fn vectors() {
    let outcome = run(&serde_json::from_str(blocks("json vectors")[0]).unwrap());
    assert_eq!((outcome.passed, outcome.failures), (1, Vec::new()));
    let evaluation = count(include_str!("../vectors/evaluation.json"));
    let semver = count(include_str!("../vectors/semver.json"));
    for told in [
        format!("{evaluation} in all"),
        format!("{semver} in all"),
        format!("`{} passed, 0 failed`", evaluation + semver),
    ] {
        assert!(PAGE.contains(&told), "{told}");
    }
}
