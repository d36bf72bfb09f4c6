//! Tokens and their keys, and the names of tokens beside what was done with them.

use async_graphql::{ComplexObject, Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    app, caller,
    loader::{TokenKeysOf, load},
    whoever,
};
use crate::{
    service::{self, token::CreateToken},
    store::{
        member::Role,
        token::{Token, TokenKey, TokenState},
        vote::Vote,
    },
};

#[Object]
impl Token {
    async fn id(&self) -> Uuid {
        self.mandate.id
    }

    async fn name(&self) -> &str {
        &self.mandate.name
    }

    /// The user for whom it acts: what it proposes is theirs, and its vote is their vote.
    async fn owner(&self) -> &str {
        &self.owner
    }

    async fn roles(&self) -> &[Role] {
        &self.mandate.roles
    }

    /// The keys of the environments outside of which it changes nothing; empty: it is not limited.
    async fn environments(&self) -> &[String] {
        &self.environments
    }

    async fn state(&self, ctx: &Context<'_>) -> Result<TokenState> {
        Ok(self.mandate.state(whoever(ctx)?.request.now))
    }

    /// Its keys that hold, the oldest first.
    async fn keys(&self, ctx: &Context<'_>) -> Result<Vec<TokenKey>> {
        Ok(load(ctx, TokenKeysOf(self.mandate.id)).await?.unwrap_or_default())
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    async fn expires_at(&self) -> DateTime<Utc> {
        self.mandate.expires_at
    }

    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.mandate.revoked_at
    }

    /// When it was last let in, to the minute.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.last_used_at
    }
}

#[ComplexObject]
impl Vote {
    /// The token that voted for the user; none: the user in person.
    async fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.name.as_str())
    }
}

/// A token with its new key, which is told once.
#[derive(SimpleObject)]
pub struct TokenSecret {
    token: Token,
    key: String,
}

#[derive(InputObject)]
pub struct CreateTokenInput {
    team: String,
    name: String,
    /// None of them: it reads.
    roles: Vec<Role>,
    /// Outside of these it changes nothing; not limited when absent.
    environments: Option<Vec<String>>,
    /// At most a year ahead.
    expires_at: DateTime<Utc>,
}

#[derive(InputObject)]
pub struct RotateTokenInput {
    team: String,
    name: String,
    /// How long the former key holds: not at all when absent, at most a day.
    grace_seconds: Option<i64>,
}

#[derive(InputObject)]
pub struct RevokeTokenInput {
    team: String,
    name: String,
}

/// Tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a token that acts for the caller. Its key is told here and never again; what it may never alters.
    async fn create_token(&self, ctx: &Context<'_>, input: CreateTokenInput) -> Result<TokenSecret> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let CreateTokenInput { team, name, roles, environments, expires_at } = input;
        let new = CreateToken { name, roles, environments, expires_at };
        let mut tx = app.begin().await?;
        let result = service::token::create(&mut tx, caller, &team, new).await;
        let (token, key) = app.finish(tx, caller, result).await?;
        Ok(TokenSecret { token, key })
    }

    /// Gives a token of one's own another key, told here and never again; what it may, and its end, stay.
    async fn rotate_token(&self, ctx: &Context<'_>, input: RotateTokenInput) -> Result<TokenSecret> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.name.as_str());
        let result = service::token::rotate(&mut tx, caller, which, input.grace_seconds).await;
        let (token, key) = app.finish(tx, caller, result).await?;
        Ok(TokenSecret { token, key })
    }

    /// Ends a token at once and for good; votes of it on open changes count no more. Its name is free for another.
    async fn revoke_token(&self, ctx: &Context<'_>, input: RevokeTokenInput) -> Result<Token> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::token::revoke(&mut tx, caller, (&input.team, &input.name)).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
