//! `fgctl policy test`

use fluxgate_client::change::{self, EditStageInput, PolicyProgress};
use fluxgate_client::feature::Feature;

use super::super::propose::{Target, stage};
use super::super::shared::{asked, warned};
use super::needs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::{InEnv, Shell};

/// Show which policies a change of a feature would meet in an environment; nothing is proposed
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl policy test checkout-redesign -e prod\n  fgctl policy test checkout-redesign -e dev -o json"
)]
pub(crate) struct Test {
    /// The feature's key
    feature: String,

    #[command(flatten)]
    env: InEnv,
}

impl Test {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.feature, env: &env };
        let feature = target.feature().await?;
        // What is live already is as good as any other document: policies look at the place.
        let input = EditStageInput {
            team: team.clone(),
            feature: self.feature.clone(),
            environment: env.clone(),
            config: document(&feature, &env)?,
            base_version: None,
            reason: None,
            apply_at: None,
            dry_run: Some(true),
        };
        let proposal = change::edit_stage(&api, input).await?;
        let columns = [
            Column::new("POLICY", |policy: &PolicyProgress| Cell::text(&policy.name)),
            Column::new("APPROVALS", |policy: &PolicyProgress| {
                Cell::text(needs(policy.required, &policy.roles))
            })
            .stays(Stays::Always),
        ];
        let name = |policy: &PolicyProgress| format!("policy/{}", policy.name);
        let view = View::list(&proposal.policies, &columns, name);
        Ok(match proposal.policies.is_empty() {
            true => view.note(format!("no policy covers {env}: a change is applied at once")),
            false => warned(view, (&api, &team), &asked(&proposal.policies), None).await,
        })
    }
}

/// Returns a document that the stage could have: its own, or the nearest one's before or behind it.
fn document(feature: &Feature, env: &str) -> Result<serde_json::Value, CliError> {
    let own = stage(feature, env)?.live.as_ref();
    let live = own.or_else(|| feature.stages.iter().find_map(|stage| stage.live.as_ref()));
    live.map(|live| live.config.clone()).ok_or_else(|| {
        let message = format!("{} is live nowhere, so there is no document to try", feature.key);
        CliError::new(Exit::Failed, message).hint("fgctl policy list shows what covers what")
    })
}
