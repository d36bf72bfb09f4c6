//! `fgctl feature diff`

use fluxgate_client::change::DiffEntry;
use fluxgate_client::live::{self, LiveStage};
use fluxgate_client::{Api, DiffKind};
use fluxgate_engine::{FlagConfig, diff, removed};
use serde_json::{Value, json};

use super::super::documents::read;
use super::super::propose::lines;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};
use crate::shell::{InEnv, Shell};

/// Show what differs between two stages, or two versions of one stage
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature diff checkout --from staging --to prod\n  fgctl feature diff checkout -e prod --versions 3..5 --exit-code\n\nIt says what would change on the way from the first to the second. --versions 3.. compares with what is live."
)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["from", "versions"])))]
pub(crate) struct Diff {
    /// The feature's key
    key: String,

    /// The environment that is compared
    #[arg(long, value_name = "KEY", requires = "to")]
    from: Option<String>,

    /// The environment that it is compared with
    #[arg(long, value_name = "KEY", requires = "from")]
    to: Option<String>,

    /// Two versions of one environment, such as 3..5
    #[arg(long, value_name = "A..B", value_parser = versions)]
    versions: Option<Versions>,

    #[command(flatten)]
    env: InEnv,

    /// End with 3 when anything differs
    #[arg(long)]
    exit_code: bool,
}

/// Two versions of a stage; without the second, what is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Versions(i64, Option<i64>);

/// What is compared: a document, or nothing.
struct Side {
    env: String,
    version: Option<i64>,
    config: Option<FlagConfig>,
}

impl Diff {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let (from, to) = match (&self.from, &self.to, self.versions) {
            (Some(from), Some(to), _) => {
                let feature = live::feature(&api, &team, &self.key).await?;
                let side = |env: &str| side(&self.key, env, &feature.stages);
                (side(from)?, side(to)?)
            }
            (.., Some(wanted)) => {
                let env = shell.env(&self.env)?;
                self.of_versions(&api, &team, (&env, wanted)).await?
            }
            // clap wants one of both.
            _ => return Err(CliError::usage("nothing to compare")),
        };
        Ok(self.view(&from, &to))
    }

    async fn of_versions(
        &self,
        api: &Api,
        team: &str,
        (env, Versions(first, second)): (&str, Versions),
    ) -> Result<(Side, Side), CliError> {
        let back_to = second.map_or(first, |second| second.min(first));
        let found = live::documents(api, team, (&self.key, env), back_to).await?;
        let second = match second {
            Some(second) => second,
            None => found.first().map(|newest| newest.number).unwrap_or(first),
        };
        let side = |number: i64| {
            let there = found.iter().find(|document| document.number == number);
            let there = there.ok_or_else(|| no_version((&self.key, env), number))?;
            let config = read(&there.config, (&self.key, env))?;
            Ok::<_, CliError>(Side { env: env.to_owned(), version: Some(number), config: Some(config) })
        };
        Ok((side(first)?, side(second)?))
    }

    fn view(&self, from: &Side, to: &Side) -> View {
        let entries = match (&from.config, &to.config) {
            (before, Some(after)) => diff(before.as_ref(), after),
            (Some(before), None) => removed(before),
            (None, None) => Vec::new(),
        };
        let value = json!({
            "feature": self.key,
            "from": from.to_json(),
            "to": to.to_json(),
            "diff": entries,
        });
        let head = Line::default()
            .and(Tone::Strong, &self.key)
            .and(Tone::Plain, format!("  {} → {}", from.name(), to.name()));
        let mut view = View::of(&value).named(format!("feature/{}", self.key)).line(head);
        if entries.is_empty() {
            return view.line(Line::default().and(Tone::Dim, "  = no difference"));
        }
        let entries: Vec<DiffEntry> = entries.into_iter().map(entry).collect();
        for line in lines(&entries) {
            view = view.line(line);
        }
        if self.exit_code { view.exit(Exit::Different) } else { view }
    }
}

impl Side {
    fn name(&self) -> String {
        match self.version {
            Some(version) => format!("{} v{version}", self.env),
            None => format!("{} (serves nothing)", self.env),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "environment": self.env, "version": self.version })
    }
}

/// Says that a stage never had a version. No other one was meant: they are numbers.
pub(super) fn no_version((key, env): (&str, &str), number: i64) -> CliError {
    CliError::new(Exit::NotFound, format!("{key} has no v{number} in {env}"))
        .hint(format!("fgctl feature history {key} -e {env}"))
}

/// Returns what a stage serves.
fn side(key: &str, env: &str, stages: &[LiveStage]) -> Result<Side, CliError> {
    let stage = stages.iter().find(|stage| stage.environment.key == env).ok_or_else(|| {
        let envs: Vec<String> = stages.iter().map(|stage| stage.environment.key.clone()).collect();
        CliError::not_found("environment", env, &envs).hint("fgctl env list")
    })?;
    let config = stage.live.as_ref().map(|live| read(&live.config, (key, env))).transpose()?;
    Ok(Side { env: env.to_owned(), version: stage.live.as_ref().map(|live| live.number), config })
}

/// Returns what is other in a document than in another, or than nothing, as the server tells it of changes.
pub(crate) fn differences(before: Option<&FlagConfig>, after: &FlagConfig) -> Vec<DiffEntry> {
    diff(before, after).into_iter().map(entry).collect()
}

/// Returns a difference as the server tells those of changes.
fn entry(entry: fluxgate_engine::DiffEntry) -> DiffEntry {
    let kind = match entry.kind {
        fluxgate_engine::DiffKind::Added => DiffKind::Added,
        fluxgate_engine::DiffKind::Removed => DiffKind::Removed,
        fluxgate_engine::DiffKind::Changed => DiffKind::Changed,
        fluxgate_engine::DiffKind::Moved => DiffKind::Moved,
    };
    DiffEntry {
        kind,
        path: entry.path,
        before: entry.before,
        after: entry.after,
        movement: entry.movement,
        reshuffles: entry.reshuffles,
    }
}

/// Reads `3..5` or `3..`.
fn versions(text: &str) -> Result<Versions, String> {
    let problem = || "write it like 3..5, or 3.. to compare with what is live".to_owned();
    let number = |text: &str| match text.trim_start_matches('v').parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(problem()),
    };
    let (first, second) = text.split_once("..").ok_or_else(problem)?;
    let second = if second.is_empty() { None } else { Some(number(second)?) };
    Ok(Versions(number(first)?, second))
}

#[cfg(test)]
mod tests {
    use super::{Versions, versions};

    #[test]
    fn versions_are_two_numbers() {
        assert_eq!(versions("3..5").unwrap(), Versions(3, Some(5)));
        assert_eq!(versions("v3..v5").unwrap(), Versions(3, Some(5)));
        assert_eq!(versions("3..").unwrap(), Versions(3, None));
        for bad in ["3", "..5", "0..1", "a..b", "3...5", ""] {
            assert!(versions(bad).unwrap_err().contains("3..5"), "{bad}");
        }
    }
}
