//! Batches of events: which were counted, how far each edge's have come, and what figures lack.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::word_enum;

word_enum!(
    /// What figures lack.
    GapKind {
        /// Batches that did not come, as yet.
        Missing,
        /// Batches that never will.
        Tombstone,
        /// Evaluations that an edge could not count.
        Dropped,
        /// Evaluations that could not be kept.
        Refused,
    }
);

/// How far the batches of an edge have come.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Progress {
    /// The highest number.
    pub sequence: i64,
    /// Until when something is known.
    pub known_until: DateTime<Utc>,
}

/// Something that figures lack, of one edge.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Gap {
    pub kind: GapKind,
    #[sqlx(rename = "first_sequence")]
    pub first: i64,
    #[sqlx(rename = "last_sequence")]
    pub last: i64,
    #[sqlx(rename = "from_at")]
    pub from: DateTime<Utc>,
    #[sqlx(rename = "until_at")]
    pub until: DateTime<Utc>,
    /// How many evaluations, if that is known.
    pub lost: Option<i64>,
}

/// How complete figures are.
#[derive(Clone, Copy, Debug, PartialEq, FromRow, SimpleObject)]
pub struct Completeness {
    /// Whether nothing is known to be missing, up to `until`.
    pub complete: bool,
    /// Batches of edges that did not come, or never will.
    pub missing_batches: i64,
    /// Evaluations that are known to be lost; those of missing batches only as far as an edge could tell.
    pub lost_events: i64,
    /// Until when every connected edge has told; none: no edge ever has.
    pub until: Option<DateTime<Utc>>,
}

/// Waits until partitions for the counts of these days exist, which one's own transaction should not.
pub async fn ensure_partitions(conn: &mut PgConnection, days: &[chrono::NaiveDate]) -> sqlx::Result<i32> {
    query_scalar("SELECT ensure_evaluation_partitions($1)").bind(days).fetch_one(conn).await
}

