//! `fgctl rule list`

use fluxgate_engine::{Criterion, FlagConfig};

use super::super::propose::{Target, document, stage};
use super::serves;
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::{InEnv, Shell};

/// List a feature's rules in an environment; the first that matches decides
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl rule list checkout -e dev\n  fgctl rule list checkout -e prod -o json"
)]
pub(crate) struct List {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,
}

/// A rule and its place.
struct Placed<'c> {
    place: usize,
    rule: &'c Criterion,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let config = document(&feature, stage(&feature, &env)?)?;
        Ok(view(&config, &self.key))
    }
}

fn view(config: &FlagConfig, key: &str) -> View {
    let rules = config.criteria.iter().enumerate();
    let rules: Vec<Row> = rules.map(|(index, rule)| Row::from(Placed { place: index + 1, rule })).collect();
    let mut view = View::of(&config.criteria).table(&rules, &columns());
    for row in &rules {
        view = view.named(format!("rule/{key}/{}", row.place));
    }
    let rest = config.default.as_deref().unwrap_or("the application's own default");
    match rules.len() {
        0 => view.note(format!("no rules: everyone gets {rest}")),
        _ => view.note(format!("else {rest}")),
    }
}

/// A rule in words.
struct Row {
    place: usize,
    name: String,
    when: String,
    serves: String,
    rollout: String,
    bucket_by: String,
}

impl From<Placed<'_>> for Row {
    fn from(Placed { place, rule }: Placed<'_>) -> Self {
        Self {
            place,
            name: rule.name.clone().unwrap_or_default(),
            when: rule.when.as_ref().map_or_else(|| "everyone".to_owned(), ToString::to_string),
            serves: serves(rule),
            rollout: rule.rollout.map_or_else(String::new, |percent| format!("{percent} %")),
            bucket_by: rule.bucket_by.clone().unwrap_or_default(),
        }
    }
}

fn columns() -> Vec<Column<Row>> {
    vec![
        Column::new("RULE", |row: &Row| Cell::text(row.place.to_string())),
        Column::new("NAME", |row: &Row| Cell::text(&row.name)),
        Column::new("WHEN", |row: &Row| Cell::text(&row.when)),
        Column::new("SERVES", |row: &Row| Cell::text(&row.serves)),
        Column::new("ROLLOUT", |row: &Row| Cell::text(&row.rollout)),
        Column::wide("BUCKET BY", |row: &Row| Cell::text(&row.bucket_by)),
    ]
}
