//! Environments and teams.

use async_graphql::{Context, InputObject, Object, Result};

use super::{app, caller};
use crate::{
    service::{self, environment::NewEnvironment},
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
pub struct CreateEnvironmentInput {
    team: String,
    key: String,
    name: Option<String>,
    #[graphql(name = "type")]
    kind: EnvironmentType,
    /// Like `#3fb950`.
    colour: Option<String>,
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
}
