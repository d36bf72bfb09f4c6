//! Proposes the documents of stages. Those that depend on each other go as one change, all of them or none.

use std::collections::BTreeMap;

use fluxgate_client::files::{self, BatchEdit, ProposeBatchInput};
use fluxgate_engine::FlagConfig;

use super::super::graph;
use super::super::plan::{Edit, Item, feature};
use super::super::reference::Reference;
use super::{BEFORE, Made, Run, several};

/// How many documents may one change have?
const MAX_EDITS: usize = 100;
/// How long may they be together? A request has at most a mebibyte.
const MAX_BYTES: usize = 700 * 1024;

impl<'a> Run<'a> {
    /// Proposes what the stages of features are to serve, an environment after the other.
    pub(super) async fn stages(&mut self, items: &[&'a Item]) {
        let undone = self.undone();
        let mut edits: BTreeMap<&'a str, Vec<Edit<'a>>> = BTreeMap::new();
        for item in items.iter().filter(|item| !undone.contains(&item.reference.key)) {
            let after = item.after.as_ref().and_then(feature);
            let first = after.and_then(|after| self.first_stage(after));
            for edit in item.edits() {
                // That came with the feature itself.
                let is_there = item.before.is_none() && first == Some(edit.environment);
                // A dry run made nothing that more could be proposed for.
                if !is_there && (item.before.is_some() || !self.how.dry_run) {
                    edits.entry(edit.environment).or_default().push(edit);
                }
            }
        }
        let live: Vec<&str> = self.live.environments.iter().map(String::as_str).collect();
        let mut order: Vec<&str> = edits.keys().copied().collect();
        order.sort_by_key(|environment| live.iter().position(|key| key == environment).unwrap_or(live.len()));
        for environment in order {
            let was = |key: &str| was(items, key, environment);
            let parts = graph::together(&edits.remove(environment).unwrap_or_default(), was);
            let parts: Vec<Vec<Vec<Edit<'_>>>> = parts.into_iter().map(chunks).collect();
            // What depends on each other goes one after another where it is too much for one change.
            let one = async |part: &Vec<Vec<Edit<'_>>>| {
                let mut made = Vec::with_capacity(part.len());
                for chunk in part {
                    made.push(self.attempt(self.propose(chunk)).await);
                }
                made
            };
            let made = several(&parts, one).await;
            for (chunk, made) in parts.iter().flatten().zip(made.into_iter().flatten()) {
                self.note_stages(chunk, made);
            }
        }
    }

    async fn propose(&self, part: &[Edit<'_>]) -> Made {
        let edit = |edit: &Edit<'_>| BatchEdit {
            feature: edit.feature.to_owned(),
            environment: edit.environment.to_owned(),
            config: edit.config.to_value(),
            base_version: edit.base,
        };
        let input = ProposeBatchInput {
            team: self.plan.team.clone(),
            edits: part.iter().map(edit).collect(),
            reason: self.how.reason.clone(),
            dry_run: self.how.dry_run.then_some(true),
            ..ProposeBatchInput::default()
        };
        match files::propose_batch(self.api, input).await {
            Ok(proposal) => Made { proposal: Some(proposal), failed: None },
            Err(error) => Made { proposal: None, failed: Some(error.into()) },
        }
    }

    /// Notes what became of documents that were proposed together.
    fn note_stages(&mut self, part: &[Edit<'_>], made: Option<Made>) {
        let features = part.iter().map(|edit| Reference::feature(edit.feature));
        let Some(Made { proposal, failed }) = made else {
            return features.for_each(|feature| self.report.skip(&feature, BEFORE));
        };
        if let Some(proposal) = proposal {
            let stages: Vec<_> = part.iter().map(|edit| (edit.feature, edit.environment)).collect();
            self.report.proposed(&stages, &proposal);
        }
        if let Some(error) = failed {
            features.for_each(|feature| self.finish(&feature, Err(error.clone())));
        }
    }
}

/// Returns what a feature serves in an environment.
fn was<'a>(items: &[&'a Item], key: &str, environment: &str) -> Option<&'a FlagConfig> {
    let item = items.iter().find(|item| item.reference.key == key)?;
    feature(&item.before.as_ref()?.manifest)?.stages.get(environment)
}

/// Divides documents that belong together where there are more than one change may have, in their order.
fn chunks(part: Vec<Edit<'_>>) -> Vec<Vec<Edit<'_>>> {
    let mut chunks = vec![Vec::new()];
    let mut bytes = 0;
    for edit in part {
        let length = edit.config.to_json().len();
        let is_full = chunks.last().is_some_and(|last: &Vec<Edit<'_>>| {
            last.len() == MAX_EDITS || !last.is_empty() && bytes + length > MAX_BYTES
        });
        if is_full {
            chunks.push(Vec::new());
            bytes = 0;
        }
        bytes += length;
        if let Some(last) = chunks.last_mut() {
            last.push(edit);
        }
    }
    chunks
}
