//! `fgctl rule edit`

use fluxgate_engine::{Criterion, reweight};

use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use super::{Position, check_variants, find, shares, when};
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Edit a rule of a feature in an environment; what is not said stays as it is
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("whom").args(["when", "everyone"])))]
#[command(group(clap::ArgGroup::new("result").args(["serve", "split"])))]
#[command(
    after_help = "Examples:\n  fgctl rule edit checkout \"US split\" -e dev --split control=50,express=50\n  fgctl rule edit checkout 2 -e prod --rollout 25 --name pilot --dry-run\n\nOf a split that there is, shares grow and shrink where they are, so that the\nfewest people get another variant; --as-written takes the shares as they\nstand."
)]
pub(crate) struct Edit {
    /// The feature's key
    key: String,

    /// The rule: its number or its name
    rule: String,

    #[command(flatten)]
    env: InEnv,

    /// Whom it is for
    #[arg(long, value_name = "EXPRESSION")]
    when: Option<String>,

    /// It is for everyone
    #[arg(long)]
    everyone: bool,

    /// The variant they get
    #[arg(long, value_name = "VARIANT")]
    serve: Option<String>,

    /// The variants they are divided among, in percent, such as a=50,b=50
    #[arg(long, value_name = "SHARES")]
    split: Option<String>,

    /// Take the shares as they are written, even if more people get another variant
    #[arg(long, requires = "split")]
    as_written: bool,

    /// The percentage of them that it takes in; the others get the default
    #[arg(long, value_name = "PERCENT")]
    rollout: Option<f64>,

    /// What people call it; "" for nothing
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// The attribute that keeps people together; "" for targetingKey
    #[arg(long, value_name = "ATTRIBUTE")]
    bucket_by: Option<String>,

    #[command(flatten)]
    position: Position,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if self.says_nothing() {
            return Err(CliError::usage("nothing to edit was said").hint("fgctl rule edit --help"));
        }
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        let place = find(&config, &self.rule)?;
        let rule = self.edited(config.criteria.remove(place))?;
        check_variants(&rule, &config)?;
        let place = self.position.of(&config)?.unwrap_or(place);
        config.criteria.insert(place, rule);
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }

    fn says_nothing(&self) -> bool {
        let whom = self.when.is_some() || self.everyone || self.rollout.is_some();
        let what = self.serve.is_some() || self.split.is_some();
        !whom && !what && self.name.is_none() && self.bucket_by.is_none() && self.position.is_unsaid()
    }

    fn edited(&self, mut rule: Criterion) -> Result<Criterion, CliError> {
        if let Some(text) = &self.when {
            rule.when = Some(when(text)?);
        }
        if self.everyone {
            rule.when = None;
        }
        if let Some(variant) = &self.serve {
            rule.serve = Some(variant.clone());
            rule.split = Vec::new();
        }
        if let Some(text) = &self.split {
            let wanted = shares(text)?;
            let kept = !self.as_written && !rule.split.is_empty();
            rule.split = if kept { reweight(&rule.split, &wanted) } else { wanted };
            rule.serve = None;
        }
        if let Some(percent) = self.rollout {
            rule.rollout = Some(percent);
        }
        if let Some(name) = &self.name {
            rule.name = Some(name.clone()).filter(|name| !name.is_empty());
        }
        if let Some(attribute) = &self.bucket_by {
            rule.bucket_by = Some(attribute.clone()).filter(|attribute| !attribute.is_empty());
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use fluxgate_engine::{Criterion, parse_split};

    use super::Edit;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        edit: Edit,
    }

    fn edited(args: &[&str], rule: &Criterion) -> Criterion {
        let args = [&["edit", "checkout", "1"][..], args].concat();
        Command::try_parse_from(args).unwrap().edit.edited(rule.clone()).unwrap()
    }

    #[test]
    fn shares_grow_where_they_are() {
        let split = parse_split("control=90,a=10").unwrap();
        let rule = Criterion { split, ..Criterion::default() };
        let kept = edited(&["--split", "control=50,a=30,b=20"], &rule);
        let total = |variant: &str| {
            let shares = kept.split.iter().filter(|share| share.variant == variant);
            shares.map(|share| share.weight).sum::<f64>()
        };
        assert!((total("control") - 50.0).abs() < 1e-9 && (total("b") - 20.0).abs() < 1e-9);
        // Whoever had `a`, above 90, has it still.
        assert_eq!(kept.split.last().unwrap().variant, "a", "{:?}", kept.split);
        let written = edited(&["--split", "control=50,a=30,b=20", "--as-written"], &rule);
        assert_eq!(written.split, parse_split("control=50,a=30,b=20").unwrap());
    }

    #[test]
    fn what_is_not_said_stays() {
        let rule = Criterion {
            name: Some("pilot".into()),
            serve: Some("on".into()),
            rollout: Some(10.0),
            ..Criterion::default()
        };
        assert_eq!(edited(&["--rollout", "25"], &rule), Criterion { rollout: Some(25.0), ..rule.clone() });
        assert_eq!(edited(&["--name", ""], &rule).name, None);
        assert_eq!(edited(&["--split", "on=50,off=50"], &rule).serve, None);
    }
}
