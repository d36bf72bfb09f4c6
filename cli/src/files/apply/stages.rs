//! Proposes the documents of stages. Those that depend on each other go as one change, all of them or none.

use std::collections::BTreeMap;

use fluxgate_client::files::{self, BatchEdit, ProposeBatchInput};
use fluxgate_engine::FlagConfig;

use super::super::graph;
use super::super::plan::{Edit, Item, feature};
use super::super::reference::Reference;
use super::Run;
use crate::error::CliError;

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
            for part in parts.into_iter().flat_map(chunks) {
                self.propose(&part).await;
            }
        }
    }

    async fn propose(&mut self, part: &[Edit<'_>]) {
        let features: Vec<&str> = part.iter().map(|edit| edit.feature).collect();
        if self.stopped {
            for feature in features {
                self.report.skip(&Reference::feature(feature), "something before it failed");
            }
            return;
        }
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
            Ok(proposal) => {
                let stages: Vec<_> = part.iter().map(|edit| (edit.feature, edit.environment)).collect();
                self.report.proposed(&stages, &proposal);
            }
            Err(error) => {
                let error = CliError::from(error);
                for feature in features {
                    self.finish(&Reference::feature(feature), Err(error.clone()));
                }
            }
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
