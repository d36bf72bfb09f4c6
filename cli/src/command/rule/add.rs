//! `fgctl rule add`

use fluxgate_client::FeatureKind;
use fluxgate_engine::Criterion;

use super::super::propose::{Planned, Target, already, document, stage};
use super::super::wait::Waiting;
use super::{Position, check_variants, shares, when};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Add a rule to a feature in an environment, after the others unless told
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl rule add checkout -e dev --when 'country == \"US\" and not beta == true' --serve express\n  fgctl rule add checkout -e prod --name pilot --rollout 25 --split control=50,express=50 --first --yes\n\nExpressions: and or not ( )   == != < <= > >=   in [..]   not in   contains\nstarts with   ends with   matches   semver   before   after   exists\nnot exists; strings in double quotes; ~ after an operator ignores case."
)]
#[command(group(clap::ArgGroup::new("result").required(true).args(["serve", "split"])))]
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

    #[command(flatten)]
    position: Position,

    #[command(flatten)]
    planned: Planned,

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
            let view = View::of(&feature)
                .named(format!("feature/{}", self.key))
                .line(format!("{}  {env}  already has this rule", self.key));
            return already((shell, &api, &team), &self.waiting, view).await;
        }
        let place = self.position.of(&config)?.unwrap_or(config.criteria.len());
        config.criteria.insert(place, rule);
        let proposed = target.edit(stage, &config, &self.planned, &self.waiting).await;
        proposed.map_err(|error| match feature.kind == FeatureKind::Simple && error.exit == Exit::Failed {
            true => error.hint("one with rules is made by `fgctl feature create KEY --type contextual`"),
            false => error,
        })
    }

    fn rule(&self) -> Result<Criterion, CliError> {
        Ok(Criterion {
            name: self.name.clone(),
            when: self.when.as_deref().map(when).transpose()?,
            rollout: self.rollout,
            bucket_by: self.bucket_by.clone(),
            serve: self.serve.clone(),
            split: self.split.as_deref().map(shares).transpose()?.unwrap_or_default(),
        })
    }
}
