//! Clients and their keys.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    app, caller,
    loader::{EnvironmentById, KeysOf, load, must},
};
use crate::{
    service,
    store::{
        client::{Client, ClientKey, ClientKind},
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

    /// Its keys that hold, the oldest first.
    async fn keys(&self, ctx: &Context<'_>) -> Result<Vec<ClientKey>> {
        Ok(load(ctx, KeysOf(self.id)).await?.unwrap_or_default())
    }

    /// The web origins whose pages may ask with its keys.
    async fn origins(&self) -> &[String] {
        &self.origins
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
    /// The pages that may use its key: only of a FRONTEND client, like `https://shop.example`.
    origins: Option<Vec<String>>,
}

#[derive(InputObject)]
pub struct SetClientEnabledInput {
    team: String,
    name: String,
    enabled: bool,
}

#[derive(InputObject)]
pub struct EditClientInput {
    team: String,
    name: String,
    /// All of them, for a client of kind FRONTEND: `https://host[:port]` or `http://localhost[:port]`, at most 20.
    origins: Option<Vec<String>>,
}

#[derive(InputObject)]
pub struct RotateClientKeyInput {
    team: String,
    name: String,
    /// How long the former key holds: a day when absent, at most 30.
    grace_seconds: Option<i64>,
}

#[derive(InputObject)]
pub struct RevokeClientKeyInput {
    team: String,
    name: String,
    /// The eight characters that the key shows.
    key_id: String,
}

#[derive(InputObject)]
pub struct DeleteClientInput {
    team: String,
    name: String,
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
        let new = service::client::NewClient {
            name: input.name,
            kind: input.kind,
            environment: input.environment,
            origins: input.origins.unwrap_or_default(),
        };
        let result = service::client::create(&mut tx, caller, &input.team, new).await;
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

    /// Edits a client; what is absent stays.
    async fn edit_client(&self, ctx: &Context<'_>, input: EditClientInput) -> Result<Client> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.name.as_str());
        let result = service::client::edit(&mut tx, caller, whom, input.origins).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Gives a client another key, told here and never again; the former one holds for a while.
    async fn rotate_client_key(
        &self,
        ctx: &Context<'_>,
        input: RotateClientKeyInput,
    ) -> Result<ClientSecret> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.name.as_str());
        let result = service::client::rotate_key(&mut tx, caller, whom, input.grace_seconds).await;
        let (client, key) = app.finish(tx, caller, result).await?;
        Ok(ClientSecret { client, key })
    }

    /// Ends a client's key at once.
    async fn revoke_client_key(&self, ctx: &Context<'_>, input: RevokeClientKeyInput) -> Result<Client> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.name.as_str());
        let result = service::client::revoke_key(&mut tx, caller, whom, &input.key_id).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Shuts a client out for good: its keys end, and its name is free for another.
    async fn delete_client(&self, ctx: &Context<'_>, input: DeleteClientInput) -> Result<Client> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.name.as_str());
        let result = service::client::delete(&mut tx, caller, whom).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