/// Takes note of a batch. False when it was counted before.
pub async fn insert(
    conn: &mut PgConnection,
    (team, edge): (Uuid, Uuid),
    (id, sequence): (Uuid, i64),
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = query(
        "INSERT INTO ingest_batch (team_id, edge_id, id, sequence, received_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(team)
    .bind(edge)
    .bind(id)
    .bind(sequence)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Locks how far an edge has come, until the transaction ends; one that is new begins at nothing, known from `from`.
pub async fn lock_edge(
    conn: &mut PgConnection,
    (team, edge): (Uuid, Uuid),
    from: DateTime<Utc>,
) -> sqlx::Result<Progress> {
    query(
        "INSERT INTO ingest_edge (team_id, edge_id, sequence, known_until, heard_at) VALUES ($1, $2, 0, $3, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(team)
    .bind(edge)
    .bind(from)
    .execute(&mut *conn)
    .await?;
    query_as("SELECT sequence, known_until FROM ingest_edge WHERE team_id = $1 AND edge_id = $2 FOR UPDATE")
        .bind(team)
        .bind(edge)
        .fetch_one(conn)
        .await
}

/// Writes how far an edge has come.
pub async fn set_edge(
    conn: &mut PgConnection,
    (team, edge): (Uuid, Uuid),
    progress: Progress,
    (environment, now): (Option<Uuid>, DateTime<Utc>),
) -> sqlx::Result<()> {
    query(
        "UPDATE ingest_edge SET sequence = $3, known_until = $4, environment_id = $5, heard_at = $6
         WHERE team_id = $1 AND edge_id = $2",
    )
    .bind(team)
    .bind(edge)
    .bind(progress.sequence)
    .bind(progress.known_until)
    .bind(environment)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the gaps of missing batches that have any number of `first` to `last` away, and gives them.
pub async fn take_missing(
    conn: &mut PgConnection,
    (team, edge): (Uuid, Uuid),
    (first, last): (i64, i64),
) -> sqlx::Result<Vec<Gap>> {
    query_as(
        "DELETE FROM ingest_gap WHERE team_id = $1 AND edge_id = $2 AND kind = 'MISSING'
           AND first_sequence <= $4 AND last_sequence >= $3
         RETURNING kind, first_sequence, last_sequence, from_at, until_at, lost",
    )
    .bind(team)
    .bind(edge)
    .bind(first)
    .bind(last)
    .fetch_all(conn)
    .await
}

/// Returns whether a batch with this number was told never to come.
pub async fn is_buried(
    conn: &mut PgConnection,
    (team, edge): (Uuid, Uuid),
    sequence: i64,
) -> sqlx::Result<bool> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM ingest_gap WHERE team_id = $1 AND edge_id = $2 AND kind = 'TOMBSTONE'
                        AND first_sequence <= $3 AND last_sequence >= $3)",
    )
    .bind(team)
    .bind(edge)
    .bind(sequence)
    .fetch_one(conn)
    .await
}

/// Adds gaps.
pub async fn add_gaps(conn: &mut PgConnection, (team, edge): (Uuid, Uuid), gaps: &[Gap]) -> sqlx::Result<()> {
    query(
        "INSERT INTO ingest_gap (team_id, edge_id, kind, first_sequence, last_sequence, from_at, until_at, lost)
         SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
                                      $8::bigint[])",
    )
    .bind(team)
    .bind(edge)
    .bind(gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>())
    .bind(gaps.iter().map(|gap| gap.first).collect::<Vec<_>>())
    .bind(gaps.iter().map(|gap| gap.last).collect::<Vec<_>>())
    .bind(gaps.iter().map(|gap| gap.from).collect::<Vec<_>>())
    .bind(gaps.iter().map(|gap| gap.until).collect::<Vec<_>>())
    .bind(gaps.iter().map(|gap| gap.lost).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// How complete a team's figures are between two times, in an environment or in all. Connected is who was heard since.
pub async fn completeness(
    conn: &mut PgConnection,
    (team, environment): (Uuid, Option<Uuid>),
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    silent_since: DateTime<Utc>,
) -> sqlx::Result<Completeness> {
    query_as(
        "WITH gap AS (
             SELECT coalesce(sum(g.last_sequence - g.first_sequence + 1)
                             FILTER (WHERE g.kind IN ('MISSING', 'TOMBSTONE')), 0)::bigint AS missing,
                    coalesce(sum(g.lost), 0)::bigint AS lost
             FROM ingest_gap g JOIN ingest_edge i ON (i.team_id, i.edge_id) = (g.team_id, g.edge_id)
             WHERE g.team_id = $1 AND g.from_at < $4 AND g.until_at >= $3
               AND ($2::uuid IS NULL OR i.environment_id IS NULL OR i.environment_id = $2)),
         connected AS (
             SELECT min(coalesce(i.known_until, e.connected_at)) AS until
             FROM edge e JOIN client c ON c.id = e.client_id
             LEFT JOIN ingest_edge i ON (i.team_id, i.edge_id) = (e.team_id, e.id)
             WHERE e.team_id = $1 AND e.seen_at > $5
               AND ($2::uuid IS NULL OR c.environment_id IS NULL OR c.environment_id = $2)),
         former AS (
             SELECT max(i.known_until) AS until FROM ingest_edge i
             WHERE i.team_id = $1 AND ($2::uuid IS NULL OR i.environment_id IS NULL OR i.environment_id = $2))
         SELECT gap.missing = 0 AND gap.lost = 0 AS complete, gap.missing AS missing_batches, gap.lost AS lost_events,
                coalesce(connected.until, former.until) AS until
         FROM gap, connected, former",
    )
    .bind(team)
    .bind(environment)
    .bind(from)
    .bind(until)
    .bind(silent_since)
    .fetch_one(conn)
    .await
}

/// What a team has of what a batch names.
pub struct Known {
    /// The environments.
    pub environments: Vec<Uuid>,
    /// Environment and key of features, and their ids.
    pub stages: Vec<(Uuid, String, Uuid)>,
    /// Clients, and the one environment that each may see.
    pub clients: Vec<(Uuid, Option<Uuid>)>,
}

/// Looks up environments, features there, and clients in a team.
pub async fn known(
    conn: &mut PgConnection,
    team: Uuid,
    environments: &[Uuid],
    (features, clients): (&[String], &[Uuid]),
) -> sqlx::Result<Known> {
    let found = query_scalar("SELECT id FROM environment WHERE team_id = $1 AND id = ANY ($2)")
        .bind(team)
        .bind(environments)
        .fetch_all(&mut *conn)
        .await?;
    let stages = query_as(
        "SELECT s.environment_id, f.key, f.id FROM stage s JOIN feature f ON f.id = s.feature_id
         WHERE f.team_id = $1 AND s.environment_id = ANY ($2) AND f.key = ANY ($3)",
    )
    .bind(team)
    .bind(environments)
    .bind(features)
    .fetch_all(&mut *conn)
    .await?;
    let clients = query_as("SELECT id, environment_id FROM client WHERE team_id = $1 AND id = ANY ($2)")
        .bind(team)
        .bind(clients)
        .fetch_all(conn)
        .await?;
    Ok(Known { environments: found, stages, clients })
}
