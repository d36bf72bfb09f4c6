//! The log of this server: what it tells, seen and changed by system administrators.

use fluxgate_server::logs::{self, LogError, Logs};
use sqlx::PgConnection;

use crate::{
    access,
    auth::Caller,
    error::{Error, Result},
    service::audit,
    store::audit::NewEntry,
};

/// What a server logs.
#[derive(Clone, Debug, async_graphql::SimpleObject)]
pub struct LogFilter {
    /// What is logged now, as tracing's filter, like `info` or `warn,fluxgate_backend=debug`.
    filter: String,
    /// What the settings named at the start.
    configured: String,
}

/// What this server logs.
pub fn see(logs: &Logs, caller: &Caller) -> Result<LogFilter> {
    access::require_system_admin(caller, "see what is logged")?;
    Ok(LogFilter { filter: logs.filter(), configured: logs.configured().to_owned() })
}

/// Records that this server is to log something else; `apply` does it when that is written.
pub async fn set(conn: &mut PgConnection, logs: &Logs, caller: &Caller, filter: &str) -> Result<()> {
    access::require_system_admin(caller, "change what is logged")?;
    logs::check(filter).map_err(refused)?;
    let entry = NewEntry {
        action: "log.set_filter",
        subject: "log of one server".to_owned(),
        before: Some(serde_json::json!({"filter": logs.filter()})),
        after: Some(serde_json::json!({"filter": filter})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await
}

/// Logs something else from now on, on this server and until it ends or its settings are read again.
pub fn apply(logs: &Logs, filter: &str) -> Result<()> {
    logs.set(filter).map(drop).map_err(refused)
}

fn refused(error: LogError) -> Error {
    match error {
        LogError::Filter(why) => Error::invalid("filter", why),
        LogError::Log(why) => Error::Internal(anyhow::anyhow!("the log cannot be changed: {why}")),
    }
}
