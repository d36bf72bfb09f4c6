//! The log of the server that answers.

use async_graphql::{Context, InputObject, Object, Result};

use super::{app, caller};
use crate::service::log::{self, LogFilter};

#[derive(InputObject)]
pub struct SetLogFilterInput {
    /// What to log, as tracing's filter, like `info` or `warn,fluxgate_backend=debug`.
    filter: String,
}

/// The log.
#[derive(Default)]
pub struct LogMutation;

#[Object]
impl LogMutation {
    /// Changes what the server that answers logs, until it ends or reads its settings again; for system administrators.
    /// Other replicas go on as before.
    async fn set_log_filter(&self, ctx: &Context<'_>, input: SetLogFilterInput) -> Result<LogFilter> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = log::set(&mut tx, &app.logs, caller, &input.filter).await;
        app.finish(tx, caller, result).await?;
        if !caller.request.dry_run {
            log::apply(&app.logs, &input.filter)?;
        }
        Ok(log::see(&app.logs, caller)?)
    }
}
