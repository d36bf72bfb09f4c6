//! What is known of one feature, as its screen needs it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fluxgate_client::analytics::{Completeness, Figures, Series};
use fluxgate_client::audit::AuditEntry;
use fluxgate_client::change::Change;
use fluxgate_client::feature::{Feature, Stage};
use fluxgate_client::feature_row::FeatureRow;
use fluxgate_client::feature_screen::{FeatureScreen, Past};
use fluxgate_client::pipeline::Pipeline;
use fluxgate_wording::figure::last_minute;
use serde_json::Value;

use crate::host::Rule;
use crate::screen::features::Row;

/// How much of what happened is told of each kind, and so of all of it without gaps?
const TOLD: usize = 20;

/// What is known of a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    told: FeatureScreen,
    /// The same as lists have it, for what keys do with it.
    pub(crate) row: Row,
    /// The rules of each stage that serves, by its environment; words say why they cannot be read.
    rules: BTreeMap<String, Result<Vec<Rule>, String>>,
}

/// What was evaluated in a stage within the hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Evaluated {
    pub(crate) total: i64,
    /// How much each variant was served, the most first.
    pub(crate) variants: Vec<(String, i64)>,
    /// How often each reason was given, the most first.
    pub(crate) reasons: Vec<(String, i64)>,
    /// All of it in each minute, up to the last that all edges have told.
    pub(crate) minutes: Vec<i64>,
    /// How much it was in the last of them, and when that began; none while that is not known.
    pub(crate) minute: Option<(i64, DateTime<Utc>)>,
}

/// Something that happened to a feature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happened<'d> {
    /// A version went live.
    Version(&'d Past),
    /// It was killed, restored, or its kill got another end.
    Switch(&'d AuditEntry),
}

impl Happened<'_> {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Version(past) => past.created_at,
            Self::Switch(entry) => entry.at,
        }
    }

    /// Returns what it is known by.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Version(past) => format!("{} v{}", past.environment.key, past.number),
            Self::Switch(entry) => format!("entry {}", entry.number),
        }
    }
}

/// A feature that this one needs, or that needs this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Whether this one needs it.
    pub(crate) needed: bool,
    pub(crate) key: String,
    /// Which of its variants count, when not all do.
    pub(crate) note: String,
}

impl Detail {
    /// Keeps what the server told.
    pub(crate) fn new(told: FeatureScreen) -> Self {
        let feature = &told.feature.viewed.feature;
        let row = FeatureRow {
            key: feature.key.clone(),
            name: feature.name.clone(),
            kind: feature.kind.clone(),
            lifecycle: feature.lifecycle.clone(),
            tags: feature.tags.clone(),
            owner: feature.owner.clone(),
            changed_at: feature.changed_at,
            last_change: None,
            stages: feature.stages.clone(),
        };
        Self { row: Row::from(row), rules: BTreeMap::new(), told }
    }

    /// Takes in which stages follow which.
    pub(crate) fn led(self, pipelines: &[Pipeline]) -> Self {
        Self { row: self.row.led(pipelines), ..self }
    }

    /// Reads the rules of all stages.
    pub(crate) fn read_rules(&mut self, read: fn(&Value) -> Result<Vec<Rule>, String>) {
        let live = |stage: &Stage| {
            let config = &stage.live.as_ref()?.config;
            Some((stage.environment.key.clone(), read(config)))
        };
        self.rules = self.feature().stages.iter().filter_map(live).collect();
    }

    pub(crate) fn feature(&self) -> &Feature {
        &self.told.feature.viewed.feature
    }

    pub(crate) fn stages(&self) -> &[Stage] {
        &self.feature().stages
    }

    pub(crate) fn stage(&self, env: &str) -> Option<&Stage> {
        self.feature().stage(env)
    }

    /// Returns the document that is live in an environment.
    pub(crate) fn config(&self, env: &str) -> Option<&Value> {
        self.stage(env)?.live.as_ref().map(|live| &live.config)
    }

    pub(crate) fn rules(&self, env: &str) -> Option<&Result<Vec<Rule>, String>> {
        self.rules.get(env)
    }

