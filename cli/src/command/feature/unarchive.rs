//! `fgctl feature unarchive`

use fluxgate_client::Lifecycle;
use fluxgate_client::feature::{self, Feature, UnarchiveFeatureInput};

use super::super::propose::reason;
use super::super::shared::Rehearsal;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Bring an archived feature back, with the lifecycle that it had
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature unarchive checkout\n  fgctl feature unarchive checkout --reason \"needed again\""
)]
pub(crate) struct Unarchive {
    /// The feature's key
    key: String,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Unarchive {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let before = feature::get(&api, &team, &self.key).await?;
        if before.lifecycle != Lifecycle::Archived {
            return Ok(row(&before, Cell::State(Tone::Plain, "not archived".into())));
        }
        let input = UnarchiveFeatureInput { team, feature: self.key, reason: reason(self.reason.as_deref()) };
        let feature = feature::unarchive(&api, input).await?;
        let state = feature.lifecycle.as_str().to_lowercase();
        Ok(row(&feature, Cell::text(state)))
    }
}

fn row(feature: &Feature, state: Cell) -> View {
    View::of(feature).named(format!("feature/{}", feature.key)).row(vec![Cell::text(&feature.key), state])
}
