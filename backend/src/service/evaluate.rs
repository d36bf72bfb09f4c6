//! Evaluating at the control plane, with the same engine as the edges, on what the database holds now:
//! from the memory that gRPC answers from, off the threads that answer everybody.

use std::sync::Arc;

use fluxgate_engine::Context;
use serde_json::Value;

use crate::{
    access::Action,
    app::App,
    auth::Caller,
    delivery::{flags::Flags, state::Position},
    error::{Error, Result},
    service::{
        assignment::recall::{self, Recall},
        environment, team,
    },
    store::{delivery, environment::Environment},
};

/// What is evaluated: the flags, which of them, and for whom.
type Asked = (Arc<Flags>, Vec<String>, Value);

/// How many features may be asked for at once?
const MAX_FEATURES: usize = 100;

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

/// Evaluates features of one environment for one context, in the order asked for.
pub async fn evaluate(
    app: &App,
    caller: &Caller,
    place: (&str, &str),
    features: Vec<String>,
    context: Value,
) -> Result<Vec<Evaluation>> {
    if features.len() > MAX_FEATURES {
        return Err(Error::invalid("features", format!("are more than {MAX_FEATURES}")));
    }
    // No connection is held while anything is compiled or evaluated.
    let (environment, there) = find(app, caller, place).await?;
    app.delivery.reach(there).await?;
    let flags = app.delivery.evaluator(|evaluator| evaluator.flags(environment.id)).await?;
    let asked = Arc::new((flags, features, context));
    let (mut recall, mut evaluated) = all(app, Arc::clone(&asked), Recall::default()).await?;
    let (place, key) =
        ((environment.team_id, environment.id), app.delivery.unit_keys.of(environment.team_id));
    for _ in 0..recall::ROUNDS {
        // It only looks at what sticky splits keep: what is asked here is served to nobody.
        if !recall.is_asked() || !recall.read(&mut *app.read().await?, place, &key).await? {
            break;
        }
        (recall, evaluated) = all(app, Arc::clone(&asked), recall).await?;
    }
    Ok(evaluated)
}

/// The environment, and how far the database is.
async fn find(
    app: &App,
    caller: &Caller,
    (team_key, environment_key): (&str, &str),
) -> Result<(Environment, Position)> {
    let mut conn = app.read().await?;
    let team = team::find(&mut conn, caller, team_key, Action::Read).await?;
    let environment = environment::find(&mut conn, team.id, environment_key).await?;
    let head = delivery::head(&mut conn).await?;
    let revision = u64::try_from(head.revision).map_err(|e| Error::Internal(e.into()))?;
    Ok((environment, Position { epoch: head.epoch, revision }))
}

/// Evaluates all that is asked for, off the threads that answer everybody.
async fn all(app: &App, asked: Arc<Asked>, recall: Recall) -> Result<(Recall, Vec<Evaluation>)> {
    let evaluated = app.delivery.apart(move || {
        let (flags, features, context) = &*asked;
        let context = Context::from_value(context).map_err(|e| Error::invalid("context", e.to_string()))?;
        context.within_limits().map_err(|limit| Error::invalid("context", limit.to_string()))?;
        let one = |feature: &String| one(flags, feature.clone(), &context, &recall);
        let evaluated = features.iter().map(one).collect();
        Ok((recall, evaluated))
    });
    evaluated.await?
}

fn one(flags: &Flags, feature: String, context: &Context<'_>, recall: &Recall) -> Evaluation {
    match flags.evaluate(&feature, context, recall) {
        Ok((live, found)) => Evaluation {
            value: found.value.map(|value| live.value(value)),
            variant: found.variant.map(str::to_owned),
            reason: Some(found.reason.as_str().to_owned()),
            version: i32::try_from(live.version).ok(),
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
