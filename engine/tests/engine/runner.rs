//! Runs files of vectors: evaluations, hashes and version ranges with their expected results.

use std::collections::HashMap;

use fluxgate_engine::{
    Context, Document, Documents, Evaluation, EvaluationError, Flag, FlagConfig, Flags, Invalid,
    OwnedEvaluation, Served, bucket, evaluate, explain, murmur3_x86_32,
};
use serde_json::{Map, Value, json};

/// What became of the vectors of a file.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    fn check(&mut self, what: &dyn Fn() -> String, expected: &Value, actual: &Value) {
        if expected == actual {
            self.passed += 1;
        } else {
            let what = what();
            self.failures.push(format!("{what}\n  expected {expected}\n  got      {actual}"));
        }
    }
}

/// The flags of one environment, in a map.
#[derive(Default)]
pub(crate) struct Environment(pub(crate) HashMap<String, (Flag, bool)>);

impl Flags for Environment {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        self.0.get(key).map(|(flag, killed)| Served { flag, killed: *killed })
    }
}

/// The documents of one environment, in a map.
#[derive(Debug, Default)]
pub(crate) struct Written(pub(crate) HashMap<String, (FlagConfig, bool)>);

impl Documents for Written {
    fn get(&self, key: &str) -> Option<Document<'_>> {
        self.0.get(key).map(|(config, killed)| Document { config, killed: *killed })
    }
}

impl Written {
    pub(crate) fn compile(&self) -> Result<Environment, Invalid> {
        let mut environment = Environment::default();
        for (key, (config, killed)) in &self.0 {
            environment.0.insert(key.clone(), (Flag::compile(key, config)?, *killed));
        }
        Ok(environment)
    }
}

/// Runs one file's vectors.
pub(crate) fn run(file: &Value) -> Outcome {
    let mut outcome = Outcome::default();
    for case in list(file, "murmur3") {
        let text = case["text"].as_str().unwrap_or_default();
        let hash = murmur3_x86_32([text.as_bytes()]);
        outcome.check(&|| format!("murmur3 of {text:?}"), &case["murmur3"], &json!(hash));
    }
    for case in list(file, "buckets") {
        let field = |name: &str| case[name].as_str().unwrap_or_default();
        let number = bucket(field("salt"), field("purpose"), field("unit"));
        outcome.check(&|| format!("bucket of {case}"), &case["bucket"], &json!(number));
    }
    for group in list(file, "groups") {
        if let Err(error) = run_group(group, &mut outcome) {
            outcome.failures.push(format!("{}\n  {error}", group["flags"]));
        }
    }
    for case in list(file, "cases") {
        let actual = satisfies(&case["range"], &case["version"]).unwrap_or(json!("invalid range"));
        outcome.check(&|| format!("semver {case}"), &case["expect"], &actual);
    }
    for case in list(file, "invalidRanges") {
        let valid = json!(satisfies(&case["range"], &json!("1.2.3")).is_ok());
        outcome.check(&|| format!("range {case}"), &case["valid"], &valid);
    }
    outcome
}

fn list<'v>(file: &'v Value, name: &str) -> &'v [Value] {
    file[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn environment(flags: &Value) -> Result<Environment, String> {
    documents(flags)?.compile().map_err(|error| error.to_string())
}

pub(crate) fn documents(flags: &Value) -> Result<Written, String> {
    let mut documents = Written::default();
    for (key, document) in flags.as_object().into_iter().flatten() {
        let mut document = document.clone();
        let killed = document.as_object_mut().and_then(|fields| fields.remove("killed"));
        let config = FlagConfig::from_value(&document).map_err(|error| error.to_string())?;
        documents.0.insert(key.clone(), (config, killed == Some(Value::Bool(true))));
    }
    Ok(documents)
}

fn run_group(group: &Value, outcome: &mut Outcome) -> Result<(), String> {
    let documents = documents(&group["flags"])?;
    let environment = documents.compile().map_err(|error| error.to_string())?;
    for case in list(group, "cases") {
        let feature = case["feature"].as_str().unwrap_or_default();
        let text = case["context"].to_string();
        // Through the text, as a server reads it, and through the value, as tests do.
        let actual = match serde_json::from_str::<Context<'_>>(&text) {
            Ok(context) => to_value(evaluate(&environment, feature, &context)),
            Err(error) => json!(error.to_string()),
        };
        outcome.check(&|| format!("{case} in {}", group["flags"]), &case["expect"], &actual);
        if let Ok(context) = Context::from_value(&case["context"]) {
            let result = evaluate(&environment, feature, &context);
            let again = to_value(result.clone());
            if again != actual {
                let message = format!("{case}: {actual} from text, {again} from a value");
                outcome.failures.push(message);
            }
            let explained = explain(&documents, feature, &context, &()).result;
            if explained != result.map(OwnedEvaluation::from) {
                let message = format!("{case} in {}: {again}, explained as {explained:?}", group["flags"]);
                outcome.failures.push(message);
            }
        }
    }
    Ok(())
}

/// Returns a result in the form of the vectors.
pub(crate) fn to_value(result: Result<Evaluation<'_>, EvaluationError>) -> Value {
    let result = match result {
        Ok(result) => result,
        Err(error) => return json!({ "error": error.code() }),
    };
    let mut fields = Map::new();
    fields.insert("variant".to_owned(), json!(result.variant));
    fields.insert("reason".to_owned(), json!(result.reason));
    if let Some(value) = result.value {
        fields.insert("value".to_owned(), value.clone());
    }
    if let Some(criterion) = result.criterion {
        fields.insert("criterion".to_owned(), json!(criterion.index));
    }
    if result.kill_switch {
        fields.insert("killSwitch".to_owned(), json!(true));
    }
    if let Some(feature) = result.blocked_by {
        fields.insert("blockedBy".to_owned(), json!(feature));
    }
    Value::Object(fields)
}

/// Returns whether a version is within a range, as the operator has it.
fn satisfies(range: &Value, version: &Value) -> Result<Value, String> {
    let environment = environment(&json!({ "app": {
        "enabled": true,
        "variants": { "on": true, "off": false },
        "default": "off",
        "off": "off",
        "criteria": [{ "when": { "key": "version", "op": "semver", "value": range }, "serve": "on" }],
    }}))?;
    let context = json!({ "version": version });
    let context = Context::from_value(&context).map_err(|error| error.to_string())?;
    let result = evaluate(&environment, "app", &context).map_err(|error| error.to_string())?;
    Ok(json!(result.variant == Some("on")))
}
