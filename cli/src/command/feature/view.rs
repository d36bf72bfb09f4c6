//! `fgctl feature view`

use fluxgate_client::feature::{self, Feature, Stage};
use serde_json::Value;

use super::state;
use crate::error::CliError;
use crate::output::{Cell, Column, Line, Tone, View};
use crate::shell::Shell;

/// Show one feature: its stages, variants, and what is pending
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl feature view checkout\n  fgctl feature view checkout -w")]
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
        Ok(tree(&feature::get(&api, &team, &self.key).await?))
    }
}

/// Shows a feature with all that is known of it.
pub(super) fn tree(feature: &Feature) -> View {
    let mut view = View::of(feature).named(format!("feature/{}", feature.key));
    for line in head(feature) {
        view = view.line(line);
    }
    view = view.line("").table(&feature.stages, &columns());
    for line in variants(feature) {
        view = view.line(line);
    }
    let pending = feature.stages.iter().flat_map(|stage| &stage.pending);
    for change in pending {
        view = view.next(format!("fgctl change view {}", change.number));
    }
    view
}

fn head(feature: &Feature) -> Vec<Line> {
    let mut first = Line::default().and(Tone::Strong, &feature.key);
    if !feature.name.is_empty() && feature.name != feature.key {
        first = first.and(Tone::Plain, format!("  {:?}", feature.name));
    }
    let mut facts = vec![
        feature.kind.as_str().to_lowercase(),
        feature.value_type.as_str().to_lowercase(),
        feature.lifecycle.as_str().to_lowercase(),
        format!("pipeline {}", feature.pipeline),
    ];
    if let Some(owner) = &feature.owner {
        facts.push(format!("owner {owner}"));
    }
    if !feature.tags.is_empty() {
        facts.push(format!("tags {}", feature.tags.join(",")));
    }
    facts.push(format!("by {}", feature.created_by));
    let mut lines = vec![first, Line::from(facts.join(" · "))];
    if !feature.description.is_empty() {
        lines.push(Line::from(&feature.description));
    }
    lines
}

fn columns() -> Vec<Column<Stage>> {
    vec![
        Column::new("STAGE", |stage: &Stage| Cell::text(&stage.environment.key)),
        Column::new("STATE", state),
        Column::new("VERSION", |stage: &Stage| Cell::Version(stage.live.as_ref().map(|live| live.number))),
        Column::new("SERVES", |stage: &Stage| Cell::text(serves(stage))),
        Column::new("SINCE", |stage: &Stage| Cell::Time(stage.changed_at)),
        Column::new("BY", |stage: &Stage| {
            let by = stage.live.as_ref().map(|live| live.created_by.as_str());
            Cell::text(by.unwrap_or_default())
        }),
    ]
}

/// Returns what callers get, in a few words.
fn serves(stage: &Stage) -> String {
    if let Some(kill) = &stage.kill {
        return format!("off, killed by {}: {}", kill.by, kill.reason);
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
fn variants(feature: &Feature) -> Vec<Line> {
    let latest = feature.stages.iter().rev().find_map(|stage| stage.live.as_ref());
    let variants = latest.and_then(|live| live.config["variants"].as_object());
    let Some(variants) = variants else {
        return Vec::new();
    };
    let pairs = variants.iter().map(|(name, value)| format!("{name} {value}"));
    let text = format!("variants  {}", pairs.collect::<Vec<_>>().join("   "));
    vec![Line::default(), Line::from(text)]
}
