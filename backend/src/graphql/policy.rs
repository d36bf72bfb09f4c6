//! Policies.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result};

use super::{app, caller};
use crate::{
    service::{
        self,
        policy::{EditPolicy, NewPolicy},
    },
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
    /// After how many hours without a rejection it is satisfied by itself; never when absent.
    auto_approve_hours: Option<i32>,
    /// Whether that holds in environments of type PRODUCTION as well.
    auto_approve_production: Option<bool>,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    override_allowed: Option<bool>,
}

#[derive(InputObject)]
pub struct EditPolicyInput {
    team: String,
    name: String,
    scope: Option<PolicyScope>,
    /// For LISTED only.
    environments: Option<Vec<String>>,
    approvals: Option<i32>,
    /// Whose approvals count; APPROVER and TEAM_ADMIN when empty.
    roles: Option<Vec<Role>>,
    /// After how many hours without a rejection it is satisfied by itself; null for never.
    auto_approve_hours: MaybeUndefined<i32>,
    /// Whether that holds in environments of type PRODUCTION as well.
    auto_approve_production: Option<bool>,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    override_allowed: Option<bool>,
    enabled: Option<bool>,
}

#[derive(InputObject)]
pub struct DeletePolicyInput {
    team: String,
    name: String,
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
            auto_approve_hours: input.auto_approve_hours,
            auto_approve_production: input.auto_approve_production.unwrap_or(false),
            override_allowed: input.override_allowed.unwrap_or(false),
        };
        let mut tx = app.begin().await?;
        let result = service::policy::create(&mut tx, caller, &input.team, new).await;
        Ok(app.finish(tx, caller, result).await?)
    }
    /// Changes a policy; open changes need the stricter of what it asked for when they were proposed and asks for now.
    async fn edit_policy(&self, ctx: &Context<'_>, input: EditPolicyInput) -> Result<Policy> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let EditPolicyInput {
            team,
            name,
            scope,
            environments,
            approvals,
            roles,
            auto_approve_hours,
            auto_approve_production,
            override_allowed,
            enabled,
        } = input;
        let edit = EditPolicy {
            scope,
            environments,
            approvals,
            roles,
            auto_approve_hours: match auto_approve_hours {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(hours) => Some(Some(hours)),
            },
            auto_approve_production,
            override_allowed,
            enabled,
        };
        let mut tx = app.begin().await?;
        let result = service::policy::edit(&mut tx, caller, (&team, &name), edit).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes a policy away; open changes need still what it asked for when they were proposed. Gives what it was.
    async fn delete_policy(&self, ctx: &Context<'_>, input: DeletePolicyInput) -> Result<Policy> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::policy::delete(&mut tx, caller, &input.team, &input.name).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
