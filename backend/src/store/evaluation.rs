//! Evaluations as edges counted them: counts, sketches of who asked, samples, and when each variant was served.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as};
use uuid::Uuid;

use super::word_enum;

pub mod sample;
pub mod series;
pub mod stale;

word_enum!(
    /// Why a variant was served.
    EvaluationReason {
        /// There are no criteria.
        Static,
        /// A criterion matched.
        TargetingMatch,
        /// A criterion matched, and a bucket decided.
        Split,
        /// No criterion took the subject in.
        Default,
        /// Not enabled, killed, or blocked by a dependency.
        Disabled,
        /// It could not be decided.
        Error,
    }
);

/// How often a feature came to something in a minute, or in an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub minute: DateTime<Utc>,
    pub environment_id: Uuid,
    pub feature_id: Uuid,
    /// Empty: the application's own default.
    pub variant: String,
    pub reason: EvaluationReason,
    pub client_id: Uuid,
    pub hourly: bool,
    pub n: i64,
}

/// Adds counts to what is there. Rows are taken in the order of their keys, so that two batches never wait for each
/// other in a circle.
pub async fn add(conn: &mut PgConnection, counts: &[Count]) -> sqlx::Result<()> {
    query(
        "INSERT INTO evaluation_count AS c (environment_id, feature_id, minute, variant, reason, client_id, hourly, n)
         SELECT environment_id, feature_id, minute, variant, reason, client_id, hourly, sum(n)::bigint
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::boolean[],
                     $8::bigint[]) AS new (environment_id, feature_id, minute, variant, reason, client_id, hourly, n)
         GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
         ON CONFLICT (environment_id, feature_id, minute, variant, reason, client_id, hourly)
         DO UPDATE SET n = c.n + excluded.n",
    )
    .bind(counts.iter().map(|c| c.environment_id).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.feature_id).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.minute).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.variant.clone()).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.reason).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.client_id).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.hourly).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.n).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes note of when variants were served.
pub async fn see(conn: &mut PgConnection, counts: &[Count]) -> sqlx::Result<()> {
    query(
        "INSERT INTO evaluation_seen AS s (feature_id, environment_id, variant, first_at, last_at)
         SELECT feature_id, environment_id, variant, min(at), max(at)
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
              AS new (feature_id, environment_id, variant, at)
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
         ON CONFLICT (feature_id, environment_id, variant) DO UPDATE
         SET first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)
         WHERE excluded.first_at < s.first_at OR excluded.last_at > s.last_at",
    )
    .bind(counts.iter().map(|c| c.feature_id).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.environment_id).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.variant.clone()).collect::<Vec<_>>())
    .bind(counts.iter().map(|c| c.minute).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// When a stage was evaluated last.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Seen {
    pub feature_id: Uuid,
    pub environment_id: Uuid,
    pub last_at: DateTime<Utc>,
}

/// When the stages of features were evaluated last; those that never were are left out.
pub async fn last_seen(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<Seen>> {
    query_as(
        "SELECT feature_id, environment_id, max(last_at) AS last_at FROM evaluation_seen
         WHERE feature_id = ANY ($1) GROUP BY feature_id, environment_id",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Which units asked for a feature in an hour.
#[derive(Clone, Debug, FromRow)]
pub struct HourSketch {
    pub hour: DateTime<Utc>,
    pub environment_id: Uuid,
    pub feature_id: Uuid,
    /// As `fluxgate_proto::sketch` encodes it.
    pub sketch: Vec<u8>,
}

impl HourSketch {
    /// What it is about, in the order in which rows are locked.
    pub fn key(&self) -> (Uuid, Uuid, DateTime<Utc>) {
        (self.environment_id, self.feature_id, self.hour)
    }
}

fn keys(sketches: &[HourSketch]) -> (Vec<Uuid>, Vec<Uuid>, Vec<DateTime<Utc>>) {
    (
        sketches.iter().map(|s| s.environment_id).collect(),
        sketches.iter().map(|s| s.feature_id).collect(),
        sketches.iter().map(|s| s.hour).collect(),
    )
}

/// Adds the sketches that are the first of their hour; then locks those that were not, and gives what stands there. Both
/// in the order of keys: whoever holds one waits only for later ones.
pub async fn insert_sketches(
    conn: &mut PgConnection,
    sketches: &[HourSketch],
) -> sqlx::Result<Vec<HourSketch>> {
    let (environments, features, hours) = keys(sketches);
    let bytes: Vec<_> = sketches.iter().map(|s| s.sketch.clone()).collect();
    let inserted: Vec<(Uuid, Uuid, DateTime<Utc>)> = query_as(
        "INSERT INTO evaluation_sketch (environment_id, feature_id, hour, sketch)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[]) AS new (e, f, h, s)
         ORDER BY e, f, h ON CONFLICT DO NOTHING RETURNING environment_id, feature_id, hour",
    )
    .bind(&environments)
    .bind(&features)
    .bind(&hours)
    .bind(bytes)
    .fetch_all(&mut *conn)
    .await?;
    if inserted.len() == sketches.len() {
        return Ok(Vec::new());
    }
    let inserted: std::collections::HashSet<_> = inserted.into_iter().collect();
    let rest: Vec<_> = sketches.iter().filter(|s| !inserted.contains(&s.key())).cloned().collect();
    let (environments, features, hours) = keys(&rest);
    query_as(
        "SELECT s.hour, s.environment_id, s.feature_id, s.sketch FROM evaluation_sketch s
         JOIN unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS wanted (e, f, h)
           ON (s.environment_id, s.feature_id, s.hour) = (wanted.e, wanted.f, wanted.h)
         ORDER BY s.environment_id, s.feature_id, s.hour FOR UPDATE OF s",
    )
    .bind(environments)
    .bind(features)
    .bind(hours)
    .fetch_all(conn)
    .await
}

/// Writes sketches that are locked.
pub async fn update_sketches(conn: &mut PgConnection, sketches: &[HourSketch]) -> sqlx::Result<()> {
    let (environments, features, hours) = keys(sketches);
    query(
        "UPDATE evaluation_sketch s SET sketch = new.sketch
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bytea[]) AS new (e, f, h, sketch)
         WHERE (s.environment_id, s.feature_id, s.hour) = (new.e, new.f, new.h)",
    )
    .bind(environments)
    .bind(features)
    .bind(hours)
    .bind(sketches.iter().map(|s| s.sketch.clone()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}
