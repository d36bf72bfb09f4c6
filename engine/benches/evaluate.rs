//! The cost of an evaluation beside a floor: hand-written functions over the same context, with the same lookups by
//! key, the same comparisons and one hash a bucket.

mod floor;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fluxgate_engine::{
    Context, Document, Documents, Flag, FlagConfig, Flags, Served, evaluate, evaluate_all, explain,
};
use serde_json::{Value, json};

const BODY: &str = r#"{"targetingKey":"user-4711","country":"US","plan":"enterprise","device":"ios","channel":"web","language":"en-US","age":34,"beta":true}"#;

/// The flags of an environment that are asked for one by one, so that finding them costs nothing.
struct Environment(Vec<Flag>);

impl Flags for Environment {
    fn get(&self, _key: &str) -> Option<Served<'_>> {
        self.0.first().map(|flag| Served { flag, killed: false })
    }
}

impl Environment {
    fn served(&self) -> impl Iterator<Item = Served<'_>> {
        self.0.iter().map(|flag| Served { flag, killed: false })
    }
}

/// One document, as it was written.
struct Written(FlagConfig);

impl Documents for Written {
    fn get(&self, _key: &str) -> Option<Document<'_>> {
        Some(Document { config: &self.0, killed: false })
    }
}

fn document(criteria: &Value) -> FlagConfig {
    let document = json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": criteria,
    });
    FlagConfig::from_value(&document).unwrap_or_else(|error| unreachable!("{error}"))
}

fn compile(key: &str, document: &FlagConfig) -> Flag {
    Flag::compile(key, document).unwrap_or_else(|error| unreachable!("{error}"))
}

fn one(criteria: &Value) -> Environment {
    Environment(vec![compile("checkout", &document(criteria))])
}

/// Five conditions on strings and a rollout.
fn the_rule() -> Value {
    let conditions = floor::RULE.map(|(key, value)| json!({ "key": key, "op": "equals", "value": value }));
    json!([{ "when": { "all": conditions }, "rollout": 50, "serve": "on" }])
}

/// A hundred criteria on one attribute, of which the last one matches.
fn hundred(values: &[String]) -> Value {
    let one = |value| json!({ "when": { "key": "plan", "op": "equals", "value": value }, "serve": "on" });
    values.iter().map(one).collect()
}

fn single(c: &mut Criterion) {
    let context: Context<'_> = serde_json::from_str(BODY).unwrap_or_default();
    let run = |c: &mut Criterion, name: &str, flags: &Environment| {
        c.bench_function(name, |b| {
            b.iter(|| evaluate(black_box(flags), "checkout", black_box(&context)));
        });
    };

    run(c, "no criteria", &one(&json!([])));
    let simple = floor::Simple { enabled: true, default: "off" };
    c.bench_function("no criteria, floor", |b| b.iter(|| black_box(&simple).evaluate()));

    run(c, "the rule", &one(&the_rule()));
    let rule = floor::Rule::new("checkout");
    c.bench_function("the rule, floor", |b| b.iter(|| black_box(&rule).evaluate(black_box(&context))));

    let values: Vec<String> =
        (1..100).map(|n| format!("tenant-{n:03}")).chain(["enterprise".to_owned()]).collect();
    run(c, "100 criteria", &one(&hundred(&values)));
    let packed: Vec<u128> = values.iter().filter_map(|value| floor::pack(value)).collect();
    c.bench_function("100 criteria, floor", |b| {
        b.iter(|| floor::position(black_box(&packed), black_box(&context)));
    });
}

fn bulk(c: &mut Criterion) {
    let context: Context<'_> = serde_json::from_str(BODY).unwrap_or_default();
    let keys: Vec<String> = (0..1000).map(|n| format!("feature-{n}")).collect();
    let rule = document(&the_rule());
    let flags = Environment(keys.iter().map(|key| compile(key, &rule)).collect());
    c.bench_function("1,000 flags", |b| {
        b.iter(|| {
            let all = evaluate_all(black_box(&flags), flags.served(), black_box(&context), &());
            all.filter(|result| result.as_ref().is_ok_and(|result| result.variant == Some("on"))).count()
        });
    });
    let rules: Vec<_> = keys.iter().map(|key| floor::Rule::new(key)).collect();
    c.bench_function("1,000 flags, floor", |b| {
        b.iter(|| floor::count(black_box(&rules), black_box(&context)));
    });
}

fn preparing(c: &mut Criterion) {
    c.bench_function("parse the context", |b| {
        b.iter(|| serde_json::from_str::<Context<'_>>(black_box(BODY)).map(|context| context.iter().count()));
    });
    let values: Vec<String> = (0..100).map(|n| format!("tenant-{n:03}")).collect();
    let hundred = document(&hundred(&values));
    c.bench_function("compile 100 criteria", |b| b.iter(|| Flag::compile("checkout", black_box(&hundred))));
    let context: Context<'_> = serde_json::from_str(BODY).unwrap_or_default();
    let written = Written(document(&the_rule()));
    c.bench_function("explain the rule", |b| {
        b.iter(|| explain(black_box(&written), "checkout", black_box(&context), &()));
    });
}

criterion_group!(all, single, bulk, preparing);
criterion_main!(all);
