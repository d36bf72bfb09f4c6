//! A feature as the list keeps it: words and figures, no documents, so that thousands are little.

use chrono::{DateTime, Utc};
use fluxgate_client::feature::{Kill, Stage};
use fluxgate_client::feature_row::FeatureRow;
use fluxgate_client::pipeline::Pipeline;
use fluxgate_client::{EnvironmentType, Lifecycle};
use fluxgate_wording::{Tone, change, feature};

/// How many characters of a variant's value are kept?
const VALUE: usize = 40;

/// A feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub(crate) key: String,
    pub(crate) name: String,
    /// `simple` or `contextual`.
    pub(crate) kind: String,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) owner: String,
    pub(crate) tags: Vec<String>,
    pub(crate) changed_at: DateTime<Utc>,
    /// The change that was applied last, in words, and when that was.
    pub(crate) last: Option<(String, DateTime<Utc>)>,
    /// In the pipeline's order.
    pub(crate) stages: Vec<Spot>,
    /// What the latest stage can serve.
    pub(crate) variants: Vec<(String, String)>,
}

/// A stage of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    pub(crate) env: String,
    pub(crate) type_: EnvironmentType,
    /// What it is doing, in a word or two.
    pub(crate) state: (Tone, String),
    /// The live version.
    pub(crate) version: Option<i64>,
    pub(crate) killed: Option<Kill>,
    /// The change that waits, and how far it is.
    pub(crate) pending: Option<(i64, String)>,
    /// The features that must be on here.
    pub(crate) needs: Vec<String>,
    /// The stages that follow directly; none while that is not known.
    pub(crate) leads_to: Option<Vec<String>>,
}

impl From<FeatureRow> for Row {
    fn from(told: FeatureRow) -> Self {
        let latest = told.stages.iter().rev().find_map(|stage| stage.live.as_ref());
        let last = told.last_change.as_ref().and_then(|last| {
            let by = change::by(&last.author, last.token.as_deref());
            Some((
                format!("#{} {} by {by}", last.number, last.kind.as_str().to_lowercase()),
                last.applied_at?,
            ))
        });
        Self {
            variants: latest
                .map(|live| feature::variants(&live.config))
                .into_iter()
                .flatten()
                .map(short)
                .collect(),
            last,
            stages: told.stages.into_iter().map(Spot::from).collect(),
            key: told.key,
            name: told.name,
            kind: told.kind.as_str().to_lowercase(),
            lifecycle: told.lifecycle,
            owner: told.owner.unwrap_or_default(),
            tags: told.tags,
            changed_at: told.changed_at,
        }
    }
}

impl From<Stage> for Spot {
    fn from(stage: Stage) -> Self {
        let pending = stage.pending.first();
        Self {
            state: feature::state_served(&stage),
            version: stage.live.as_ref().map(|live| live.number),
            pending: pending.map(|change| (change.number, change::progress_of_pending(change))),
            needs: stage.live.as_ref().map(|live| feature::needs(&live.config)).unwrap_or_default(),
            leads_to: None,
            killed: stage.kill,
            env: stage.environment.key,
            type_: stage.environment.type_,
        }
    }
}

impl Row {
    /// Returns its stage in an environment.
    pub(crate) fn spot(&self, env: &str) -> Option<&Spot> {
        self.stages.iter().find(|spot| spot.env == env)
    }

    /// Takes in which stages follow which: by its pipeline, which is one that has all of its stages.
    pub(crate) fn led(mut self, pipelines: &[Pipeline]) -> Self {
        let envs: Vec<String> = self.stages.iter().map(|spot| spot.env.clone()).collect();
        let has = |pipeline: &&Pipeline| {
            envs.iter().all(|env| pipeline.stages.iter().any(|stage| stage.environment.key == *env))
        };
        let stages: Vec<_> = pipelines.iter().filter(has).flat_map(|pipeline| &pipeline.stages).collect();
        if stages.is_empty() {
            return self;
        }
        for spot in &mut self.stages {
            let follows = |env: &&String| {
                stages.iter().any(|stage| {
                    stage.environment.key == **env && stage.after.as_deref() == Some(spot.env.as_str())
                })
            };
            spot.leads_to = Some(envs.iter().filter(follows).cloned().collect());
        }
        self
    }

