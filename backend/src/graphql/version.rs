//! Versions: documents that were or are live.

use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::loader::{ChangeById, EnvironmentById, document, must};
use crate::store::{change::Change, environment::Environment, version::Version};

#[Object]
impl Version {
    async fn number(&self) -> i32 {
        self.number
    }

    async fn environment(&self, ctx: &Context<'_>) -> Result<Environment> {
        must(ctx, EnvironmentById(self.environment_id)).await
    }

    /// The flag config.
    async fn config(&self, ctx: &Context<'_>) -> Result<&serde_json::Value> {
        document(ctx, &self.config)
    }

    /// The change that made it.
    async fn change(&self, ctx: &Context<'_>) -> Result<Change> {
        must(ctx, ChangeById(self.change_id)).await
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    async fn created_by(&self) -> &str {
        &self.created_by
    }
}
