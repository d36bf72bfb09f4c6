//! The mutation root: each noun's mutations side by side.

use async_graphql::MergedObject;

use super::{
    change::ChangeMutation, client::ClientMutation, environment::EnvironmentMutation,
    feature::FeatureMutation, pipeline::PipelineMutation, policy::PolicyMutation, session::SessionMutation,
    user::UserMutation,
};

/// The mutation root.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    UserMutation,
    EnvironmentMutation,
    PipelineMutation,
    PolicyMutation,
    ClientMutation,
    FeatureMutation,
    ChangeMutation,
);
