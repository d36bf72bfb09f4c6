//! `fgctl feature eval`

use fluxgate_client::evaluation::{self, Evaluation};
use fluxgate_client::feature;
use serde_json::{Map, Value};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, View};
use crate::shell::{InEnv, Shell};

/// Ask the backend what features would be for someone
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature eval checkout -e prod --key user-12345 --attr tier=pro --attr age=41\n  fgctl feature eval checkout new-banner -e dev --key u1 -o json"
)]
pub(crate) struct Eval {
    /// The features' keys
    #[arg(required = true, value_name = "KEY")]
    features: Vec<String>,

    #[command(flatten)]
    env: InEnv,

    /// Whom it is for: the targeting key
    #[arg(long = "key", value_name = "ID")]
    targeting_key: Option<String>,

    /// Something known about them, any number of times; JSON, or text without quotes
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, Value)>,
}

impl Eval {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let mut context: Map<String, Value> = self.attributes.into_iter().collect();
        if let Some(key) = self.targeting_key {
            context.insert("targetingKey".to_owned(), Value::from(key));
        }
        let context = Value::Object(context);
        let results = evaluation::evaluate(&api, (&team, &env), self.features, context).await?;
        let failed: Vec<&Evaluation> = results.iter().filter(|result| result.error_code.is_some()).collect();
        let unknown = |result: &&Evaluation| result.error_code.as_deref() == Some("FLAG_NOT_FOUND");
        if failed.len() == results.len() && failed.iter().all(unknown) {
            let features = feature::list(&api, &team, None, None).await?;
            let there: Vec<String> = features.nodes.into_iter().map(|feature| feature.key).collect();
            let asked: Vec<&str> = failed.iter().map(|result| result.feature.as_str()).collect();
            return Err(not_found(&asked, &env, &there));
        }
        let exit = match failed.as_slice() {
            [] => Exit::Ok,
            failed if failed.iter().all(unknown) => Exit::NotFound,
            _ => Exit::Failed,
        };
        let mut view =
            View::list(&results, &columns(results.len()), |result| format!("feature/{}", result.feature))
                .exit(exit);
        for result in failed {
            let code = result.error_code.as_deref().unwrap_or_default();
            let details = result.error_details.as_deref().unwrap_or_default();
            view = view.note(format!("{}: {code} {details}", result.feature));
        }
        Ok(view)
    }
}

/// Returns the columns; a single answer is first of all its value.
fn columns(answers: usize) -> Vec<Column<Evaluation>> {
    let mut columns = Vec::new();
    if answers > 1 {
        columns.push(Column::new("FEATURE", |result: &Evaluation| Cell::text(&result.feature)));
    }
    columns.push(Column::new("VALUE", |result: &Evaluation| {
        let value = result.value.as_ref().map(ToString::to_string);
        Cell::text(value.unwrap_or_default())
    }));
    columns.push(Column::new("VARIANT", |result: &Evaluation| {
        Cell::text(result.variant.as_deref().unwrap_or_default())
    }));
    columns.push(Column::new("REASON", |result: &Evaluation| {
        let reason = result.reason.as_deref().or(result.error_code.as_deref());
        Cell::text(reason.unwrap_or_default())
    }));
    columns.push(Column::new("WHY", |result: &Evaluation| Cell::text(why(result))));
    columns.push(Column::new("VERSION", |result: &Evaluation| Cell::Version(result.version)));
    columns
}

fn why(result: &Evaluation) -> String {
    if result.kill_switch {
        return "killed".to_owned();
    }
    if let Some(feature) = &result.blocked_by {
        return format!("needs {feature}");
    }
    match (&result.criterion_name, result.criterion) {
        (Some(name), _) => format!("rule {name:?}"),
        (None, Some(index)) => format!("rule {}", index + 1),
        (None, None) => String::new(),
    }
}

/// Returns the error for features of which the environment knows none.
fn not_found(asked: &[&str], env: &str, there: &[String]) -> CliError {
    let mut errors = asked.iter().map(|key| {
        if there.iter().any(|there| there == key) {
            let message = format!("feature {key:?} serves nothing in {env}");
            CliError::new(Exit::NotFound, message).hint(format!("fgctl feature view {key}"))
        } else {
            CliError::not_found("feature", key, there).hint("fgctl feature list")
        }
    });
    match errors.next() {
        Some(first) => first.details(errors.map(|error| error.message.clone())),
        None => CliError::usage("no feature was asked for"),
    }
}

/// Reads `name=value`. What is no JSON is text.
fn attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write it like NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::not_found;
    use crate::exit::Exit;

    #[test]
    fn unknown_features_get_the_nearest() {
        let there = ["checkout".to_owned(), "beta".to_owned()];
        let error = not_found(&["chekout", "beta"], "prod", &there);
        assert_eq!(error.exit, Exit::NotFound);
        assert_eq!(error.message, "no feature \"chekout\". Did you mean checkout?");
        assert_eq!(error.details, ["feature \"beta\" serves nothing in prod"]);
        assert_eq!(error.hint.as_deref(), Some("fgctl feature list"));
    }
}