    /// Returns the stages that something can be promoted to from one: those that follow directly, or all later ones while
    /// that is not known.
    pub(crate) fn after(&self, env: &str) -> Vec<String> {
        if let Some(next) = self.spot(env).and_then(|spot| spot.leads_to.clone()) {
            return next;
        }
        let later = self.stages.iter().skip_while(|spot| spot.env != env).skip(1);
        later.map(|spot| spot.env.clone()).collect()
    }

    /// Returns the stage that comes before one.
    pub(crate) fn before(&self, env: &str) -> Option<&Spot> {
        let leads = |spot: &&Spot| spot.leads_to.iter().flatten().any(|next| next == env);
        if self.stages.iter().any(|spot| spot.leads_to.is_some()) {
            return self.stages.iter().find(leads);
        }
        let at = self.stages.iter().position(|spot| spot.env == env)?;
        self.stages.get(at.checked_sub(1)?)
    }
}

/// Shortens a value, which may be a document of its own.
fn short((name, mut value): (String, String)) -> (String, String) {
    if let Some((end, _)) = value.char_indices().nth(VALUE) {
        value.truncate(end);
        value.push('…');
        value.shrink_to_fit();
    }
    (name, value)
}

/// Returns a state with its sign, as a table shows it.
pub(crate) fn signed((tone, words): &(Tone, String)) -> (Tone, String) {
    (*tone, format!("{}{words}", tone.glyph()))
}

#[cfg(test)]
mod tests {
    use fluxgate_client::feature_row::FeatureRow;
    use fluxgate_client::pipeline::Pipeline;
    use serde_json::{Value, json};

    use super::Row;
    use crate::app::tests::read;

    fn row() -> Row {
        let stage = |env: &str| {
            json!({"environment": {"key": env, "name": env, "type": "STAGING"}, "status": "NOT_DEPLOYED",
                "live": null, "kill": null, "pending": [], "changedAt": null})
        };
        let stages = ["dev", "staging", "eu", "us"].map(stage);
        let told: FeatureRow =
            read(json!({"key": "checkout", "name": "", "kind": "SIMPLE", "lifecycle": "ACTIVE",
            "tags": [], "owner": null, "changedAt": "2026-11-20T11:57:02Z", "lastChange": null,
            "stages": stages}));
        Row::from(told)
    }

    fn pipeline(stages: &[(&str, Option<&str>)]) -> Pipeline {
        let stage = |(env, after): &(&str, Option<&str>)| {
            let environment = json!({"key": env});
            json!({"environment": environment, "after": after, "position": 1})
        };
        let stages: Vec<Value> = stages.iter().map(stage).collect();
        read(json!({"key": "default", "name": "", "stages": stages}))
    }

    #[test]
    fn only_what_follows_directly_is_promoted_to() {
        assert_eq!(row().after("dev"), ["staging", "eu", "us"], "while it is not known what leads where");
        let other = pipeline(&[("dev", None), ("us", Some("dev"))]);
        assert_eq!(row().led(std::slice::from_ref(&other)).after("eu"), ["us"], "of another pipeline");
        let own = [("dev", None), ("staging", Some("dev")), ("eu", Some("staging")), ("us", Some("staging"))];
        let row = row().led(&[other, pipeline(&own)]);
        assert_eq!(row.after("dev"), ["staging"]);
        assert_eq!(row.after("staging"), ["eu", "us"], "it branches");
        assert!(row.after("eu").is_empty() && row.after("nowhere").is_empty());
    }
}
