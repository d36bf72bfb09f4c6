//! Changes: everything that is proposed, voted on and applied.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};
use crate::words::ChangeStatus;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{
        ChangeKind, ChangeStatus, Decision, DiffKind, EnvironmentType, FeatureKind, ProposalOutcome, Role,
    };

    use promote::{Change, Proposal};

    /// A team's change, as `team { change }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct OneChange {
        pub change: Change,
    }

    operation!(Promote, "graphql/change.graphql");
    operation!(Rollback, "graphql/change.graphql", "super::Proposal");
    operation!(Withdraw, "graphql/change.graphql", "super::Proposal");
    operation!(EditStage, "graphql/change.graphql", "super::Proposal");
    operation!(CreateFeature, "graphql/change.graphql", "super::Proposal");
    operation!(ProposeBatch, "graphql/change.graphql", "super::Proposal");
    operation!(RebaseChange, "graphql/change.graphql", "super::Proposal");
    operation!(CastVote, "graphql/change.graphql", "super::Change");
    operation!(CancelChange, "graphql/change.graphql", "super::Change");
    operation!(CommentChange, "graphql/change.graphql", "super::Change");
    operation!(OverrideChange, "graphql/change.graphql", "super::Change");
    operation!(GetChange, "graphql/change.graphql", "super::OneChange");
    operation!(ListChanges, "graphql/change.graphql", "crate::page::InTeam<super::Change>");
}

pub use generated::cancel_change::CancelChangeInput;
pub use generated::cast_vote::VoteInput;
pub use generated::comment_change::CommentChangeInput;
pub use generated::create_feature::CreateFeatureInput;
pub use generated::edit_stage::EditStageInput;
pub use generated::override_change::OverrideChangeInput;
pub use generated::promote::{
    Change, ChangeItem, Comment, DiffEntry, Gate, ItemEnvironment, Override, PolicyProgress, PromoteInput,
    Proposal, Vote, Warning,
};
pub use generated::propose_batch::{
    BatchEdit, BatchPromotion, BatchRollback, BatchWithdrawal, ProposeBatchInput,
};
pub use generated::rebase_change::RebaseChangeInput;
pub use generated::rollback::RollbackInput;
pub use generated::withdraw::WithdrawInput;
pub use generated::{
    CancelChange, CastVote, CommentChange, CreateFeature, EditStage, GetChange, ListChanges, OverrideChange,
    Promote, ProposeBatch, RebaseChange, Rollback, Withdraw,
};
pub use generated::{
    cancel_change, cast_vote, comment_change, create_feature, edit_stage, get_change, list_changes,
    override_change, promote, propose_batch, rebase_change, rollback, withdraw,
};

/// Which changes are to be listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in one of these states.
    pub status: Option<Vec<ChangeStatus>>,
    /// Only those that this user proposed.
    pub author: Option<String>,
    /// Only those of this feature.
    pub feature: Option<String>,
    /// Only those of this environment.
    pub environment: Option<String>,
    /// Only those that the signed-in user may vote on.
    pub waiting_for_me: bool,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// Proposes to take what is live in a stage to the next one.
pub async fn promote(api: &Api, input: PromoteInput) -> Result<Proposal, Error> {
    let variables = promote::Variables { input };
    Ok(api.run::<Promote>(variables).await?.proposal)
}

/// Proposes an earlier version of a stage.
pub async fn rollback(api: &Api, input: RollbackInput) -> Result<Proposal, Error> {
    let variables = rollback::Variables { input };
    Ok(api.run::<Rollback>(variables).await?.proposal)
}

/// Proposes that a stage serves nothing any more.
pub async fn withdraw(api: &Api, input: WithdrawInput) -> Result<Proposal, Error> {
    let variables = withdraw::Variables { input };
    Ok(api.run::<Withdraw>(variables).await?.proposal)
}

/// Proposes a new document for a stage.
pub async fn edit_stage(api: &Api, input: EditStageInput) -> Result<Proposal, Error> {
    let variables = edit_stage::Variables { input };
    Ok(api.run::<EditStage>(variables).await?.proposal)
}

/// Creates a feature and proposes its first document for the pipeline's first stage.
pub async fn create_feature(api: &Api, input: CreateFeatureInput) -> Result<Proposal, Error> {
    let variables = create_feature::Variables { input };
    Ok(api.run::<CreateFeature>(variables).await?.proposal)
}

/// Proposes documents for several stages in one change, all of them or none.
pub async fn propose_batch(api: &Api, input: ProposeBatchInput) -> Result<Proposal, Error> {
    let variables = propose_batch::Variables { input };
    Ok(api.run::<ProposeBatch>(variables).await?.proposal)
}

/// Proposes a stale change again, on what is live now.
pub async fn rebase(api: &Api, input: RebaseChangeInput) -> Result<Proposal, Error> {
    let variables = rebase_change::Variables { input };
    Ok(api.run::<RebaseChange>(variables).await?.proposal)
}

/// Votes on a change.
pub async fn vote(api: &Api, input: VoteInput) -> Result<Change, Error> {
    let variables = cast_vote::Variables { input };
    Ok(api.run::<CastVote>(variables).await?.change)
}

/// Says something about a change.
pub async fn comment(api: &Api, input: CommentChangeInput) -> Result<Change, Error> {
    let variables = comment_change::Variables { input };
    Ok(api.run::<CommentChange>(variables).await?.change)
}

/// Lets a change through without the approvals, where its policies allow that.
pub async fn let_through(api: &Api, input: OverrideChangeInput) -> Result<Change, Error> {
    let variables = override_change::Variables { input };
    Ok(api.run::<OverrideChange>(variables).await?.change)
}

/// Takes a change back.
pub async fn cancel(api: &Api, input: CancelChangeInput) -> Result<Change, Error> {
    let variables = cancel_change::Variables { input };
    Ok(api.run::<CancelChange>(variables).await?.change)
}

/// Returns a change.
pub async fn get(api: &Api, team: &str, number: i64) -> Result<Change, Error> {
    let team = team.to_owned();
    let variables = get_change::Variables { team, number };
    Ok(api.run::<GetChange>(variables).await?.team.change)
}

/// Returns a team's changes, the newest first.
pub async fn list(api: &Api, team: &str, filter: &Filter) -> Result<All<Change>, Error> {
    page::all(filter.limit, async |first, after| {
        let variables = list_changes::Variables {
            team: team.to_owned(),
            status: filter.status.clone(),
            author: filter.author.clone(),
            feature: filter.feature.clone(),
            environment: filter.environment.clone(),
            waiting_for_me: filter.waiting_for_me.then_some(true),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListChanges>(variables).await?.team.page)
    })
    .await
}
