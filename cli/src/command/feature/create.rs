//! `fgctl feature create`

use std::collections::BTreeMap;

use fluxgate_client::FeatureKind;
use fluxgate_client::change::{self, CreateFeatureInput, Proposal};
use fluxgate_engine::FlagConfig;
use serde_json::Value;

use super::super::propose::{Proposing, finish, reason};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// How is it called that nothing serves a variant?
const UNUSED: &str = "unused-variant";

/// Create a feature; it begins disabled in the pipeline's first environment
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature create new-banner --type simple\n  fgctl feature create checkout --type contextual --variant control='\"classic\"' --variant express='\"one-page\"'\n\nWithout --variant there are on = true and off = false; a contextual feature\nthen serves off until a rule says otherwise. With variants of its own it\nserves the first of them, unless --default and --off say otherwise."
)]
pub(crate) struct Create {
    /// The feature's key
    key: String,

    /// A switch, or variants with rules
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    kind: Kind,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// The pipeline it goes through, when the team has several
    #[arg(long, value_name = "KEY")]
    pipeline: Option<String>,

    /// A value it can have, such as control='"classic"' or big=20; text needs no quotes
    #[arg(long = "variant", value_name = "NAME=JSON", value_parser = variant)]
    variants: Vec<(String, Value)>,

    /// The variant served when no rule decides
    #[arg(long, value_name = "VARIANT")]
    default: Option<String>,

    /// The variant served when it is off
    #[arg(long, value_name = "VARIANT")]
    off: Option<String>,

    /// A tag, any number of times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Who looks after it
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Begin enabled
    #[arg(long)]
    enabled: bool,

    #[command(flatten)]
    flags: Proposing,

    #[command(flatten)]
    waiting: Waiting,
}

/// The kinds of feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// On or off
    Simple,
    /// Variants and rules
    Contextual,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let config = self.config()?;
        let (api, team) = (shell.api()?, shell.team()?);
        let input = CreateFeatureInput {
            team: team.clone(),
            key: self.key.clone(),
            name: self.name,
            description: self.description,
            kind: match self.kind {
                Kind::Simple => FeatureKind::Simple,
                Kind::Contextual => FeatureKind::Contextual,
            },
            pipeline: self.pipeline,
            tags: Some(self.tags),
            owner: self.owner,
            enabled: config.is_none().then_some(self.enabled),
            config: config.map(|config| config.to_value()),
            reason: reason(self.flags.reason.as_deref()),
            dry_run: self.flags.dry_run.then_some(true),
        };
        let proposal = change::create_feature(&api, input).await.map_err(CliError::from);
        let proposal = proposal.map_err(|error| match error.exit {
            Exit::Conflict => error.hint(format!("fgctl feature view {} shows it", self.key)),
            _ => error,
        })?;
        let proposal = without_what_is_to_come(proposal);
        let env = proposal.items.first().map(|item| item.environment.key.clone());
        let view = finish((shell, &api, &team), &proposal, &self.waiting).await?;
        Ok(match (&env, self.kind) {
            (Some(env), Kind::Contextual) => {
                view.next(format!("fgctl rule add {} -e {env} --serve VARIANT", self.key))
            }
            (Some(env), Kind::Simple) if !self.enabled => {
                view.next(format!("fgctl feature enable {} -e {env}", self.key))
            }
            _ => view,
        })
    }

    /// Returns the first document; none where the server's own for a simple feature will do.
    fn config(&self) -> Result<Option<FlagConfig>, CliError> {
        if self.kind == Kind::Simple {
            let own = !self.variants.is_empty() || self.default.is_some() || self.off.is_some();
            if own {
                return Err(CliError::usage("a simple feature has only the variants on and off")
                    .hint("--type contextual has variants of its own"));
            }
            return Ok(None);
        }
        // On for nobody until a rule says for whom.
        let mut config = FlagConfig { default: Some("off".to_owned()), ..FlagConfig::simple(self.enabled) };
        if let Some((first, _)) = self.variants.first() {
            config.default = Some(first.clone());
            config.off = Some(first.clone());
            config.variants = self.variants.iter().cloned().collect::<BTreeMap<_, _>>();
            if config.variants.len() < self.variants.len() {
                return Err(CliError::usage("a variant is given twice"));
            }
        }
        if self.default.is_some() {
            config.default.clone_from(&self.default);
        }
        if self.off.is_some() {
            config.off.clone_from(&self.off);
        }
        match config.validate() {
            Ok(()) => Ok(Some(config)),
            Err(invalid) => Err(CliError::usage("the feature would not be valid")
                .details(invalid.0.iter().map(ToString::to_string))),
        }
    }
}

/// Returns the proposal without warnings of variants that nothing serves yet: rules come after this. `feature lint` tells of
/// those that stay so.
fn without_what_is_to_come(mut proposal: Proposal) -> Proposal {
    if proposal.warnings.iter().all(|warning| warning.rule == UNUSED) {
        proposal.warnings.clear();
    }
    proposal
}

/// Reads `name=JSON`. What is no JSON is text, so that most need no quotes.
pub(crate) fn variant(text: &str) -> Result<(String, Value), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("write it like NAME=JSON")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::variant;

    #[test]
    fn variants_are_json_or_text() {
        assert_eq!(variant("a=1").unwrap(), ("a".into(), json!(1)));
        assert_eq!(variant("a=\"1\"").unwrap(), ("a".into(), json!("1")));
        assert_eq!(variant("a=one page").unwrap(), ("a".into(), json!("one page")));
        assert_eq!(variant("a={\"n\":1}").unwrap().1, json!({"n": 1}));
        assert!(variant("=1").is_err() && variant("a").is_err());
    }
}
