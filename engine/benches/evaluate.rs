//! The cost of an evaluation beside a floor: a hand-written function over the same context, with the same lookups,
//! comparisons and hashes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fluxgate_engine::{
    Attribute, Context, Flag, FlagConfig, Flags, Served, bucket, evaluate, murmur3_x86_32,
};
use serde_json::{Value, json};

struct One(Flag);

impl Flags for One {
    fn get(&self, _key: &str) -> Option<Served<'_>> {
        Some(Served { flag: &self.0, killed: false })
    }
}

const BODY: &str = r#"{"targetingKey":"user-4711","country":"US","plan":"enterprise","device":"ios","channel":"web","language":"en-US","age":34,"beta":true}"#;

const RULE: [(&str, &str); 5] =
    [("country", "US"), ("plan", "enterprise"), ("device", "ios"), ("channel", "web"), ("language", "en-US")];

fn flag(criteria: &Value) -> One {
    let document = json!({
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": criteria,
    });
    let config = FlagConfig::from_value(&document).unwrap_or_else(|_| FlagConfig::simple(true));
    Flag::compile("checkout", &config).map(One).unwrap_or_else(|error| unreachable!("{error}"))
}

fn is(context: &Context<'_>, key: &str, value: &str) -> bool {
    matches!(context.get(key), Some(Attribute::Text(text)) if text == value)
}

fn is_in(context: &Context<'_>, rollout: u64) -> bool {
    let Some(Attribute::Text(unit)) = context.targeting_key() else {
        return false;
    };
    let parts = [b"checkout".as_slice(), b"/", b"rollout", b":", unit.as_bytes()];
    (u64::from(murmur3_x86_32(parts)) * 100_000) >> 32 < rollout
}

fn benches(c: &mut Criterion) {
    let context: Context<'_> = serde_json::from_str(BODY).unwrap_or_default();
    assert!(bucket("checkout", "rollout", "user-4711") < 100_000);
    let run = |c: &mut Criterion, name: &str, flag: &One| {
        c.bench_function(name, |b| {
            b.iter(|| evaluate(black_box(flag), "checkout", black_box(&context)));
        });
    };

    run(c, "no rule", &flag(&json!([])));

    let conditions = RULE.map(|(key, value)| json!({ "key": key, "op": "equals", "value": value }));
    let rule = flag(&json!([{ "when": { "all": conditions }, "rollout": 50, "serve": "on" }]));
    run(c, "the rule", &rule);
    c.bench_function("the rule, floor", |b| {
        b.iter(|| {
            let context = black_box(&context);
            let rule = black_box(&RULE);
            rule.iter().all(|(key, value)| is(context, key, value)) && is_in(context, black_box(50_000))
        });
    });

    let values: Vec<String> = (1..100).map(|n| format!("P{n:02}")).chain(["enterprise".to_owned()]).collect();
    let criteria: Vec<Value> = values
        .iter()
        .map(|value| json!({ "when": { "key": "plan", "op": "equals", "value": value }, "serve": "on" }))
        .collect();
    run(c, "100 rules, the last matches", &flag(&json!(criteria)));
    c.bench_function("100 rules, floor", |b| {
        b.iter(|| {
            let context = black_box(&context);
            let plan = context.get("plan");
            black_box(&values)
                .iter()
                .position(|value| matches!(plan, Some(Attribute::Text(text)) if text == value))
        });
    });
    c.bench_function("parse the context", |b| {
        b.iter(|| serde_json::from_str::<Context<'_>>(black_box(BODY)).map(|context| context.iter().count()));
    });
}

criterion_group!(all, benches);
criterion_main!(all);
