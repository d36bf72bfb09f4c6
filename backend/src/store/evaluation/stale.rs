//! Features that seem to be needed no more, and why.

use chrono::{DateTime, Utc};
use sqlx::{
    FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
    query_as,
};
use uuid::Uuid;

use crate::store::{
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// Why a feature seems to be needed no more.
    StaleReason {
        /// Nobody asked for it, though it is deployed.
        NoEvaluation,
        /// It came to one variant for everybody.
        OneVariant,
        /// It was to be gone by now.
        PastRemovalDate,
    }
);

/// A feature that seems to be needed no more.
#[derive(Clone, Debug, FromRow)]
pub struct StaleFeature {
    pub feature_id: Uuid,
    pub key: String,
    pub reasons: Vec<StaleReason>,
    /// When it was evaluated last.
    pub last_at: Option<DateTime<Utc>>,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct StaleFilter {
    pub now: DateTime<Utc>,
    /// Since when nothing has happened.
    pub since: DateTime<Utc>,
    /// Where; everywhere when absent.
    pub environment: Option<Uuid>,
    /// For any of these; for any at all when empty.
    pub reasons: Vec<StaleReason>,
}

/// The stale features of team `$1`, by what `bind` binds to `$2` to `$5`. One that is meant to stay is stale only past a
/// date that somebody set.
macro_rules! stale {
    ($columns:literal, $more:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (
             SELECT f.id AS feature_id, f.key, seen.last_at, array_remove(ARRAY [
                 CASE WHEN f.lifecycle <> 'PERMANENT' AND deployed.long AND NOT coalesce(seen.last_at >= $3, false)
                      THEN 'NO_EVALUATION' END,
                 CASE WHEN f.lifecycle <> 'PERMANENT' AND seen.variants = 1 AND seen.first_at < $3
                      THEN 'ONE_VARIANT' END,
                 CASE WHEN f.removal_date < $2 THEN 'PAST_REMOVAL_DATE' END], NULL) AS reasons
             FROM feature f
             CROSS JOIN LATERAL (SELECT EXISTS (
                 SELECT 1 FROM stage s JOIN version v ON v.stage_id = s.id AND v.number = 1
                 WHERE s.feature_id = f.id AND s.live_version IS NOT NULL AND v.created_at < $3
                   AND ($4::uuid IS NULL OR s.environment_id = $4)) AS long) AS deployed
             CROSS JOIN LATERAL (
                 SELECT max(e.last_at) AS last_at, count(DISTINCT e.variant) FILTER (WHERE e.last_at >= $3) AS variants,
                        min(e.first_at) FILTER (WHERE e.last_at >= $3) AS first_at
                 FROM evaluation_seen e
                 WHERE e.feature_id = f.id AND ($4::uuid IS NULL OR e.environment_id = $4)) AS seen
             WHERE f.team_id = $1 AND f.lifecycle <> 'ARCHIVED') AS found
         WHERE cardinality(reasons) > 0 AND ($5 = '{}'::text[] OR reasons && $5)",
            $more
        )
    };
}

type Statement<'q, O> = QueryAs<'q, Postgres, O, PgArguments>;

fn bind<'q, O>(statement: Statement<'q, O>, team: Uuid, filter: &'q StaleFilter) -> Statement<'q, O>
where
    O: for<'r> FromRow<'r, PgRow>,
{
    statement.bind(team).bind(filter.now).bind(filter.since).bind(filter.environment).bind(&filter.reasons)
}

/// A page of a team's stale features by key.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    filter: &StaleFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<StaleFeature>> {
    let mut total = 0;
    if page.counted {
        (total,) = bind(query_as(stale!("count(*)", "")), team, filter).fetch_one(&mut *conn).await?;
    }
    let statement = query_as(stale!(
        "feature_id, key, reasons, last_at",
        " AND ($6::text IS NULL OR key > $6) ORDER BY key LIMIT $7"
    ));
    let rows = bind(statement, team, filter).bind(&page.after).bind(page.limit()).fetch_all(conn).await?;
    Ok(page.page(rows, total, |stale: &StaleFeature| stale.key.clone()))
}
