//! `fgctl feature explain`

mod after;
mod condition;
mod criterion;
mod edges;
mod head;
mod reading;
mod rows;
mod second;
mod steps;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use fluxgate_client::Api;
use fluxgate_engine::{Context, EvaluationError, Explanation, Kept, explain};
use serde_json::{Value, json};

use self::after::After;
use self::reading::Reading;
use self::second::Second;
use super::super::whom::Whom;
use super::eval::{AtEdge, Via};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, View};
use crate::shell::{InEnv, Shell};

/// Say why someone gets a value: each step, each condition with the value it saw, each bucket
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl explain checkout -e prod --key user-12345 --attr tier=pro --attr appVersion=2.4.1\n  fgctl feature explain checkout -e prod --context-file user.json -o json\n  fgctl explain checkout --key user-1 -f flags/ -e prod\n\nThis fgctl walks the documents itself, with the engine of the servers; --via\nbackend or --via edge asks one of those as well and says whether it comes to\nthe same. -f reads the documents from files, without any server: a flag config\nnamed after its feature (checkout.yaml), an exported feature, or a folder of\nthose.\n\nEnds with 6 when the feature serves nothing there, with 1 when it needs an\nattribute that is not given or when the server that was asked comes to\nsomething else."
)]
pub(crate) struct Explain {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    whom: Whom,

    /// Who answers as well: this fgctl alone (local), or another one beside it
    #[arg(long, value_enum, default_value = "local", hide_default_value = true)]
    via: Via,

    /// Read the documents from this file or folder, without any server
    #[arg(short, long, value_name = "PATH")]
    file: Option<PathBuf>,

    #[command(flatten)]
    edge: AtEdge,
}

/// An explanation, and all that is told beside it.
struct Told<'r> {
    reading: &'r Reading,
    explanation: Explanation,
    after: Vec<After>,
    second: Option<Second>,
}

impl Explain {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let context = Value::Object(self.whom.context()?);
        let via = Via::of(Some(self.via), self.file.as_deref(), Via::Local)?;
        let reading = match &self.file {
            Some(path) => Reading::of_files(path, shell.env_or_none(&self.env)?, &self.key)?,
            None => {
                let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
                Reading::of_server(&api, &team, (&self.key, &env)).await?
            }
        };
        let second = self.second(shell, via, &context).await?;
        let context = Context::from_value(&context).map_err(|error| CliError::usage(error.to_string()))?;
        Ok(told(&reading, &self.key, &context, second)?.view())
    }

    /// Asks somebody else as well, if that is wanted.
    async fn second(&self, shell: &Shell, via: Via, context: &Value) -> Result<Option<Second>, CliError> {
        Ok(match via {
            Via::Local => None,
            Via::Backend => {
                let place = (shell.team()?, shell.env(&self.env)?);
                Second::backend(&shell.api()?, (&place.0, &place.1), &self.key, context).await?
            }
            Via::Edge => {
                let env = shell.env_or_none(&self.env)?;
                let edge = self.edge.connect(shell)?;
                Some(Second::edge(&edge, (&self.key, env.as_deref()), context).await?)
            }
        })
    }
}

/// Explains a feature from what the server has, as lines.
pub(crate) async fn explained(
    api: &Api,
    (team, env): (&str, &str),
    key: &str,
    context: &Value,
) -> Result<Vec<Line>, CliError> {
    let reading = Reading::of_server(api, team, (key, env)).await?;
    let context = Context::from_value(context).map_err(|error| CliError::usage(error.to_string()))?;
    Ok(told(&reading, key, &context, None)?.lines())
}

/// Explains a feature from what was read.
fn told<'r>(
    reading: &'r Reading,
    key: &str,
    context: &Context<'_>,
    second: Option<Second>,
) -> Result<Told<'r>, CliError> {
    let documents = &reading.documents;
    documents.check([key])?;
    let explained = |kept: &dyn Kept| {
        let mut explanation = explain(documents, key, context, kept);
        if let Ok(found) = &mut explanation.result {
            found.value = found.value.as_ref().map(|value| documents.as_served(key, value));
        }
        explanation
    };
    let own = explained(&());
    let kept = second.as_ref().and_then(|second| second.kept(documents, key, &own));
    let (explanation, after) = match &kept {
        Some(kept) => (explained(kept), after::all(reading, (key, context), kept)?),
        None => (own, after::all(reading, (key, context), &())?),
    };
    Ok(Told { reading, explanation, after, second })
}

impl Told<'_> {
    fn view(&self) -> View {
        let key = &self.explanation.feature;
        let mut view = View::of(&self.value()).named(format!("feature/{key}")).exit(self.exit());
        for line in self.lines() {
            view = view.line(line);
        }
        for after in &self.after {
            view = view.next(format!("fgctl change view {}", after.number));
        }
        view
    }

    /// Returns what a person reads.
    fn lines(&self) -> Vec<Line> {
        let mut lines = head::lines(self);
        lines.extend(rows::aligned(steps::rows(&self.explanation, self.reading)));
        lines.extend(head::asides(self));
        lines.extend(self.second.as_ref().map(|second| second.line(&self.explanation)));
        lines.extend(self.after.iter().map(|after| after.line(&self.explanation, &self.reading.place)));
        lines
    }

    /// Returns the trace, as the engine tells it, and what is known beside it.
    fn value(&self) -> Value {
        let mut value = serde_json::to_value(&self.explanation).unwrap_or_default();
        let key = &self.explanation.feature;
        value["environment"] = json!(self.reading.env);
        value["version"] = json!(self.reading.documents.version(key));
        value["after"] = self.after.iter().map(After::to_json).collect();
        if let Some(edges) = &self.reading.edges {
            value["edges"] = edges.to_json();
        }
        if let Some(second) = &self.second {
            value["second"] = second.to_json(&self.explanation);
        }
        value
    }

    fn exit(&self) -> Exit {
        let agrees = self.second.as_ref().is_none_or(|second| second.agrees(&self.explanation));
        match &self.explanation.result {
            _ if !agrees => Exit::Failed,
            Ok(_) => Exit::Ok,
            Err(EvaluationError::FlagNotFound { .. }) => Exit::NotFound,
            Err(_) => Exit::Failed,
        }
    }
}
