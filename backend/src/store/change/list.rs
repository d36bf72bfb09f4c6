//! The list of a team's changes.

use chrono::{DateTime, Utc};
use sqlx::{
    FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
    query_as, query_scalar,
};
use uuid::Uuid;

use super::{Change, ChangeKind, ChangeStatus, select};
use crate::{
    error::Result,
    store::{
        member::Role,
        page::{Page, PageRequest},
        policy::covers,
    },
};

/// Which changes of a team are wanted: all of what is said must hold.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// With any of these states; all when empty.
    pub status: Vec<ChangeStatus>,
    /// Of any of these kinds; all when empty.
    pub kind: Vec<ChangeKind>,
    /// Proposed by them.
    pub author: Option<String>,
    /// Of this feature.
    pub feature: Option<Uuid>,
    /// In this environment.
    pub environment: Option<Uuid>,
    /// Not by this author, without a vote of theirs, and with a policy that lists one of these roles.
    pub waiting_for: Option<(Uuid, Vec<Role>)>,
    /// Proposed from this time on.
    pub since: Option<DateTime<Utc>>,
    /// Proposed before this time.
    pub until: Option<DateTime<Utc>>,
}

/// Which changes of team `$1` are wanted, by what `bind` binds to `$2` to `$10`.
macro_rules! wanted {
    () => {
        concat!(
            "c.team_id = $1
         AND (cardinality($2::text[]) = 0 OR c.status = ANY ($2))
         AND (cardinality($3::text[]) = 0 OR c.kind = ANY ($3))
         AND ($4::text IS NULL OR c.author_id = (SELECT id FROM app_user WHERE username = $4))
         AND (($5::uuid IS NULL AND $6::uuid IS NULL) OR EXISTS (
              SELECT 1 FROM change_item i JOIN stage s ON s.id = i.stage_id WHERE i.change_id = c.id
                AND ($5::uuid IS NULL OR s.feature_id = $5) AND ($6::uuid IS NULL OR s.environment_id = $6)))
         AND ($7::uuid IS NULL OR (c.author_id <> $7 AND NOT EXISTS (
              SELECT 1 FROM vote v WHERE v.change_id = c.id AND v.user_id = $7) AND (
              EXISTS (SELECT FROM change_policy p WHERE p.change_id = c.id AND p.roles && $10)
              OR EXISTS (SELECT FROM policy p WHERE p.team_id = c.team_id AND p.roles && $10 AND ",
            covers!(),
            "))))
         AND ($8::timestamptz IS NULL OR c.created_at >= $8)
         AND ($9::timestamptz IS NULL OR c.created_at < $9)"
        )
    };
}

type Statement<'q, O> = QueryAs<'q, Postgres, O, PgArguments>;

/// Binds a filter.
fn bind<'q, O>(statement: Statement<'q, O>, team: Uuid, filter: &'q ChangeFilter) -> Statement<'q, O>
where
    O: for<'r> FromRow<'r, PgRow>,
{
    statement
        .bind(team)
        .bind(&filter.status)
        .bind(&filter.kind)
        .bind(&filter.author)
        .bind(filter.feature)
        .bind(filter.environment)
        .bind(filter.waiting_for.as_ref().map(|(who, _)| who))
        .bind(filter.since)
        .bind(filter.until)
        .bind(filter.waiting_for.as_ref().map(|(_, roles)| roles.as_slice()).unwrap_or_default())
}

/// A page of a team's changes, the newest first.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    filter: &ChangeFilter,
    page: &PageRequest,
) -> Result<Page<Change>> {
    let after = page.after_number()?;
    let mut total = 0;
    if page.counted {
        let count = query_as(concat!("SELECT count(*) FROM change c WHERE ", wanted!()));
        (total,) = bind(count, team, filter).fetch_one(&mut *conn).await?;
    }
    let rows = query_as(concat!(
        select!(),
        " WHERE ",
        wanted!(),
        " AND ($11::bigint IS NULL OR c.number < $11) ORDER BY c.number DESC LIMIT $12"
    ));
    let rows = bind(rows, team, filter).bind(after).bind(page.limit()).fetch_all(conn).await?;
    Ok(page.page(rows, total, |change: &Change| change.number.to_string()))
}

/// Which of these changes are of a feature, and in an environment, as far as that is said.
pub async fn touching(
    conn: &mut PgConnection,
    changes: &[Uuid],
    feature: Option<Uuid>,
    environment: Option<Uuid>,
) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "SELECT DISTINCT i.change_id FROM change_item i JOIN stage s ON s.id = i.stage_id
         WHERE i.change_id = ANY ($1) AND ($2::uuid IS NULL OR s.feature_id = $2)
           AND ($3::uuid IS NULL OR s.environment_id = $3)",
    )
    .bind(changes)
    .bind(feature)
    .bind(environment)
    .fetch_all(conn)
    .await
}
