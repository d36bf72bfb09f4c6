//! What files hold of a team: its definitions, a page at a time, and what makes a team like them.

use crate::api::Api;
use crate::error::Error;
use crate::page;
use crate::words::Lifecycle;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{
        ChangeStatus, ContextKeyType, EnvironmentType, FeatureKind, Lifecycle, PolicyScope, ProposalOutcome,
        Role, ValueType,
    };

    use make_feature::FileProposal;

    /// One of a team's things, as `team { one: … }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct One<T> {
        pub one: T,
    }

    operation!(FileEnvironments, "graphql/files.graphql", "crate::page::InTeam<FileEnvironment>");
    operation!(FilePipelines, "graphql/files.graphql", "crate::page::InTeam<FilePipeline>");
    operation!(FileContextKeys, "graphql/files.graphql", "crate::page::InTeam<FileContextKey>");
    operation!(FilePolicies, "graphql/files.graphql", "crate::page::InTeam<FilePolicy>");
    operation!(FileFeatures, "graphql/files.graphql", "crate::page::InTeam<FileFeature>");
    operation!(
        FileOneEnvironment,
        "graphql/files.graphql",
        "super::One<super::file_environments::FileEnvironment>"
    );
    operation!(FileOnePipeline, "graphql/files.graphql", "super::One<super::file_pipelines::FilePipeline>");
    operation!(
        FileOneContextKey,
        "graphql/files.graphql",
        "super::One<super::file_context_keys::FileContextKey>"
    );
    operation!(FileOnePolicy, "graphql/files.graphql", "super::One<super::file_policies::FilePolicy>");
    operation!(FileOneFeature, "graphql/files.graphql", "super::One<super::file_features::FileFeature>");
    operation!(ActivateEnvironment, "graphql/files.graphql");
    operation!(RenamePipeline, "graphql/files.graphql");
    operation!(AddStage, "graphql/files.graphql");
    operation!(RemoveStage, "graphql/files.graphql");
    operation!(MakeContextKey, "graphql/files.graphql");
    operation!(MakeFeature, "graphql/files.graphql");
    operation!(ProposeBatch, "graphql/files.graphql", "super::FileProposal");
    operation!(TakeBack, "graphql/files.graphql");

    /// An operation whose input says everything: what is absent in it is null, which takes away.
    macro_rules! setting {
        ($name:ident) => {
            #[derive(Clone, Copy, Debug, graphql_client::GraphQLQuery)]
            #[graphql(
                schema_path = "schema.graphql",
                query_path = "graphql/files.graphql",
                response_derives = "Clone, Debug, PartialEq, Serialize",
                variables_derives = "Clone, Debug, Default",
                custom_scalars_module = "crate::scalar",
                extern_enums("ContextKeyType", "EnvironmentType", "Lifecycle", "PolicyScope", "Role")
            )]
            pub struct $name;
        };
    }

    setting!(SetEnvironment);
    setting!(SetContextKey);
    setting!(SetPolicy);
    setting!(SetFeature);
}

pub use generated::activate_environment::SetEnvironmentActiveInput;
pub use generated::add_stage::AddPipelineStageInput;
pub use generated::file_context_keys::FileContextKey;
pub use generated::file_environments::FileEnvironment;
pub use generated::file_features::{FileFeature, FileStage, FileVersion};
pub use generated::file_pipelines::FilePipeline;
pub use generated::file_policies::FilePolicy;
pub use generated::make_context_key::CreateContextKeyInput;
pub use generated::make_feature::{CreateFeatureInput, FileChange, FileProposal};
pub use generated::propose_batch::{BatchEdit, BatchWithdrawal, ProposeBatchInput};
pub use generated::remove_stage::RemovePipelineStageInput;
pub use generated::rename_pipeline::EditPipelineInput;
pub use generated::set_context_key::EditContextKeyInput;
pub use generated::set_environment::EditEnvironmentInput;
pub use generated::set_feature::EditFeatureInput;
pub use generated::set_policy::EditPolicyInput;
pub use generated::take_back::CancelChangeInput;
pub use generated::{
    ActivateEnvironment, AddStage, FileContextKeys, FileEnvironments, FileFeatures, FileOneContextKey,
    FileOneEnvironment, FileOneFeature, FileOnePipeline, FileOnePolicy, FilePipelines, FilePolicies,
    MakeContextKey, MakeFeature, ProposeBatch, RemoveStage, RenamePipeline, SetContextKey, SetEnvironment,
    SetFeature, SetPolicy, TakeBack,
};
pub use generated::{
    activate_environment, add_stage, file_context_keys, file_environments, file_features,
    file_one_context_key, file_one_environment, file_one_feature, file_one_pipeline, file_one_policy,
    file_pipelines, file_policies, make_context_key, make_feature, propose_batch, remove_stage,
    rename_pipeline, set_context_key, set_environment, set_feature, set_policy, take_back,
};

