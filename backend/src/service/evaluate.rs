//! Evaluating at the control plane, with the same engine as the edges, on what the database holds now.

use std::collections::HashMap;

use fluxgate_engine::{Context, Flag, FlagConfig, Flags, Served, evaluate_kept};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{
    access::Action,
    auth::{Caller, unit::UnitKeys},
    error::{Error, Result},
    service::{assignment::recall::Recall, environment, team},
    store::stage,
};

/// How many features may be asked for at once?
const MAX_FEATURES: usize = 1_000;

/// What a feature serves to a context.
#[derive(Debug, Default, async_graphql::SimpleObject)]
pub struct Evaluation {
    pub feature: String,
    pub value: Option<Value>,
    pub variant: Option<String>,
    pub reason: Option<String>,
    pub version: Option<i32>,
    pub criterion: Option<i64>,
    pub criterion_name: Option<String>,
    pub kill_switch: bool,
    pub blocked_by: Option<String>,
    pub error_code: Option<String>,
    pub error_details: Option<String>,
}

struct Live {
    flag: Flag,
    version: i32,
    killed: bool,
}

struct LiveFlags(HashMap<String, Live>);

impl Flags for LiveFlags {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        self.0.get(key).map(|live| Served { flag: &live.flag, killed: live.killed })
    }
}

/// Evaluates features of one environment for one context, in the order asked for.
pub async fn evaluate(
    conn: &mut PgConnection,
    caller: &Caller,
    (team_key, environment_key): (&str, &str),
    (features, context): (Vec<String>, &Value),
    unit_keys: &UnitKeys,
) -> Result<Vec<Evaluation>> {
    let team = team::find(conn, caller, team_key, Action::Read).await?;
    let environment = environment::find(conn, team.id, environment_key).await?;
    if features.len() > MAX_FEATURES {
        return Err(Error::invalid("features", format!("are more than {MAX_FEATURES}")));
    }
    let context = Context::from_value(context).map_err(|e| Error::invalid("context", e.to_string()))?;
    let rows = stage::live_in(conn, environment.id).await?;
    let served = compile(&features, rows.into_iter().map(|row| (row.feature.clone(), row)).collect());
    let all = |recall: &Recall| {
        features.iter().map(|feature| one(&served, feature.clone(), &context, recall)).collect()
    };
    // It only looks: what is asked here is served to nobody.
    Recall::default().settle(conn, (team.id, environment.id), &unit_keys.of(team.id), all).await
}

/// Compiles what was asked for and what that depends on. A document that this version refuses is as good as unknown.
fn compile(features: &[String], mut rows: HashMap<String, stage::Live>) -> LiveFlags {
    let mut served = HashMap::new();
    let mut wanted: Vec<String> = features.to_vec();
    while let Some(key) = wanted.pop() {
        let Some(row) = rows.remove(&key) else { continue };
        let flag = FlagConfig::from_value(&row.config).and_then(|config| {
            wanted.extend(config.depends_on.iter().map(|dependency| dependency.feature.clone()));
            Flag::compile(&row.feature, &config)
        });
        match flag {
            Ok(flag) => {
                served.insert(row.feature, Live { flag, version: row.version, killed: row.killed });
            }
            Err(error) => tracing::error!(feature = row.feature, %error, "a live document is invalid"),
        }
    }
    LiveFlags(served)
}

fn one(served: &LiveFlags, feature: String, context: &Context<'_>, recall: &Recall) -> Evaluation {
    match evaluate_kept(served, &feature, context, recall) {
        Ok(found) => Evaluation {
            value: found.value.cloned(),
            variant: found.variant.map(str::to_owned),
            reason: Some(found.reason.as_str().to_owned()),
            version: served.0.get(&feature).map(|live| live.version),
            criterion: found.criterion.as_ref().and_then(|c| i64::try_from(c.index).ok()),
            criterion_name: found.criterion.and_then(|c| c.name.map(str::to_owned)),
            kill_switch: found.kill_switch,
            blocked_by: found.blocked_by.map(str::to_owned),
            feature,
            ..Evaluation::default()
        },
        Err(error) => Evaluation {
            error_code: Some(error.code().to_owned()),
            error_details: Some(error.to_string()),
            feature,
            ..Evaluation::default()
        },
    }
}
