//! `fgctl variant set`

use serde_json::Value;

use super::super::feature::variant;
use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use crate::error::CliError;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Add variants to a feature in an environment, or give them other values
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl variant set checkout -e dev express='\"one-page\"'\n  fgctl variant set limits -e prod small=10 big=50 --default small --yes --reason \"twice as much\""
)]
pub(crate) struct Set {
    /// The feature's key
    key: String,

    /// The variants, such as control='"classic"' or big=20; text needs no quotes
    #[arg(value_name = "NAME=JSON", value_parser = variant, required_unless_present_any = ["default", "off"])]
    variants: Vec<(String, Value)>,

    #[command(flatten)]
    env: InEnv,

    /// The variant served when no rule decides
    #[arg(long, value_name = "VARIANT")]
    default: Option<String>,

    /// The variant served when it is off
    #[arg(long, value_name = "VARIANT")]
    off: Option<String>,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Set {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        config.variants.extend(self.variants);
        if self.default.is_some() {
            config.default = self.default;
        }
        if self.off.is_some() {
            config.off = self.off;
        }
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
