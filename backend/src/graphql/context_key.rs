//! Context keys.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result};
use serde_json::Value;

use super::{app, caller, emptied};
use crate::{
    service::{
        self,
        context_key::{EditContextKey, NewContextKey},
    },
    store::context_key::{ContextKey, ContextKeyType},
};

#[derive(InputObject)]
pub struct CreateContextKeyInput {
    team: String,
    /// The attribute's key; a dotted path stands for itself.
    key: String,
    #[graphql(name = "type")]
    kind: ContextKeyType,
    description: Option<String>,
    /// Anything of the type when absent.
    allowed_values: Option<Vec<Value>>,
}

#[derive(InputObject)]
pub struct EditContextKeyInput {
    team: String,
    key: String,
    #[graphql(name = "type")]
    kind: Option<ContextKeyType>,
    /// Null removes it.
    description: MaybeUndefined<String>,
    /// Null allows anything of the type.
    allowed_values: MaybeUndefined<Vec<Value>>,
}

#[derive(InputObject)]
pub struct DeleteContextKeyInput {
    team: String,
    key: String,
}

/// Context keys.
#[derive(Default)]
pub struct ContextKeyMutation;

#[Object]
impl ContextKeyMutation {
    /// Declares an attribute of contexts; criteria that are proposed from now on are checked against it.
    async fn create_context_key(
        &self,
        ctx: &Context<'_>,
        input: CreateContextKeyInput,
    ) -> Result<ContextKey> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let new = NewContextKey {
            key: input.key,
            kind: input.kind,
            description: input.description,
            allowed_values: input.allowed_values.unwrap_or_default(),
        };
        let mut tx = app.begin().await?;
        let result = service::context_key::create(&mut tx, caller, &input.team, new).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Changes what is said of an attribute. Its type stays while a live or waiting document would not fit it.
    async fn edit_context_key(&self, ctx: &Context<'_>, input: EditContextKeyInput) -> Result<ContextKey> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let edit = EditContextKey {
            kind: input.kind,
            description: emptied(input.description),
            allowed_values: emptied(input.allowed_values),
        };
        let mut tx = app.begin().await?;
        let which = (input.team.as_str(), input.key.as_str());
        let result = service::context_key::edit(&mut tx, caller, which, edit).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes a declaration away; documents stay as they are. Gives what it was.
    async fn delete_context_key(
        &self,
        ctx: &Context<'_>,
        input: DeleteContextKeyInput,
    ) -> Result<ContextKey> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::context_key::delete(&mut tx, caller, &input.team, &input.key).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
