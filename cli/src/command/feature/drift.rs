//! `fgctl feature drift`

use fluxgate_client::live::{self, DriftingFeature, DriftingStage, FormerDocument};
use fluxgate_client::pipeline::{self, Pipeline};
use fluxgate_engine::{DiffEntry, diff, removed};
use serde::Serialize;

use super::super::documents::read;
use super::super::propose::path_text;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Line, Stays, Tone, View};
use crate::shell::Shell;

/// How many differences does a line name?
const NAMED: usize = 3;

/// List features whose stages differ along their pipelines, and how far behind they are
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl drift\n  fgctl feature drift checkout --exit-code\n\nEach stage is compared with the one before it. BEHIND is how many versions of\nthat one came after what the stage serves; nothing, when the stage serves what\nthe one before it has not served lately."
)]
pub(crate) struct Drift {
    /// Only this feature
    key: Option<String>,

    /// End with 3 when anything differs
    #[arg(long)]
    exit_code: bool,
}

/// A stage that does not serve what the one before it serves.
#[derive(Debug, PartialEq, Serialize)]
struct Gap {
    feature: String,
    from: Place,
    to: Place,
    /// How many versions of the one before are newer than what this one serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<usize>,
    diff: Vec<DiffEntry>,
}

/// A stage, and what is live there.
#[derive(Debug, PartialEq, Serialize)]
struct Place {
    environment: String,
    version: Option<i64>,
}

impl Drift {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let pipelines = pipeline::list(&api, &team).await?.nodes;
        let mut features = live::drifting(&api, &team).await?.nodes;
        if let Some(key) = &self.key {
            let keys: Vec<String> = features.iter().map(|feature| feature.key.clone()).collect();
            features.retain(|feature| feature.key == *key);
            if features.is_empty() {
                return Err(CliError::not_found("deployed feature", key, &keys).hint("fgctl feature list"));
            }
        }
        let mut gaps = Vec::new();
        for feature in &features {
            gaps.extend(gaps_of(feature, &pipelines)?);
        }
        let view = View::list(&gaps, &columns(), |gap| format!("feature/{}", gap.feature));
        Ok(match gaps.is_empty() {
            true => {
                view.note(Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, "all stages serve the same"))
            }
            false if self.exit_code => view.exit(Exit::Different),
            false => view,
        })
    }
}

/// Compares each stage of a feature with the one before it.
fn gaps_of(feature: &DriftingFeature, pipelines: &[Pipeline]) -> Result<Vec<Gap>, CliError> {
    let pipeline = pipelines.iter().find(|pipeline| pipeline.key == feature.pipeline);
    let stage = |env: &str| feature.stages.iter().find(|stage| stage.environment.key == env);
    let mut gaps = Vec::new();
    for step in pipeline.iter().flat_map(|pipeline| &pipeline.stages) {
        let before = step.after.as_deref().and_then(stage);
        if let (Some(before), Some(after)) = (before, stage(&step.environment.key)) {
            gaps.extend(gap(feature, before, after)?);
        }
    }
    Ok(gaps)
}

fn gap(
    feature: &DriftingFeature,
    before: &DriftingStage,
    after: &DriftingStage,
) -> Result<Option<Gap>, CliError> {
    let config = |stage: &DriftingStage| {
        let live = stage.live.as_ref();
        live.map(|live| read(&live.config, (&feature.key, &stage.environment.key))).transpose()
    };
    let (source, target) = (config(before)?, config(after)?);
    let entries = match (&source, &target) {
        (None, None) => return Ok(None),
        // What a promotion would do.
        (Some(source), target) => diff(target.as_ref(), source),
        (None, Some(target)) => removed(target),
    };
    if entries.is_empty() {
        return Ok(None);
    }
    let served = after.live.as_ref().map(|live| &live.config);
    let env = before.environment.key.as_str();
    let behind = served.and_then(|served| behind(&feature.versions.nodes, env, served));
    Ok(Some(Gap {
        feature: feature.key.clone(),
        from: place(before),
        to: place(after),
        behind,
        diff: entries,
    }))
}

/// Counts the versions of a stage, the newest first, that are newer than the one with this document.
fn behind(versions: &[FormerDocument], env: &str, served: &serde_json::Value) -> Option<usize> {
    let mut of_stage = versions.iter().filter(|version| version.environment.key == env);
    of_stage.position(|version| version.config == *served)
}

fn place(stage: &DriftingStage) -> Place {
    Place { environment: stage.environment.key.clone(), version: stage.live.as_ref().map(|live| live.number) }
}

