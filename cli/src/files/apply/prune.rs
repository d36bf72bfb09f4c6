//! Archives features that the files name no more, after taking them out of everywhere.

use fluxgate_client::feature::{self, ArchiveFeatureInput};
use fluxgate_client::files::{self, BatchWithdrawal, ProposeBatchInput};

use super::super::graph;
use super::super::plan::Item;
use super::super::reference::Noun;
use super::report::is_live;
use super::{BEFORE, Run};
use crate::error::CliError;

impl Run<'_> {
    /// Archives what is to go, those that need others first.
    pub(super) async fn prune(&mut self) {
        let items: Vec<&Item> =
            self.plan.items_of(Noun::Feature).filter(|item| item.after.is_none()).collect();
        for item in graph::dependents_first(&items) {
            if self.stopped.get() {
                self.report.skip(&item.reference, BEFORE);
                continue;
            }
            let done = self.archive(item).await;
            self.finish(&item.reference, done);
        }
    }

    async fn archive(&mut self, item: &Item) -> Result<(), CliError> {
        let (team, key) = (self.plan.team.clone(), item.reference.key.clone());
        let deployed = item.before.iter().flat_map(|before| before.versions.keys());
        let stages: Vec<(&str, &str)> =
            deployed.map(|environment| (&*item.reference.key, &**environment)).collect();
        let withdrawals: Vec<BatchWithdrawal> = stages
            .iter()
            .map(|(_, environment)| BatchWithdrawal {
                feature: key.clone(),
                environment: (*environment).to_owned(),
            })
            .collect();
        if !withdrawals.is_empty() {
            let input = ProposeBatchInput {
                team: team.clone(),
                withdrawals,
                reason: self.how.reason.clone(),
                dry_run: self.how.dry_run.then_some(true),
                ..ProposeBatchInput::default()
            };
            let proposal = files::propose_batch(self.api, input).await?;
            self.report.proposed(&stages, &proposal);
            if !is_live(&proposal) {
                // Once the change is applied, the next run archives it.
                return Ok(());
            }
        }
        if !self.how.dry_run {
            let input = ArchiveFeatureInput { team, feature: key, reason: self.how.reason.clone() };
            feature::archive(self.api, input).await?;
        }
        Ok(())
    }
}
