//! Checks of a document that take more than the document: its feature's kind and type, and what it depends on.

use std::collections::HashMap;

use fluxgate_engine::{FlagConfig, dependency_cycle};
use serde_json::Value;
use sqlx::PgConnection;
use tokio::{sync::Semaphore, task::JoinError};
use uuid::Uuid;

use crate::{
    error::{Error, Result, Violation},
    store::{
        environment,
        feature::{Feature, FeatureKind, ValueType},
        stage,
    },
};

/// How many requests read documents at once? Patterns in them take time to compile, of which others need some too.
static READERS: Semaphore = Semaphore::const_new(1);

/// Reads documents that somebody wrote, where there are any, aside from what answers requests.
pub async fn parse<'v>(values: impl Iterator<Item = Option<&'v Value>>) -> Vec<Option<Result<FlagConfig>>> {
    let values: Vec<Option<Value>> = values.map(Option::<&Value>::cloned).collect();
    let read = move || {
        let read = |value: Value| FlagConfig::from_value(&value).map_err(Error::from);
        values.into_iter().map(|value| value.map(read)).collect()
    };
    let _turn = READERS.acquire().await;
    let lost = |cause: JoinError| vec![Some(Err(Error::Internal(cause.into())))];
    tokio::task::spawn_blocking(read).await.unwrap_or_else(lost)
}

/// How long may the documents of one change be together, in bytes?
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Refuses more documents than one change is to carry: everybody who looks at it reads them all.
pub fn check_size<'c>(documents: impl Iterator<Item = &'c Value>) -> Result<()> {
    let bytes: usize = documents.map(|document| document.to_string().len()).sum();
    if bytes > MAX_BYTES {
        let most = MAX_BYTES / 1024 / 1024;
        return Err(Error::invalid("items", format!("are more than {most} MiB: make several changes of it")));
    }
    Ok(())
}

/// Reads and checks a document for a feature; gives it in its canonical form.
pub fn read(feature: &Feature, config: &Value) -> Result<FlagConfig> {
    fitting(feature, FlagConfig::from_value(config)?)
}

/// Checks that a document is one for a feature.
pub fn fitting(feature: &Feature, config: FlagConfig) -> Result<FlagConfig> {
    let invalid = |path: &str, message: String| Err(Error::invalid(path, message));
    if feature.kind == FeatureKind::Simple {
        let simple = FlagConfig::simple(config.enabled);
        if config.variants != simple.variants || config.default != simple.default || config.off != simple.off
        {
            return invalid("config.variants", "of a simple feature are on: true and off: false".to_owned());
        }
        if !config.criteria.is_empty() {
            return invalid(
                "config.criteria",
                "a simple feature has none: create it with kind CONTEXTUAL to target".to_owned(),
            );
        }
    }
    let found = value_type(&config);
    if found != feature.value_type {
        return invalid(
            "config.variants",
            format!("are {found} values; this feature's are {}", feature.value_type),
        );
    }
    Ok(config)
}

/// The type of all variants' values, as the engine has checked that it is one.
pub fn value_type(config: &FlagConfig) -> ValueType {
    match config.variants.values().next() {
        Some(Value::Bool(_)) => ValueType::Boolean,
        Some(Value::String(_)) => ValueType::String,
        Some(Value::Number(_)) => ValueType::Number,
        _ => ValueType::Object,
    }
}

/// Refuses documents, each of a feature in an environment, that would close a circle of dependencies there.
pub async fn check_cycles(conn: &mut PgConnection, documents: &[(Uuid, &str, &FlagConfig)]) -> Result<()> {
    let depending = documents.iter().filter(|(_, _, config)| !config.depends_on.is_empty());
    let mut environments: Vec<Uuid> = depending.map(|(environment, ..)| *environment).collect();
    environments.sort();
    environments.dedup();
    for environment in environments {
        // Two features that come to depend on each other at once must not both pass.
        environment::lock_dependencies(conn, environment).await?;
        let mut graph: HashMap<String, Vec<String>> = stage::dependencies_in(conn, environment)
            .await?
            .into_iter()
            .map(|(key, on)| (key, features(&on)))
            .collect();
        let here = || documents.iter().filter(|(place, ..)| *place == environment);
        for (_, feature, config) in here() {
            graph.insert(
                (*feature).to_owned(),
                config.depends_on.iter().map(|dependency| dependency.feature.clone()).collect(),
            );
        }
        for (_, feature, _) in here() {
            let cycle = dependency_cycle(|key| graph.get(key).cloned().unwrap_or_default(), feature);
            if let Some(cycle) = cycle {
                let message = cycle.join(" -> ");
                return Err(Error::Invalid {
                    message: format!("config.dependsOn: {message} would depend on itself"),
                    violations: vec![Violation { path: "config.dependsOn".to_owned(), message }],
                });
            }
        }
    }
    Ok(())
}

fn features(depends_on: &Value) -> Vec<String> {
    let entries = depends_on.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| Some(entry.get("feature")?.as_str()?.to_owned())).collect()
}
