//! `fgctl feature lint`

mod undeclared;

use fluxgate_client::live::{self, LiveFeature};
use fluxgate_engine::lint;
use serde::Serialize;

use super::super::documents::read;
use super::super::propose::path_text;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Line, Stays, Tone, View};
use crate::shell::Shell;

/// List what is live but probably not meant: rules that nobody reaches, variants that nothing serves, unknown attributes
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl lint\n  fgctl feature lint checkout -e prod --exit-code\n\nAttributes are compared with the team's context keys, once it has declared any."
)]
pub(crate) struct Lint {
    /// Only this feature
    key: Option<String>,

    // Without a default from the context: what is wrong in one environment mostly is in all.
    /// Only in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// End with 3 when anything is found
    #[arg(long)]
    exit_code: bool,
}

/// Something that is probably not meant, and where it stands.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    feature: String,
    environments: Vec<String>,
    rule: String,
    path: String,
    message: String,
}

impl Lint {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let features = match &self.key {
            Some(key) => vec![live::feature(&api, &team, key).await?],
            None => live::features(&api, &team, self.env.as_deref()).await?.nodes,
        };
        let keys = live::context_keys(&api, &team).await?;
        let mut findings = Vec::new();
        let mut documents = 0;
        for feature in &features {
            documents += look_over(feature, self.env.as_deref(), (&keys, &mut findings))?;
        }
        let view = View::list(&findings, &columns(), |finding| format!("feature/{}", finding.feature));
        Ok(match findings.is_empty() {
            true => {
                let text = format!("nothing found in {documents} live documents");
                view.note(Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, text))
            }
            false if self.exit_code => view.exit(Exit::Different),
            false => view,
        })
    }
}

/// Looks a feature's live documents over, and returns how many there are.
fn look_over(
    feature: &LiveFeature,
    only: Option<&str>,
    (keys, findings): (&[String], &mut Vec<Finding>),
) -> Result<usize, CliError> {
    let stages = feature.stages.iter().filter(|stage| only.is_none_or(|env| stage.environment.key == env));
    let mut documents = 0;
    let first = findings.len();
    for stage in stages {
        let env = &stage.environment.key;
        let Some(live) = &stage.live else {
            continue;
        };
        documents += 1;
        let config = read(&live.config, (&feature.key, env))?;
        let found = lint(&config).into_iter().map(|lint| (lint.rule.to_string(), lint.path, lint.message));
        for (rule, path, message) in found.chain(undeclared::check(&config, keys)) {
            let same = |finding: &&mut Finding| {
                (&finding.rule, &finding.path, &finding.message) == (&rule, &path, &message)
            };
            match findings[first..].iter_mut().find(same) {
                Some(finding) => finding.environments.push(env.clone()),
                None => {
                    let (feature, environments) = (feature.key.clone(), vec![env.clone()]);
                    findings.push(Finding { feature, environments, rule, path, message });
                }
            }
        }
    }
    Ok(documents)
}

fn columns() -> Vec<Column<Finding>> {
    vec![
        Column::new("KEY", |finding: &Finding| Cell::text(&finding.feature)),
        Column::new("ENV", |finding: &Finding| Cell::text(finding.environments.join(","))),
        Column::new("RULE", |finding: &Finding| Cell::text(&finding.rule)),
        Column::new("WHERE", |finding: &Finding| Cell::text(path_text(&finding.path))).stays(Stays::Short),
        Column::prose("WHAT", |finding: &Finding| Cell::text(&finding.message)),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::look_over;

    #[test]
    fn the_same_in_several_stages_is_told_once() {
        let config = json!({
            "enabled": true, "variants": { "on": true, "off": false, "new": true }, "default": "on", "off": "off",
            "criteria": [{ "when": { "key": "contry", "op": "equals", "value": "US" }, "serve": "off" }],
        });
        let stage = |env: &str| json!({ "environment": { "key": env }, "live": { "number": 1, "config": config }, "kill": null, "changedAt": null });
        let feature =
            serde_json::from_value(json!({ "key": "f", "stages": [stage("dev"), stage("prod")] })).unwrap();
        let mut findings = Vec::new();
        let keys = ["country".to_owned()];
        assert_eq!(look_over(&feature, None, (&keys, &mut findings)).unwrap(), 2);
        let told: Vec<_> =
            findings.iter().map(|finding| (finding.rule.as_str(), finding.path.as_str())).collect();
        assert_eq!(
            told,
            [("unused-variant", "variants.new"), ("undeclared-attribute", "criteria[0].when.key")]
        );
        assert_eq!(findings[1].environments, ["dev", "prod"]);
        assert_eq!(findings[1].message, "no context key \"contry\"; did you mean \"country\"?");
        findings.clear();
        assert_eq!(look_over(&feature, Some("prod"), (&[], &mut findings)).unwrap(), 1);
        assert_eq!(findings.len(), 1, "without context keys nothing is unknown");
    }
}
