//! Reading what may be large: rows are added up while they come, so that a page of long documents is refused before it
//! fills the memory. What is read once may be told many times, and is added up then, too.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use sqlx::{
    FromRow, PgConnection, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::error::{Error, Result};

/// How much may one request read of what may be large, in bytes as the database sends them, and how much may it be told?
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How much a request has read, or was told.
#[derive(Debug, Default)]
pub struct Budget(AtomicUsize);

impl Budget {
    /// Takes so many bytes of it, unless it has no more.
    pub fn take(&self, bytes: usize) -> Result<()> {
        if self.0.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= MAX_BYTES {
            return Ok(());
        }
        let most = MAX_BYTES / 1024 / 1024;
        Err(Error::invalid("query", format!("asks for more than {most} MiB: ask for fewer entries at once")))
    }
}

/// All rows of a statement, within what the request may read yet.
pub async fn fetch_all<T>(
    conn: &mut PgConnection,
    statement: Query<'_, Postgres, PgArguments>,
    budget: &Budget,
) -> Result<Vec<T>>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    let mut rows = statement.fetch(conn);
    let mut all = Vec::new();
    while let Some(row) = rows.try_next().await? {
        budget.take(size(&row))?;
        all.push(T::from_row(&row)?);
    }
    Ok(all)
}

/// How much of a row came from the database; what is NULL takes nothing.
fn size(row: &PgRow) -> usize {
    let column = |at| row.try_get_raw(at).ok()?.as_bytes().ok().map(<[u8]>::len);
    (0..row.len()).filter_map(column).sum()
}
