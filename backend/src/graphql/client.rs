//! Clients and their keys.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    app, caller,
    loader::{EnvironmentById, must},
};
use crate::{
    service,
    store::{
        client::{Client, ClientKind},
        environment::Environment,
    },
};

#[Object]
impl Client {
    async fn id(&self) -> Uuid {
        self.id
    }

    async fn name(&self) -> &str {
        &self.name
    }

    async fn kind(&self) -> ClientKind {
        self.kind
    }

    /// The one that it may see; all when absent.
    async fn environment(&self, ctx: &Context<'_>) -> Result<Option<Environment>> {
        match self.environment_id {
            Some(id) => Ok(Some(must(ctx, EnvironmentById(id)).await?)),
            None => Ok(None),
        }
    }

    async fn enabled(&self) -> bool {
        self.enabled
    }

    /// The eight characters that each of its keys shows.
    async fn key_ids(&self) -> &[String] {
        &self.key_ids
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

/// A client with its new key, which is told once.
#[derive(SimpleObject)]
pub struct ClientSecret {
    client: Client,
    key: String,
}

#[derive(InputObject)]
pub struct CreateClientInput {
    team: String,
    name: String,
    kind: ClientKind,
    /// All of the team's when absent.
    environment: Option<String>,
}

#[derive(InputObject)]
pub struct SetClientEnabledInput {
    team: String,
    name: String,
    enabled: bool,
}

/// Clients.
#[derive(Default)]
pub struct ClientMutation;

#[Object]
impl ClientMutation {
    /// Makes a client; its key is told here and never again.
    async fn create_client(&self, ctx: &Context<'_>, input: CreateClientInput) -> Result<ClientSecret> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let what = (input.name.as_str(), input.kind);
        let result =
            service::client::create(&mut tx, caller, &input.team, what, input.environment.as_deref()).await;
        let (client, key) = app.finish(tx, caller, result).await?;
        Ok(ClientSecret { client, key })
    }

    /// Lets a client in, or no longer.
    async fn set_client_enabled(&self, ctx: &Context<'_>, input: SetClientEnabledInput) -> Result<Client> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.name.as_str());
        let result = service::client::set_enabled(&mut tx, caller, whom, input.enabled).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
