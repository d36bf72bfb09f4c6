//! `fgctl feature view`

use std::collections::BTreeMap;

use fluxgate_client::feature::{self, Feature, Stage, Viewed};
use serde_json::Value;

use super::super::propose::{by, progress_of_pending};
use super::state;
use crate::error::CliError;
use crate::files::{self, Noun};
use crate::output::{Cell, Column, Line, Stays, Tone, View};
use crate::shell::Shell;

/// Show one feature: its stages, what is killed or pending, variants, and what it needs
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl feature view checkout\n  fgctl feature view checkout -w\n  fgctl feature view checkout -o yaml > checkout.yaml"
)]
pub(crate) struct ViewFeature {
    /// The feature's key
    key: String,

    /// Keep it on the screen and up to date, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

impl ViewFeature {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if self.watch {
            return super::watch(shell, &self.key).await;
        }
        let (api, team) = (shell.api()?, shell.team()?);
        if shell.ui.wants_file()
            && let Some(file) = files::one(&api, &team, Noun::Feature, &self.key).await?
        {
            return Ok(file);
        }
        Ok(tree(&feature::view(&api, &team, &self.key).await?))
    }
}

/// Shows a feature with all that is known of it.
pub(super) fn tree(viewed: &Viewed) -> View {
    let feature = &viewed.feature;
    let mut view = View::of(viewed).named(format!("feature/{}", feature.key));
    view = view.line(title(feature)).facts(traits(feature));
    if !feature.description.is_empty() {
        view = view.line(&feature.description);
    }
    view = view.line("").table(&feature.stages, &columns());
    let facts: Vec<Vec<Cell>> = feature.stages.iter().flat_map(facts).collect();
    if !facts.is_empty() {
        view = view.line("");
    }
    for row in facts {
        view = view.row(row);
    }
    let lists: Vec<String> = variants(feature).into_iter().chain(relations(viewed)).collect();
    if !lists.is_empty() {
        view = view.line("");
    }
    for line in lists {
        view = view.line(line);
    }
    for change in feature.stages.iter().flat_map(|stage| &stage.pending) {
        view = view.next(format!("fgctl change view {}", change.number));
    }
    view
}

/// Returns what is going on in a stage beside what is live: its kill switch and its open changes.
fn facts(stage: &Stage) -> Vec<Vec<Cell>> {
    let place = &stage.environment.key;
    let mut rows = Vec::new();
    if let Some(kill) = &stage.kill {
        let mut row = vec![
            Cell::text(format!("killed in {place}")),
            Cell::text(by(&kill.by, kill.token.as_deref())),
            Cell::Time(Some(kill.since)),
            Cell::Prose(format!("{:?}", kill.reason)),
        ];
        if let Some(until) = kill.restore_at {
            row.push(Cell::text("restores"));
            row.push(Cell::Time(Some(until)));
        }
        rows.push(row);
    }
    for change in &stage.pending {
        let kind = change.kind.as_str().to_lowercase();
        let mut row = vec![
            Cell::text(format!("#{} to {place}", change.number)),
            Cell::text(by(&change.author, change.token.as_deref())),
            Cell::Time(Some(change.created_at)),
            Cell::text(format!("{kind} {}", progress_of_pending(change)).trim_end()),
        ];
        if let Some(at) = change.apply_at {
            row.push(Cell::text("applies"));
            row.push(Cell::Time(Some(at)));
        }
        rows.push(row);
    }
    rows
}

fn title(feature: &Feature) -> Line {
    let title = Line::default().and(Tone::Strong, &feature.key);
    match feature.name.is_empty() || feature.name == feature.key {
        true => title,
        false => title.and(Tone::Plain, format!("  {:?}", feature.name)),
    }
}

/// Returns what a feature is, in short facts.
fn traits(feature: &Feature) -> Vec<String> {
    let mut facts = vec![
        feature.kind.as_str().to_lowercase(),
        feature.value_type.as_str().to_lowercase(),
        feature.lifecycle.as_str().to_lowercase(),
        format!("pipeline {}", feature.pipeline),
    ];
    if let Some(owner) = &feature.owner {
        facts.push(format!("owner {owner}"));
    }
    if let Some(date) = &feature.removal_date {
        facts.push(format!("to be removed {}", date.date_naive()));
    }
    if !feature.tags.is_empty() {
        facts.push(format!("tags {}", feature.tags.join(",")));
    }
    facts.push(format!("by {}", feature.created_by));
    facts
}

fn columns() -> Vec<Column<Stage>> {
    vec![
        Column::new("STAGE", |stage: &Stage| Cell::text(&stage.environment.key)),
        Column::new("STATE", state),
        Column::new("VERSION", |stage: &Stage| Cell::Version(stage.live.as_ref().map(|live| live.number))),
        Column::new("SERVES", |stage: &Stage| Cell::text(serves(stage))).stays(Stays::Always),
        Column::new("SINCE", |stage: &Stage| Cell::Time(stage.changed_at)),
        Column::new("BY", |stage: &Stage| {
            let by = stage.live.as_ref().map(|live| live.created_by.as_str());
            Cell::text(by.unwrap_or_default())
        })
        .stays(Stays::Short),
    ]
}

/// Returns what callers get, in a few words.
fn serves(stage: &Stage) -> String {
    if let Some(kill) = &stage.kill {
        return format!("off, killed by {}", kill.by);
    }
    let Some(live) = &stage.live else {
        return String::new();
    };
    let config = &live.config;
    let variant = |name: &str| {
        let variant = config[name].as_str();
        variant.unwrap_or("the application's own default").to_owned()
    };
    if config["enabled"] != Value::Bool(true) {
        return variant("off");
    }
    match config["criteria"].as_array().map_or(0, Vec::len) {
        0 => variant("default"),
        1 => format!("1 rule, else {}", variant("default")),
        rules => format!("{rules} rules, else {}", variant("default")),
    }
}

/// Returns the variants of the latest stage that has any.
fn variants(feature: &Feature) -> Option<String> {
    let latest = feature.stages.iter().rev().find_map(|stage| stage.live.as_ref())?;
    let variants = latest.config["variants"].as_object()?;
    let pairs: Vec<String> = variants.iter().map(|(name, value)| format!("{name} {value}")).collect();
    Some(format!("variants   {}", pairs.join("   ")))
}

/// Returns what the feature needs, and what needs it, each with where.
fn relations(viewed: &Viewed) -> Vec<String> {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for stage in &viewed.feature.stages {
        let live = stage.live.as_ref().and_then(|live| live.config["dependsOn"].as_array());
        for needed in live.into_iter().flatten().filter_map(|needed| needed["feature"].as_str()) {
            needs.entry(needed).or_default().push(&stage.environment.key);
        }
    }
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for dependent in &viewed.dependents {
        needed_by.entry(&dependent.feature).or_default().push(&dependent.environment.key);
    }
    let worded = |(key, places): (&str, Vec<&str>)| format!("{key} ({})", places.join(", "));
    [("needs", needs), ("needed by", needed_by)]
        .into_iter()
        .filter(|(_, features)| !features.is_empty())
        .map(|(name, features)| {
            let features: Vec<String> = features.into_iter().map(worded).collect();
            format!("{name:<10} {}", features.join(", "))
        })
        .collect()
}
