//! Proposing: what may be asked for, of one stage or of several at once, and what became of it.

use async_graphql::{Context, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::{
    app, caller,
    change::{Item, PolicyProgress},
};
use crate::{
    error::Gate,
    service::{
        self,
        change::{Intent, ProposalOutcome, Source, Warning, Wish},
    },
    store::change::Change,
};

/// What became of a proposal.
pub struct Proposal(pub service::change::Proposal);

#[Object]
impl Proposal {
    async fn outcome(&self) -> ProposalOutcome {
        self.0.outcome
    }

    /// The change, unless there was nothing to do or it was only looked at.
    async fn change(&self) -> Option<&Change> {
        self.0.change.as_ref()
    }

    async fn items(&self) -> Vec<Item> {
        let of = |id| self.0.features.iter().find(|feature| feature.id == id).cloned();
        let items = self.0.items.iter();
        items.map(|item| Item { feature: of(item.feature_id), item: item.clone() }).collect()
    }

    /// The policies in scope.
    async fn policies(&self) -> Vec<PolicyProgress> {
        self.0.policies.iter().cloned().map(PolicyProgress::from).collect()
    }

    /// What was checked.
    async fn gates(&self) -> &[Gate] {
        &self.0.gates
    }

    /// What is allowed, but probably not meant.
    async fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }
}

