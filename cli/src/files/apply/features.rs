//! Makes features and says what is said of them. Their documents are `stages`'.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_client::files::{
    self, BatchWithdrawal, CancelChangeInput, CreateFeatureInput, EditFeatureInput, FileProposal,
    ProposeBatchInput,
};
use fluxgate_client::{FeatureKind, Lifecycle};
use fluxgate_engine::{FeatureSpec, FlagConfig};
use serde_json::{Value, json};

use super::super::graph;
use super::super::plan::{Item, feature};
use super::super::reference::Noun;
use super::report::is_live;
use super::{BEFORE, Made, Run, several};
use crate::error::CliError;

impl Run<'_> {
    /// Makes features, those that others need first; then all their stages.
    pub(super) async fn features(&mut self) {
        let items: Vec<&Item> =
            self.plan.items_of(Noun::Feature).filter(|item| item.after.is_some()).collect();
        let items = graph::in_order(&items);
        for wave in graph::waves(&items) {
            let undone = self.undone();
            let one = async |item: &&Item| {
                let done = self.feature(item, &undone).await;
                self.tell(items.len());
                done
            };
            let made = several(&wave, one).await;
            for (item, done) in wave.iter().zip(made) {
                self.note(item, done);
            }
        }
        self.stages(&items).await;
    }

    /// Makes a feature, or says why not.
    async fn feature(&self, item: &Item, undone: &BTreeSet<String>) -> Result<Made, String> {
        let nothing = || Ok(Made { proposal: None, failed: None });
        let Some(after) = item.after.as_ref().and_then(feature) else { return nothing() };
        let mut needed = after.stages.values().flat_map(|config| &config.depends_on);
        if let Some(missing) = needed.find(|needed| undone.contains(&needed.feature)) {
            return Err(format!("it needs {}", missing.feature));
        }
        let made = match item.before.as_ref().and_then(|before| feature(&before.manifest)) {
            None => self.attempt(self.create(item, after)).await,
            Some(before) if !self.how.dry_run && is_said_otherwise(before, after) => {
                let said = async { Made { proposal: None, failed: self.say(item, after).await.err() } };
                self.attempt(said).await
            }
            Some(_) => return nothing(),
        };
        made.ok_or_else(|| BEFORE.to_owned())
    }

    /// Notes what became of a feature.
    fn note(&mut self, item: &Item, done: Result<Made, String>) {
        let Made { proposal, failed } = match done {
            Ok(made) => made,
            Err(why) => return self.report.skip(&item.reference, &why),
        };
        if let (Some(proposal), Some(after)) = (proposal, item.after.as_ref().and_then(feature)) {
            let place = self.first_stage(after).unwrap_or_default().to_owned();
            self.report.proposed(&[(&item.reference.key, &place)], &proposal);
        }
        self.finish(&item.reference, failed.map_or(Ok(()), Err));
    }

    /// Makes a feature; the document of its first stage comes with it.
    async fn create(&self, item: &Item, after: &FeatureSpec) -> Made {
        let pipeline = after.pipeline.as_ref();
        // Without its pipeline, a dry run has nothing to look at.
        if self.how.dry_run && !pipeline.is_some_and(|pipeline| self.live.pipelines().contains_key(pipeline))
        {
            return Made { proposal: None, failed: None };
        }
        let written = self.first_stage(after).and_then(|stage| after.stages.get(stage));
        let stand_in = stand_in(after);
        let input = CreateFeatureInput {
            team: self.plan.team.clone(),
            key: item.reference.key.clone(),
            name: Some(after.name.clone()),
            description: Some(after.description.clone()),
            kind: FeatureKind::from(&*after.kind),
            pipeline: pipeline.cloned(),
            tags: Some(after.tags.clone()),
            owner: after.owner.clone(),
            config: Some(written.unwrap_or(&stand_in).to_value()),
            enabled: None,
            reason: self.how.reason.clone(),
            dry_run: self.how.dry_run.then_some(true),
        };
        match files::make_feature(self.api, input).await {
            Ok(proposal) => {
                let failed = self.complete(item, after, (written.is_some(), &proposal)).await.err();
                Made { proposal: written.map(|_| proposal), failed }
            }
            Err(error) => Made { proposal: None, failed: Some(error.into()) },
        }
    }

    /// Does what making a feature leaves to do.
    async fn complete(
        &self,
        item: &Item,
        after: &FeatureSpec,
        (is_written, proposal): (bool, &FileProposal),
    ) -> Result<(), CliError> {
        match (is_written, &proposal.change) {
            // Every feature begins with a document; this one is to have none there.
            (false, Some(_)) if is_live(proposal) => {
                self.withdraw(&item.reference.key, self.first_stage(after)).await?;
            }
            (false, Some(change)) => {
                let input = CancelChangeInput { team: self.plan.team.clone(), number: change.number };
                files::take_back(self.api, input).await?;
            }
            _ => {}
        }
        if !self.how.dry_run && (after.lifecycle != "BETA" || after.removal_date.is_some()) {
            self.say(item, after).await?;
        }
        Ok(())
    }

    /// Returns the environment that a feature's pipeline begins with.
    pub(super) fn first_stage(&self, feature: &FeatureSpec) -> Option<&str> {
        let stages = self.plan.pipelines.get(feature.pipeline.as_ref()?)?;
        stages.iter().find(|stage| stage.after.is_none()).map(|stage| stage.environment.as_str())
    }

    async fn withdraw(&self, key: &str, environment: Option<&str>) -> Result<(), CliError> {
        let Some(environment) = environment else { return Ok(()) };
        let withdrawal = BatchWithdrawal { feature: key.to_owned(), environment: environment.to_owned() };
        let input = ProposeBatchInput {
            team: self.plan.team.clone(),
            withdrawals: vec![withdrawal],
            reason: self.how.reason.clone(),
            ..ProposeBatchInput::default()
        };
        files::propose_batch(self.api, input).await?;
        Ok(())
    }

    async fn say(&self, item: &Item, after: &FeatureSpec) -> Result<(), CliError> {
        let input = EditFeatureInput {
            team: self.plan.team.clone(),
            feature: item.reference.key.clone(),
            name: Some(after.name.clone()),
            description: Some(after.description.clone()),
            lifecycle: Some(Lifecycle::from(&*after.lifecycle)),
            owner: after.owner.clone(),
            removal_date: after.removal_date,
            tags: Some(after.tags.clone()),
            add_tags: None,
            remove_tags: None,
        };
        files::set_feature(self.api, input).await?;
        Ok(())
    }
}

/// Returns whether anything differs but the documents.
fn is_said_otherwise(before: &FeatureSpec, after: &FeatureSpec) -> bool {
    let before = FeatureSpec { stages: BTreeMap::new(), ..before.clone() };
    let after = FeatureSpec { stages: BTreeMap::new(), ..after.clone() };
    before != after
}

/// Returns a document for a feature that has none where it begins: of the right type, and serving nothing new.
fn stand_in(feature: &FeatureSpec) -> FlagConfig {
    let simple = FlagConfig::simple(false);
    if feature.kind == "SIMPLE" {
        return simple;
    }
    let value: Value = match feature.value_type.as_str() {
        "BOOLEAN" => json!(false),
        "STRING" => json!(""),
        "NUMBER" => json!(0),
        _ => json!({}),
    };
    FlagConfig { variants: BTreeMap::from([("none".to_owned(), value)]), default: None, off: None, ..simple }
}
