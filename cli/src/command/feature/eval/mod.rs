//! `fgctl feature eval`

mod answer;
mod edge;
mod lines;
mod source;

use fluxgate_client::feature;

use self::answer::Answer;
pub(super) use self::edge::{AtEdge, evaluate as at_edge};
use self::source::Source;
pub(super) use self::source::Via;
use super::super::whom::Whom;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// How many failures does a note name?
const NAMED: usize = 10;

/// Say what features are for someone, or for thousands from stdin
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature eval checkout -e prod --key user-12345 --attr tier=pro --attr age=41\n  fgctl eval db-migration -e prod --key ci --exit-status && ./migrate.sh\n  fgctl eval checkout new-banner -e prod --stdin -o json < users.jsonl\n  fgctl eval checkout --key u1 -f flags/ -e prod\n\nEnds with 6 when no such feature serves anything there, and with 1 when a\nfeature needs an attribute that is not given. With --exit-status it ends with\n3 when a value is false, 0, \"\", null, {} or [].\n\nWho answers: the backend; for --stdin this fgctl, with the same engine, which\nreads the environment's documents once and looks at no assignments that sticky\nsplits keep. -f reads the documents from files, without any server: a flag\nconfig named after its feature (checkout.yaml), an exported feature, or a\nfolder of those."
)]
pub(crate) struct Eval {
    /// The features' keys
    #[arg(required = true, value_name = "KEY")]
    features: Vec<String>,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    whom: Whom,

    /// Read contexts from stdin, a JSON object a line; flags say what a line does not
    #[arg(long)]
    stdin: bool,

    /// Who answers; the backend, for --stdin and -f this fgctl (local)
    #[arg(long, value_enum)]
    via: Option<Via>,

    /// Read the documents from this file or folder, without any server
    #[arg(short, long, value_name = "PATH")]
    file: Option<std::path::PathBuf>,

    #[command(flatten)]
    edge: AtEdge,

    /// End with 3 unless every value is truthy
    #[arg(long)]
    exit_status: bool,
}

impl Eval {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let contexts = match self.stdin {
            true => lines::read(&self.whom)?,
            false => vec![lines::Asked::one(self.whom.context()?)],
        };
        let default = if self.stdin { Via::Local } else { Via::Backend };
        let via = Via::of(self.via, self.file.as_deref(), default)?;
        let source = Source::open(shell, via, (&self.env, self.file.as_deref(), &self.edge)).await?;
        let answers = source.answer(&self.features, &contexts).await?;
        if let Some(unknown) = all_unknown(&answers) {
            return Err(source.not_found(&unknown).await?);
        }
        let sticky = source.may_keep(&answers);
        Ok(view(&answers, (self.stdin, self.features.len()), self.exit_status, sticky))
    }
}

/// Returns the features asked for, when the environment knows none of them.
fn all_unknown(answers: &[Answer]) -> Option<Vec<String>> {
    let is_unknown = |answer: &Answer| answer.error_code() == Some("FLAG_NOT_FOUND");
    if answers.is_empty() || !answers.iter().all(is_unknown) {
        return None;
    }
    let mut unknown: Vec<String> = Vec::new();
    for answer in answers {
        if !unknown.contains(&answer.evaluation.feature) {
            unknown.push(answer.evaluation.feature.clone());
        }
    }
    Some(unknown)
}

fn view(answers: &[Answer], shape: (bool, usize), exit_status: bool, sticky: bool) -> View {
    let failed: Vec<&Answer> = answers.iter().filter(|answer| answer.error_code().is_some()).collect();
    let unknown = |answer: &&Answer| answer.error_code() == Some("FLAG_NOT_FOUND");
    let exit = match failed.as_slice() {
        [] if exit_status && !answers.iter().all(Answer::is_truthy) => Exit::Different,
        [] => Exit::Ok,
        failed if failed.iter().all(unknown) => Exit::NotFound,
        _ => Exit::Failed,
    };
    let mut view = View::list(answers, &answer::columns(shape), |answer| {
        format!("feature/{}", answer.evaluation.feature)
    })
    .exit(exit);
    for answer in failed.iter().take(NAMED) {
        view = view.note(answer.failure());
    }
    if failed.len() > NAMED {
        view = view.note(format!("and {} more", failed.len() - NAMED));
    }
    if sticky {
        view = view.note("assignments that sticky splits keep were not looked at; --via backend does");
    }
    view
}

/// Returns the error for features of which the environment knows none.
fn not_found(asked: &[String], env: &str, there: &[String]) -> CliError {
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

/// Returns the keys of all features of a team.
async fn all_keys(api: &fluxgate_client::Api, team: &str) -> Result<Vec<String>, CliError> {
    let features = feature::list(api, team, None, None).await?;
    Ok(features.nodes.into_iter().map(|feature| feature.key).collect())
}

#[cfg(test)]
mod tests {
    use super::not_found;
    use crate::exit::Exit;

    #[test]
    fn unknown_features_get_the_nearest() {
        let there = ["checkout".to_owned(), "beta".to_owned()];
        let error = not_found(&["chekout".to_owned(), "beta".to_owned()], "prod", &there);
        assert_eq!(error.exit, Exit::NotFound);
        assert_eq!(error.message, "no feature \"chekout\". Did you mean checkout?");
        assert_eq!(error.details, ["feature \"beta\" serves nothing in prod"]);
        assert_eq!(error.hint.as_deref(), Some("fgctl feature list"));
    }
}
