//! `fgctl feature list`

use fluxgate_client::feature::{self, Feature, Filter};
use fluxgate_client::{EnvironmentType, FeatureKind, FeatureSort, Lifecycle};
use fluxgate_wording::feature::environments;

use super::filter::{self, Wanted};
use super::state;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;

/// List the team's features, with their state in each environment
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl feature list\n  fgctl feature list --filter 'owner:payments !lifecycle:deprecated tag:checkout' --sort changed -L 5\n\nA filter has words: owner:NAME tag:A,B type:simple lifecycle:beta,active\nenv:prod killed:yes pending:yes deployed:no stale:yes; ! before what is not\nwanted; any other word is looked for in key, name, tags and owner."
)]
pub(crate) struct List {
    /// Only features that have this in key, name, tags or owner
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only features of which all of this holds
    #[arg(long, value_name = "FILTER", value_parser = filter::parse)]
    filter: Option<Wanted>,

    /// In which order
    #[arg(long, value_name = "ORDER", value_enum, default_value_t)]
    sort: Sort,

    /// Only those that are archived
    #[arg(long)]
    archived: bool,

    /// Only the first N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    limit: usize,

    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Sort {
    /// By key
    #[default]
    Key,
    /// The newest first
    Created,
    /// What changed last first
    Changed,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let filter = self.filter()?;
        let narrowed = filter.search.is_some() || filter.filter.is_some();
        let features = feature::filtered(&api, &team, &filter).await?;
        let view = table(&features.nodes);
        Ok(match features.nodes.len() {
            0 if !narrowed => {
                view.note(format!("no features in {team} yet")).next("fgctl feature create KEY --type simple")
            }
            0 => view.note("no feature matches"),
            shown if shown < features.total => {
                view.note(format!("{shown} of {} shown. --all for the rest", features.total))
            }
            _ => view,
        })
    }

    fn filter(self) -> Result<Filter, CliError> {
        let narrowed = self.filter.is_some() || self.archived;
        let mut wanted = self.filter.unwrap_or_default();
        if self.archived && wanted.filter.lifecycle.replace(vec![Lifecycle::Archived]).is_some() {
            return Err(CliError::usage("--archived and a lifecycle in --filter are two of one kind"));
        }
        wanted.search.extend(self.search);
        let search = wanted.search.join(" ");
        Ok(Filter {
            search: (!search.is_empty()).then_some(search),
            filter: narrowed.then_some(wanted.filter),
            sort: Some(match self.sort {
                Sort::Key => FeatureSort::Key,
                Sort::Created => FeatureSort::Created,
                Sort::Changed => FeatureSort::Changed,
            }),
            limit: (!self.all).then_some(self.limit),
        })
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("is a number, at least 1".to_owned()),
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
        })
        .stays(Stays::Short),
        Column::new("LIFE", |feature: &Feature| Cell::text(feature.lifecycle.as_str().to_lowercase()))
            .stays(Stays::Short),
    ];
    for env in environments(features.iter().flat_map(|feature| &feature.stages)) {
        let (name, stays) = (env.to_uppercase(), stays(features, &env));
        columns.push(
            Column::new(name, move |feature: &Feature| feature.stage(&env).map_or(Cell::text("-"), state))
                .stays(stays),
        );
    }
    columns.push(
        Column::new("OWNER", |feature: &Feature| Cell::text(feature.owner.as_deref().unwrap_or_default()))
            .stays(Stays::Short),
    );
    columns.push(Column::new("CHANGED", |feature: &Feature| Cell::Time(Some(feature.changed_at))));
    columns.push(Column::wide("TAGS", |feature: &Feature| Cell::text(feature.tags.join(","))));
    columns.push(Column::wide("UUID", |feature: &Feature| Cell::text(feature.id.to_string())));
    columns
}

/// Returns how long an environment's column stays: production is asked about most.
fn stays(features: &[Feature], env: &str) -> Stays {
    let stage = features.iter().find_map(|feature| feature.stage(env));
    match stage.map(|stage| &stage.environment.type_) {
        Some(EnvironmentType::Development | EnvironmentType::Staging) => Stays::Long,
        _ => Stays::Longest,
    }
}
