//! `fgctl feature archive`

use fluxgate_client::Lifecycle;
use fluxgate_client::feature::{self, ArchiveFeatureInput, Feature};

use super::super::propose::{moderate, reason};
use super::super::shared::Rehearsal;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Put a feature away that serves nothing and that nothing needs
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature archive checkout\n  fgctl feature archive checkout --yes --reason \"the code is gone\""
)]
pub(crate) struct Archive {
    /// The feature's key
    key: String,

    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Answer the question with yes
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Archive {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let feature = feature::get(&api, &team, &self.key).await?;
        if feature.lifecycle == Lifecycle::Archived {
            return Ok(row(&feature, "already archived"));
        }
        let question = format!("Archive {}? It is remembered, and can be brought back.", self.key);
        moderate(&shell.ui, self.yes, &question)?;
        let input = ArchiveFeatureInput { team, feature: self.key, reason: reason(self.reason.as_deref()) };
        let feature = feature::archive(&api, input).await?;
        Ok(row(&feature, "archived").next(format!("fgctl feature unarchive {}", feature.key)))
    }
}

fn row(feature: &Feature, word: &str) -> View {
    View::of(feature)
        .named(format!("feature/{}", feature.key))
        .row(vec![Cell::text(&feature.key), Cell::State(Tone::Dim, word.to_owned())])
}
