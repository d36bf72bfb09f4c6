//! Signing keys of access tokens.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::{app, caller};
use crate::{auth::token::TokenKeys, service, store::signing_key::SigningKey};

/// What a signing key does.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum SigningKeyState {
    /// New access tokens are signed with it.
    Signs,
    /// Access tokens that it signed before are good yet.
    Verifies,
}

#[Object]
impl SigningKey {
    /// What access tokens name it by.
    async fn kid(&self) -> &str {
        &self.kid
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    async fn state(&self) -> SigningKeyState {
        if self.retired_at.is_some() { SigningKeyState::Verifies } else { SigningKeyState::Signs }
    }

    /// Absent while it signs.
    async fn verifies_until(&self) -> Option<DateTime<Utc>> {
        TokenKeys::verifies_until(self.retired_at)
    }
}

#[derive(InputObject)]
pub struct RotateSigningKeyInput {
    /// Whether the others verify nothing from now on, as when one became known; nobody has to sign in again for it.
    end_others: Option<bool>,
}

/// Signing keys.
#[derive(Default)]
pub struct SigningKeyMutation;

#[Object]
impl SigningKeyMutation {
    /// Makes another key that access tokens are signed with; for system administrators.
    async fn rotate_signing_key(
        &self,
        ctx: &Context<'_>,
        input: RotateSigningKeyInput,
    ) -> Result<SigningKey> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let end_others = input.end_others.unwrap_or(false);
        let result = service::signing_key::rotate(&mut tx, &app.tokens, caller, end_others).await;
        let made = app.finish(tx, caller, result).await?;
        // Other replicas read the table by themselves; this one knows already.
        app.tokens.read(&app.pool, caller.request.now).await?;
        Ok(made)
    }
}
