//! Policies.

use async_graphql::{Context, InputObject, Object, Result};

use super::{app, caller};
use crate::{
    service::{self, policy::NewPolicy},
    store::{
        member::Role,
        policy::{Policy, PolicyScope},
    },
};

#[derive(InputObject)]
pub struct CreatePolicyInput {
    team: String,
    name: String,
    scope: PolicyScope,
    /// For LISTED only.
    environments: Option<Vec<String>>,
    approvals: i32,
    /// Whose approvals count; APPROVER and TEAM_ADMIN when absent.
    roles: Option<Vec<Role>>,
}

/// Policies.
#[derive(Default)]
pub struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Makes a policy; it counts for open changes too.
    async fn create_policy(&self, ctx: &Context<'_>, input: CreatePolicyInput) -> Result<Policy> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let new = NewPolicy {
            name: input.name,
            scope: input.scope,
            environments: input.environments.unwrap_or_default(),
            approvals: input.approvals,
            roles: input.roles.unwrap_or_default(),
        };
        let mut tx = app.begin().await?;
        let result = service::policy::create(&mut tx, caller, &input.team, new).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