    /// Returns an open change.
    pub(crate) fn open(&self, number: i64) -> Option<&Change> {
        self.told.open.nodes.iter().find(|change| change.number == number)
    }

    /// Returns what was live in all environments, and what was killed and restored; the newest first.
    pub(crate) fn history(&self) -> Vec<Happened<'_>> {
        let versions = self.told.feature.versions.nodes.iter().map(Happened::Version);
        let switches = self.told.killed.nodes.iter().chain(&self.told.restored.nodes).map(Happened::Switch);
        let mut all: Vec<Happened<'_>> = versions.chain(switches).collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.at()));
        all.truncate(TOLD);
        all
    }

    /// Returns how many edges are connected.
    pub(crate) fn edges(&self) -> usize {
        self.told.edges.nodes.iter().filter(|edge| edge.connected).count()
    }

    /// Returns the features that need this one in an environment.
    pub(crate) fn needed_by(&self, env: &str) -> Vec<String> {
        let dependents = self.told.feature.viewed.dependents.iter();
        dependents.filter(|needs| needs.environment.key == env).map(|needs| needs.feature.clone()).collect()
    }

    /// Returns the features around this one in an environment.
    pub(crate) fn relations(&self, env: &str) -> Vec<Relation> {
        let needs = self.config(env).and_then(|config| config["dependsOn"].as_array());
        let needs = needs.into_iter().flatten().filter_map(|needed| {
            let variants = needed["variants"].as_array().into_iter().flatten();
            let variants: Vec<&str> = variants.filter_map(Value::as_str).collect();
            let note = if variants.is_empty() { "on".to_owned() } else { variants.join(" or ") };
            Some(Relation { needed: true, key: needed["feature"].as_str()?.to_owned(), note })
        });
        let by = self.needed_by(env).into_iter();
        needs.chain(by.map(|key| Relation { needed: false, key, note: String::new() })).collect()
    }

    /// Returns what was evaluated in an environment; none where that is too much to count at once.
    pub(crate) fn evaluated(&self, env: &str) -> Option<Evaluated> {
        let (variants, reasons) = (self.told.by_variant.as_ref()?, self.told.by_reason.as_ref()?);
        let mut found = Evaluated::default();
        for series in here(variants, env) {
            found.total += series.total;
            let name = match (&series.variant, series.is_default) {
                (Some(variant), _) => variant.clone(),
                (None, true) => "(own default)".to_owned(),
                (None, false) => "(none)".to_owned(),
            };
            found.variants.push((name, series.total));
            found.minutes.resize(found.minutes.len().max(series.points.len()), 0);
            for (minute, count) in found.minutes.iter_mut().zip(&series.points) {
                *minute += count;
            }
        }
        if let Some((place, at)) = last_minute((variants.from, variants.until), &variants.completeness) {
            found.minute = Some((found.minutes.get(place).copied().unwrap_or_default(), at));
            found.minutes.truncate(place + 1);
        }
        found.reasons = here(reasons, env)
            .filter_map(|series| Some((series.reason.as_ref()?.as_str().to_owned(), series.total)))
            .collect();
        found.variants.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
        found.reasons.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
        Some(found)
    }

    /// Returns how far the figures can be trusted, and until when they were asked for.
    pub(crate) fn completeness(&self) -> Option<(&Completeness, DateTime<Utc>)> {
        self.told.by_variant.as_ref().map(|figures| (&figures.completeness, figures.until))
    }

    /// Returns whether something that was done may be seen here.
    pub(crate) fn is_about(&self, subject: &str) -> bool {
        let key = &self.feature().key;
        let words = || subject.split([' ', ',']);
        let related = |word: &str| {
            self.row.stages.iter().any(|spot| spot.needs.iter().any(|needed| needed == word))
                || self.told.feature.viewed.dependents.iter().any(|needs| needs.feature == word)
        };
        words().any(|word| word == key || related(word)) || subject.ends_with(" more")
    }
}

fn here<'f>(figures: &'f Figures, env: &'f str) -> impl Iterator<Item = &'f Series> {
    figures
        .series
        .iter()
        .filter(move |series| series.environment.as_ref().is_some_and(|environment| environment.key == env))
}