fn columns() -> Vec<Column<Gap>> {
    let version = |place: &Place| Cell::Version(place.version);
    vec![
        Column::new("KEY", |gap: &Gap| Cell::text(&gap.feature)),
        Column::new("FROM", |gap: &Gap| Cell::text(&gap.from.environment)).stays(Stays::Longest),
        Column::new("VERSION", move |gap: &Gap| version(&gap.from)),
        Column::new("TO", |gap: &Gap| Cell::text(&gap.to.environment)).stays(Stays::Longest),
        Column::new("VERSION", move |gap: &Gap| version(&gap.to)),
        Column::new("BEHIND", |gap: &Gap| {
            Cell::text(gap.behind.map_or_else(String::new, |behind| behind.to_string()))
        })
        .stays(Stays::Long),
        Column::prose("DIFFERS", |gap: &Gap| Cell::text(differs(gap))),
    ]
}

fn differs(gap: &Gap) -> String {
    match (&gap.from.version, &gap.to.version) {
        (_, None) => format!("not deployed in {}", gap.to.environment),
        (None, _) => format!("not deployed in {}", gap.from.environment),
        _ => {
            let paths: Vec<String> =
                gap.diff.iter().take(NAMED).map(|entry| path_text(&entry.path)).collect();
            let more = gap.diff.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", paths.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::live::DriftingFeature;
    use fluxgate_client::pipeline::Pipeline;
    use serde_json::{Value, json};

    use super::{columns, differs, gaps_of};
    use crate::output::{Looks, Shape, View, render};

    fn config(enabled: bool) -> Value {
        json!({ "enabled": enabled, "variants": { "on": true, "off": false }, "default": "on", "off": "off" })
    }

    fn feature(stages: &[(&str, Option<(i64, bool)>)], versions: &[(&str, i64, bool)]) -> DriftingFeature {
        let stage = |(env, live): &(&str, Option<(i64, bool)>)| {
            let live = live.map(|(number, enabled)| json!({ "number": number, "config": config(enabled) }));
            json!({ "environment": { "key": env }, "live": live, "kill": null, "changedAt": null })
        };
        let version = |(env, number, enabled): &(&str, i64, bool)| json!({ "number": number, "environment": { "key": env }, "config": config(*enabled) });
        let stages: Vec<Value> = stages.iter().map(stage).collect();
        let versions: Vec<Value> = versions.iter().map(version).collect();
        serde_json::from_value(
            json!({ "key": "f", "pipeline": "p", "stages": stages, "versions": { "nodes": versions } }),
        )
        .unwrap()
    }

    fn pipelines() -> Vec<Pipeline> {
        let stage = |env: &str, after: Option<&str>, position: i64| json!({ "environment": { "key": env }, "after": after, "position": position });
        let stages = [stage("dev", None, 0), stage("qa", Some("dev"), 1), stage("prod", Some("qa"), 2)];
        serde_json::from_value(json!([{ "key": "p", "name": "p", "stages": stages }])).unwrap()
    }

    #[test]
    fn each_stage_is_compared_with_the_one_before() {
        let stages = [("dev", Some((3, true))), ("qa", Some((1, false))), ("prod", None)];
        let versions = [("dev", 3, true), ("qa", 1, false), ("dev", 2, true), ("dev", 1, false)];
        let gaps = gaps_of(&feature(&stages, &versions), &pipelines()).unwrap();
        assert_eq!(gaps.len(), 2);
        assert_eq!((gaps[0].behind, differs(&gaps[0]).as_str()), (Some(2), "enabled"));
        assert_eq!((gaps[1].behind, differs(&gaps[1]).as_str()), (None, "not deployed in prod"));
    }

    #[test]
    fn what_is_the_same_is_no_gap_whatever_its_number() {
        let stages = [("dev", Some((3, true))), ("qa", Some((9, true))), ("prod", Some((1, true)))];
        assert_eq!(gaps_of(&feature(&stages, &[]), &pipelines()).unwrap(), []);
    }

    #[test]
    fn the_stages_are_named_however_little_room_there_is() {
        let stages = [("dev", Some((3, true))), ("qa", Some((1, false)))];
        let versions = [("dev", 3, true), ("dev", 2, true), ("dev", 1, false)];
        let mut feature = feature(&stages, &versions);
        feature.key = "checkout-redesign".into();
        let gaps = gaps_of(&feature, &pipelines()).unwrap();
        let view = View::list(&gaps, &columns(), |gap| gap.feature.clone());
        let looks =
            Looks { terminal: true, width: Some(40), ascii: false, now: chrono::DateTime::UNIX_EPOCH };
        let text = render(&view, &Shape::default(), looks).unwrap();
        assert!(text.contains("FROM") && text.contains("dev"), "{text}");
        assert!(text.contains("TO") && text.contains("qa"), "{text}");
    }

    #[test]
    fn what_was_never_there_is_not_counted() {
        let stages = [("dev", Some((3, true))), ("qa", Some((1, false)))];
        let gaps = gaps_of(&feature(&stages, &[("dev", 3, true)]), &pipelines()).unwrap();
        assert_eq!(gaps[0].behind, None);
    }
}
