//! The mutation root: each noun's mutations side by side.

use async_graphql::MergedObject;

use super::{
    change::ChangeMutation, client::ClientMutation, context_key::ContextKeyMutation,
    environment::EnvironmentMutation, feature::FeatureMutation, log::LogMutation, pipeline::PipelineMutation,
    policy::PolicyMutation, proposal::ProposalMutation, session::SessionMutation,
    signing_key::SigningKeyMutation, token::TokenMutation, user::UserMutation,
};

/// The mutation root.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    SigningKeyMutation,
    UserMutation,
    EnvironmentMutation,
    PipelineMutation,
    ContextKeyMutation,
    PolicyMutation,
    ClientMutation,
    TokenMutation,
    FeatureMutation,
    ProposalMutation,
    ChangeMutation,
    LogMutation,
);