macro_rules! lists {
    ($($(#[$doc:meta])* $function:ident, $operation:ident, $module:ident, $node:ident;)+) => {$(
        $(#[$doc])*
        pub async fn $function(api: &Api, team: &str) -> Result<Vec<$node>, Error> {
            let all = page::all(None, async |first, after| {
                let variables = $module::Variables { team: team.to_owned(), first: Some(first), after };
                Ok(api.run::<$operation>(variables).await?.team.page)
            });
            Ok(all.await?.nodes)
        }
    )+};
}

lists! {
    /// Returns a team's environments, in their order.
    environments, FileEnvironments, file_environments, FileEnvironment;
    /// Returns a team's pipelines, with their stages in order.
    pipelines, FilePipelines, file_pipelines, FilePipeline;
    /// Returns a team's context keys.
    context_keys, FileContextKeys, file_context_keys, FileContextKey;
    /// Returns a team's policies.
    policies, FilePolicies, file_policies, FilePolicy;
}

/// Returns all features of a team, the archived ones too.
pub async fn features(api: &Api, team: &str) -> Result<Vec<FileFeature>, Error> {
    let lifecycle = [
        Lifecycle::Beta,
        Lifecycle::Active,
        Lifecycle::Permanent,
        Lifecycle::Deprecated,
        Lifecycle::Archived,
    ];
    let all = page::all(None, async |first, after| {
        let variables = file_features::Variables {
            team: team.to_owned(),
            lifecycle: Some(lifecycle.to_vec()),
            first: Some(first),
            after,
        };
        Ok(api.run::<FileFeatures>(variables).await?.team.page)
    });
    Ok(all.await?.nodes)
}

macro_rules! ones {
    ($($(#[$doc:meta])* $function:ident, $operation:ident, $module:ident, $node:ident;)+) => {$(
        $(#[$doc])*
        pub async fn $function(api: &Api, team: &str, key: &str) -> Result<$node, Error> {
            let variables = $module::Variables { team: team.to_owned(), key: key.to_owned() };
            Ok(api.run::<$operation>(variables).await?.team.one)
        }
    )+};
}

ones! {
    /// Returns an environment.
    environment, FileOneEnvironment, file_one_environment, FileEnvironment;
    /// Returns a pipeline, with its stages in order.
    pipeline, FileOnePipeline, file_one_pipeline, FilePipeline;
    /// Returns a context key.
    context_key, FileOneContextKey, file_one_context_key, FileContextKey;
    /// Returns a policy, by its name.
    policy, FileOnePolicy, file_one_policy, FilePolicy;
    /// Returns a feature.
    feature, FileOneFeature, file_one_feature, FileFeature;
}

macro_rules! mutations {
    ($($(#[$doc:meta])* $function:ident, $operation:ident, $input:ident;)+) => {$(
        $(#[$doc])*
        pub async fn $function(api: &Api, input: $input) -> Result<(), Error> {
            api.run::<$operation>($function::Variables { input }).await?;
            Ok(())
        }
    )+};
}

mutations! {
    /// Makes an environment as it is said to be, its place only where one is named.
    set_environment, SetEnvironment, EditEnvironmentInput;
    /// Lets an environment take changes, or no longer.
    activate_environment, ActivateEnvironment, SetEnvironmentActiveInput;
    /// Gives a pipeline another name.
    rename_pipeline, RenamePipeline, EditPipelineInput;
    /// Adds a stage behind another.
    add_stage, AddStage, AddPipelineStageInput;
    /// Takes a stage out.
    remove_stage, RemoveStage, RemovePipelineStageInput;
    /// Declares an attribute of contexts.
    make_context_key, MakeContextKey, CreateContextKeyInput;
    /// Makes a context key as it is said to be.
    set_context_key, SetContextKey, EditContextKeyInput;
    /// Makes a policy as it is said to be.
    set_policy, SetPolicy, EditPolicyInput;
    /// Makes what is said of a feature as it is said to be.
    set_feature, SetFeature, EditFeatureInput;
    /// Takes a change back.
    take_back, TakeBack, CancelChangeInput;
}

/// Makes a feature and proposes its first document for the pipeline's first stage.
pub async fn make_feature(api: &Api, input: CreateFeatureInput) -> Result<FileProposal, Error> {
    Ok(api.run::<MakeFeature>(make_feature::Variables { input }).await?.proposal)
}

/// Proposes documents for several stages as one change.
pub async fn propose_batch(api: &Api, input: ProposeBatchInput) -> Result<FileProposal, Error> {
    Ok(api.run::<ProposeBatch>(propose_batch::Variables { input }).await?.proposal)
}
