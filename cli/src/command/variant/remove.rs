//! `fgctl variant remove`

use super::super::propose::{Planned, Target, document, stage};
use super::super::wait::Waiting;
use super::served_by;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::{InEnv, Shell};

/// Take variants away that nothing serves
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(
    after_help = "Examples:\n  fgctl variant remove checkout old-page -e dev\n  fgctl variant remove checkout old-page -e prod --yes --wait=edges\n\nEnds with 9 while a rule, the default or off serves one of them."
)]
pub(crate) struct Remove {
    /// The feature's key
    key: String,

    /// The variants' names
    #[arg(required = true, value_name = "VARIANT")]
    variants: Vec<String>,

    #[command(flatten)]
    env: InEnv,

    #[command(flatten)]
    planned: Planned,

    #[command(flatten)]
    waiting: Waiting,
}

impl Remove {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let stage = stage(&feature, &env)?;
        let mut config = document(&feature, stage)?;
        for variant in &self.variants {
            let known: Vec<String> = config.variants.keys().cloned().collect();
            let by = served_by(&config, variant);
            if config.variants.remove(variant).is_none() {
                return Err(CliError::not_found("variant", variant, &known)
                    .hint(format!("fgctl variant list {} -e {env}", self.key)));
            }
            if !by.is_empty() {
                let message = format!("{variant} is served in {env} by: {}", by.join(", "));
                return Err(CliError::new(Exit::Blocked, message)
                    .hint(format!("fgctl rule list {} -e {env}", self.key)));
            }
        }
        target.edit(stage, &config, &self.planned, &self.waiting).await
    }
}