#[derive(InputObject)]
pub struct EditStageInput {
    team: String,
    feature: String,
    environment: String,
    /// The whole new document.
    config: serde_json::Value,
    /// The version that it was made from, to notice the changes of others.
    base_version: Option<i32>,
    reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct PromoteInput {
    team: String,
    feature: String,
    from: Option<String>,
    to: Option<String>,
    reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct RollbackInput {
    team: String,
    feature: String,
    environment: String,
    /// The one before the live one when absent.
    version: Option<i32>,
    reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct WithdrawInput {
    team: String,
    feature: String,
    environment: String,
    reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
}

/// A document for one stage of a batch.
#[derive(InputObject)]
pub struct BatchEdit {
    feature: String,
    environment: String,
    /// The whole new document.
    config: serde_json::Value,
    /// The version that it was made from, to notice the changes of others.
    base_version: Option<i32>,
}

/// A promotion in a batch.
#[derive(InputObject)]
pub struct BatchPromotion {
    feature: String,
    from: Option<String>,
    to: Option<String>,
}

/// A rollback in a batch.
#[derive(InputObject)]
pub struct BatchRollback {
    feature: String,
    environment: String,
    /// The one before the live one when absent.
    version: Option<i32>,
}

/// A withdrawal in a batch.
#[derive(InputObject)]
pub struct BatchWithdrawal {
    feature: String,
    environment: String,
}

/// Several stages in one change, of one kind: exactly one of the lists has entries, a hundred at most.
#[derive(InputObject)]
pub struct ProposeBatchInput {
    team: String,
    #[graphql(default)]
    edits: Vec<BatchEdit>,
    #[graphql(default)]
    promotions: Vec<BatchPromotion>,
    #[graphql(default)]
    rollbacks: Vec<BatchRollback>,
    #[graphql(default)]
    withdrawals: Vec<BatchWithdrawal>,
    reason: Option<String>,
    /// Not to be applied before; as soon as it is approved when absent.
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
}

#[derive(InputObject)]
pub struct RebaseChangeInput {
    team: String,
    number: i32,
    dry_run: Option<bool>,
}

/// Proposing.
#[derive(Default)]
pub struct ProposalMutation;

#[Object]
impl ProposalMutation {
    /// Proposes a document for a stage.
    async fn edit_stage(&self, ctx: &Context<'_>, input: EditStageInput) -> Result<Proposal> {
        let EditStageInput { team, feature, environment, config, base_version, reason, apply_at, dry_run } =
            input;
        let source = Source::Edit { config, base: base_version };
        let wish = Wish { feature, environment: Some(environment), source, path: String::new() };
        request(ctx, intent(team, reason, apply_at, dry_run), vec![wish]).await
    }

    /// Proposes a stage's live document for the next stage.
    async fn promote(&self, ctx: &Context<'_>, input: PromoteInput) -> Result<Proposal> {
        let PromoteInput { team, feature, from, to, reason, apply_at, dry_run } = input;
        let source = Source::Promote { from };
        let wish = Wish { feature, environment: to, source, path: String::new() };
        request(ctx, intent(team, reason, apply_at, dry_run), vec![wish]).await
    }

    /// Proposes an earlier version of a stage.
    async fn rollback(&self, ctx: &Context<'_>, input: RollbackInput) -> Result<Proposal> {
        let RollbackInput { team, feature, environment, version, reason, apply_at, dry_run } = input;
        let source = Source::Rollback { version };
        let wish = Wish { feature, environment: Some(environment), source, path: String::new() };
        request(ctx, intent(team, reason, apply_at, dry_run), vec![wish]).await
    }

    /// Proposes that a stage serves nothing any more.
    async fn withdraw(&self, ctx: &Context<'_>, input: WithdrawInput) -> Result<Proposal> {
        let WithdrawInput { team, feature, environment, reason, apply_at, dry_run } = input;
        let source = Source::Withdraw;
        let wish = Wish { feature, environment: Some(environment), source, path: String::new() };
        request(ctx, intent(team, reason, apply_at, dry_run), vec![wish]).await
    }

    /// Proposes documents for several stages in one change: all of them are applied, or none.
    async fn propose_batch(&self, ctx: &Context<'_>, input: ProposeBatchInput) -> Result<Proposal> {
        let ProposeBatchInput { team, edits, promotions, rollbacks, withdrawals, .. } = input;
        let mut wishes: Vec<Wish> = Vec::new();
        let mut add = |list: &str, n: usize, feature, environment, source| {
            wishes.push(Wish { feature, environment, source, path: format!("{list}[{n}]") });
        };
        for (n, BatchEdit { feature, environment, config, base_version }) in edits.into_iter().enumerate() {
            add("edits", n, feature, Some(environment), Source::Edit { config, base: base_version });
        }
        for (n, BatchPromotion { feature, from, to }) in promotions.into_iter().enumerate() {
            add("promotions", n, feature, to, Source::Promote { from });
        }
        for (n, BatchRollback { feature, environment, version }) in rollbacks.into_iter().enumerate() {
            add("rollbacks", n, feature, Some(environment), Source::Rollback { version });
        }
        for (n, BatchWithdrawal { feature, environment }) in withdrawals.into_iter().enumerate() {
            add("withdrawals", n, feature, Some(environment), Source::Withdraw);
        }
        request(ctx, intent(team, input.reason, input.apply_at, input.dry_run), wishes).await
    }

    /// Proposes a stale change again, as a new one on what is live now.
    async fn rebase_change(&self, ctx: &Context<'_>, input: RebaseChangeInput) -> Result<Proposal> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.number);
        let dry_run = input.dry_run.unwrap_or(false);
        let result = service::change::rebase(&mut tx, caller, which, dry_run).await;
        Ok(Proposal(app.finish(tx, caller, result).await?))
    }
}

fn intent(
    team: String,
    reason: Option<String>,
    apply_at: Option<DateTime<Utc>>,
    dry_run: Option<bool>,
) -> Intent {
    Intent { team, reason, apply_at, dry_run: dry_run.unwrap_or(false) }
}

async fn request(ctx: &Context<'_>, intent: Intent, wishes: Vec<Wish>) -> Result<Proposal> {
    let (app, caller) = (app(ctx)?, caller(ctx)?);
    let mut tx = app.begin().await?;
    let result = service::change::request(&mut tx, caller, intent, &wishes).await;
    Ok(Proposal(app.finish(tx, caller, result).await?))
}
