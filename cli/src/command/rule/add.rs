//! `fgctl rule add`

use fluxgate_engine::{Criterion, FlagConfig, parse, parse_split};

use super::super::propose::{Proposing, Target, document, stage};
use super::super::wait::Waiting;
use crate::error::{CliError, nearest};
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Add a rule to a feature in an environment, after the others unless told
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl rule add checkout -e dev --when 'country == \"US\" and not beta == true' --serve express\n  fgctl rule add checkout -e prod --name pilot --rollout 25 --split control=50,express=50 --first --yes\n\nExpressions: and or not ( )   == != < <= > >=   in [..]   not in   contains   starts with   ends with\nmatches   semver   before   after   exists   not exists; strings in double quotes; ~ after an operator ignores case."
)]
#[command(group(clap::ArgGroup::new("result").required(true).args(["serve", "split"])))]
#[command(group(clap::ArgGroup::new("position").args(["first", "before", "after"])))]
pub(crate) struct Add {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    /// Whom it is for; everyone when not given
    #[arg(long, value_name = "EXPRESSION")]
    when: Option<String>,

    /// The variant they get
    #[arg(long, value_name = "VARIANT")]
    serve: Option<String>,

    /// The variants they are divided among, in percent, such as a=50,b=50
    #[arg(long, value_name = "SHARES")]
    split: Option<String>,

    /// The percentage of them that it takes in; the others get the default
    #[arg(long, value_name = "PERCENT")]
    rollout: Option<f64>,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// The attribute that keeps people together; targetingKey when not given
    #[arg(long, value_name = "ATTRIBUTE")]
    bucket_by: Option<String>,

    /// Before all other rules
    #[arg(long)]
    first: bool,

    /// Before this rule: its number or its name
    #[arg(long, value_name = "RULE")]
    before: Option<String>,

    /// After this rule: its number or its name
    #[arg(long, value_name = "RULE")]
    after: Option<String>,

    #[command(flatten)]
    flags: Proposing,

    #[command(flatten)]
    waiting: Waiting,
}

impl Add {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let rule = self.rule()?;
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        check_variants(&rule, &config)?;
        if config.criteria.contains(&rule) {
            // Run again after a break, the same command is to add nothing twice.
            return Ok(View::of(&feature)
                .named(format!("feature/{}", self.key))
                .line(format!("{}  {env}  already has this rule", self.key)));
        }
        let place = self.place(&config)?;
        config.criteria.insert(place, rule);
        if let Err(invalid) = config.validate() {
            return Err(CliError::usage("the feature would not be valid with this rule")
                .details(invalid.0.iter().map(ToString::to_string)));
        }
        target.edit(stage, &config, &self.flags, &self.waiting).await
    }

    fn rule(&self) -> Result<Criterion, CliError> {
        let when = match &self.when {
            Some(text) => Some(parse(text).map_err(|error| {
                CliError::usage("--when does not parse")
                    .details([error.render(text)])
                    .hint("fgctl rule add --help lists the operators")
            })?),
            None => None,
        };
        let split = match &self.split {
            Some(text) => parse_split(text)
                .map_err(|error| CliError::usage("--split does not parse").details([error.render(text)]))?,
            None => Vec::new(),
        };
        Ok(Criterion {
            name: self.name.clone(),
            when,
            rollout: self.rollout,
            bucket_by: self.bucket_by.clone(),
            serve: self.serve.clone(),
            split,
        })
    }

    fn place(&self, config: &FlagConfig) -> Result<usize, CliError> {
        if self.first {
            return Ok(0);
        }
        match (&self.before, &self.after) {
            (Some(rule), _) => find(config, rule),
            (_, Some(rule)) => Ok(find(config, rule)? + 1),
            _ => Ok(config.criteria.len()),
        }
    }
}

/// Returns the index of the rule of a name or a number as `rule list` shows it.
fn find(config: &FlagConfig, wanted: &str) -> Result<usize, CliError> {
    let rules = &config.criteria;
    let named = |rule: &Criterion| rule.name.as_deref() == Some(wanted);
    if let Some(index) = rules.iter().position(named) {
        return Ok(index);
    }
    match wanted.parse::<usize>() {
        Ok(number) if (1..=rules.len()).contains(&number) => Ok(number - 1),
        _ => {
            let names: Vec<String> = rules.iter().filter_map(|rule| rule.name.clone()).collect();
            Err(CliError::not_found("rule", wanted, &names))
        }
    }
}

/// Makes sure that the feature has what the rule serves.
fn check_variants(rule: &Criterion, config: &FlagConfig) -> Result<(), CliError> {
    let served = rule.split.iter().map(|part| &part.variant).chain(&rule.serve);
    let known: Vec<String> = config.variants.keys().cloned().collect();
    for variant in served {
        if !config.variants.contains_key(variant) {
            let mut message = format!("no variant {variant:?}; there are {}", known.join(", "));
            if let Some(nearest) = nearest(variant, &known) {
                message = format!("no variant {variant:?}. Did you mean {nearest}?");
            }
            return Err(CliError::usage(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::{Criterion, FlagConfig};

    use super::{check_variants, find};

    fn config() -> FlagConfig {
        let mut config = FlagConfig::simple(true);
        for name in ["staff", "pilot"] {
            config.criteria.push(Criterion {
                name: Some(name.into()),
                serve: Some("on".into()),
                ..Criterion::default()
            });
        }
        config
    }

    #[test]
    fn rules_are_found_by_name_and_number() {
        assert_eq!(find(&config(), "pilot").unwrap(), 1);
        assert_eq!(find(&config(), "1").unwrap(), 0);
        assert!(find(&config(), "0").is_err() && find(&config(), "3").is_err());
        let error = find(&config(), "pilto").unwrap_err();
        assert!(error.message.contains("Did you mean pilot?"), "{}", error.message);
    }

    #[test]
    fn a_rule_serves_what_there_is() {
        let rule = |variant: &str| Criterion { serve: Some(variant.into()), ..Criterion::default() };
        assert!(check_variants(&rule("off"), &config()).is_ok());
        let error = check_variants(&rule("of"), &config()).unwrap_err();
        assert_eq!(error.message, "no variant \"of\". Did you mean off?");
        assert_eq!(error.exit.code(), 2);
    }
}
