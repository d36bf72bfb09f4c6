//! `fgctl feature list`

use fluxgate_client::feature::{self, Feature};
use fluxgate_client::{EnvironmentType, FeatureKind};

use super::state;
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// List the team's features, with their state in each environment
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl feature list\n  fgctl feature list --search checkout -o name")]
pub(crate) struct List {
    /// Only features whose key or name has this in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only the first N
    #[arg(short = 'L', long, value_name = "N")]
    limit: Option<usize>,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let search = self.search.as_deref();
        let features = feature::list(&api, &team, search, self.limit).await?;
        let shown = features.nodes.len();
        let view = table(&features.nodes);
        Ok(match shown {
            0 if search.is_none() => {
                view.note(format!("no features in {team} yet")).next("fgctl feature create KEY --type simple")
            }
            0 => view.note("no feature matches"),
            shown if shown < features.total => view.note(format!("{shown} of {} shown", features.total)),
            _ => view,
        })
    }
}

/// Shows features with their state in each environment.
pub(super) fn table(features: &[Feature]) -> View {
    View::list(features, &columns(features), |feature| format!("feature/{}", feature.key))
}

/// Returns the columns, one of them for each environment that any of the pipelines goes to.
fn columns(features: &[Feature]) -> Vec<Column<Feature>> {
    let mut columns = vec![
        Column::new("KEY", |feature: &Feature| Cell::text(&feature.key)),
        Column::new("TYPE", |feature: &Feature| match feature.kind {
            FeatureKind::Simple => Cell::text("simple"),
            FeatureKind::Contextual => Cell::text("contextual"),
            FeatureKind::Other(ref word) => Cell::text(word),
        }),
        Column::new("LIFE", |feature: &Feature| Cell::text(feature.lifecycle.as_str().to_lowercase())),
    ];
    for env in environments(features) {
        let name = env.to_uppercase();
        columns.push(Column::new(name, move |feature: &Feature| {
            feature.stage(&env).map_or(Cell::text("-"), state)
        }));
    }
    columns.push(Column::new("OWNER", |feature: &Feature| {
        Cell::text(feature.owner.as_deref().unwrap_or_default())
    }));
    columns.push(Column::new("CHANGED", |feature: &Feature| {
        let changed = feature.stages.iter().filter_map(|stage| stage.changed_at);
        Cell::Time(changed.max().or(Some(feature.created_at)))
    }));
    columns.push(Column::wide("TAGS", |feature: &Feature| Cell::text(feature.tags.join(","))));
    columns.push(Column::wide("UUID", |feature: &Feature| Cell::text(feature.id.to_string())));
    columns
}

/// Returns the environments in the order of the pipelines: those for building first, production last.
fn environments(features: &[Feature]) -> Vec<String> {
    let mut found: Vec<(u8, String)> = Vec::new();
    for stage in features.iter().flat_map(|feature| &feature.stages) {
        let env = &stage.environment;
        if found.iter().all(|(_, key)| *key != env.key) {
            let rank = match env.type_ {
                EnvironmentType::Development => 0,
                EnvironmentType::Staging => 1,
                EnvironmentType::Production | EnvironmentType::Other(_) => 2,
            };
            found.push((rank, env.key.clone()));
        }
    }
    // Stable, so that environments of one type stay in their pipeline's order.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, key)| key).collect()
}
