//! Environments and teams.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result};

use super::{app, caller, emptied};
use crate::{
    service::{
        self,
        environment::{EditEnvironment, NewEnvironment},
        team::EditTeam,
    },
    store::{
        environment::{Environment, EnvironmentType},
        team::Team,
    },
};

#[derive(InputObject)]
pub struct CreateTeamInput {
    key: String,
    name: Option<String>,
    description: Option<String>,
}

#[derive(InputObject)]
pub struct EditTeamInput {
    team: String,
    name: Option<String>,
    /// Null removes it.
    description: MaybeUndefined<String>,
}

#[derive(InputObject)]
pub struct ArchiveTeamInput {
    team: String,
    /// For the audit log.
    reason: Option<String>,
}

#[derive(InputObject)]
pub struct UnarchiveTeamInput {
    team: String,
    /// For the audit log.
    reason: Option<String>,
}

#[derive(InputObject)]
pub struct CreateEnvironmentInput {
    team: String,
    key: String,
    name: Option<String>,
    #[graphql(name = "type")]
    kind: EnvironmentType,
    /// Like `#3fb950`.
    colour: Option<String>,
}

#[derive(InputObject)]
pub struct EditEnvironmentInput {
    team: String,
    key: String,
    name: Option<String>,
    /// To or from PRODUCTION only while no change waits there.
    #[graphql(name = "type")]
    kind: Option<EnvironmentType>,
    /// Like `#3fb950`; null removes it.
    colour: MaybeUndefined<String>,
    /// Its place among the team's, from 1; the others make way.
    position: Option<i32>,
}

#[derive(InputObject)]
pub struct SetEnvironmentActiveInput {
    team: String,
    key: String,
    active: bool,
}

/// Environments and teams.
#[derive(Default)]
pub struct EnvironmentMutation;

#[Object]
impl EnvironmentMutation {
    /// Makes a team.
    async fn create_team(&self, ctx: &Context<'_>, input: CreateTeamInput) -> Result<Team> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result =
            service::team::create(&mut tx, caller, (&input.key, input.name), input.description).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Changes what a team is called and said to be for.
    async fn edit_team(&self, ctx: &Context<'_>, input: EditTeamInput) -> Result<Team> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let edit = EditTeam { name: input.name, description: emptied(input.description) };
        let mut tx = app.begin().await?;
        let result = service::team::edit(&mut tx, caller, &input.team, edit).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Archives a team of which nothing is served: it is read and not changed, and no list of teams has it.
    async fn archive_team(&self, ctx: &Context<'_>, input: ArchiveTeamInput) -> Result<Team> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::team::archive(&mut tx, caller, &input.team, input.reason).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Brings a team back.
    async fn unarchive_team(&self, ctx: &Context<'_>, input: UnarchiveTeamInput) -> Result<Team> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::team::unarchive(&mut tx, caller, &input.team, input.reason).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Makes an environment, behind the team's others.
    async fn create_environment(
        &self,
        ctx: &Context<'_>,
        input: CreateEnvironmentInput,
    ) -> Result<Environment> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let new = NewEnvironment { key: input.key, name: input.name, kind: input.kind, colour: input.colour };
        let mut tx = app.begin().await?;
        let result = service::environment::create(&mut tx, caller, &input.team, new).await;
        Ok(app.finish(tx, caller, result).await?)
    }
    /// Changes an environment.
    async fn edit_environment(&self, ctx: &Context<'_>, input: EditEnvironmentInput) -> Result<Environment> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let edit = EditEnvironment {
            name: input.name,
            kind: input.kind,
            colour: input.colour.into(),
            position: input.position,
        };
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.key.as_str());
        let result = service::environment::edit(&mut tx, caller, which, edit).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Makes an environment active or inactive; inactive it takes no changes, and nothing may be deployed there.
    async fn set_environment_active(
        &self,
        ctx: &Context<'_>,
        input: SetEnvironmentActiveInput,
    ) -> Result<Environment> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.key.as_str());
        let result = service::environment::set_active(&mut tx, caller, which, input.active).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
