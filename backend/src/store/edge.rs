//! Edges: what each acknowledged, as its backend last heard.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};

/// An edge, connected or seen lately.
#[derive(Clone, Debug, PartialEq, FromRow, SimpleObject, Serialize)]
pub struct Edge {
    pub id: Uuid,
    pub name: String,
    pub version: String,
    pub client: String,
    pub connected: bool,
    pub in_sync: bool,
    pub revision: i64,
    pub kills_revision: i64,
    pub connected_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    pub acked_at: DateTime<Utc>,
    #[graphql(flatten)]
    #[sqlx(flatten)]
    #[serde(flatten)]
    pub figures: Figures,
}

/// How an edge fares, as it said last. What is absent it did not measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, FromRow, SimpleObject, Serialize)]
pub struct Figures {
    /// For how long its process has been running.
    pub uptime_seconds: Option<i64>,
    pub evaluations_per_second: Option<f64>,
    /// How long half of its evaluations take at most, in nanoseconds.
    pub p50_ns: Option<i64>,
    /// How long 99 of 100 take at most, in nanoseconds.
    pub p99_ns: Option<i64>,
    /// Batches of events that wait on it to be acknowledged.
    pub spooled: Option<i64>,
}

/// What a stream knows of its edge.
#[derive(Clone, Debug)]
pub struct Heard {
    pub id: Uuid,
    pub team_id: Uuid,
    pub client_id: Uuid,
    pub name: String,
    pub version: String,
    pub stream_id: Uuid,
    pub connected_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    pub acked_at: DateTime<Utc>,
    pub revision: i64,
    pub kills_revision: i64,
    pub figures: Figures,
}

/// A page of a team's edges by name. Connected is who was heard since.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    silent_since: DateTime<Utc>,
    page: &PageRequest,
) -> sqlx::Result<Page<Edge>> {
    let total =
        query_scalar("SELECT count(*) FROM edge WHERE team_id = $1").bind(team).fetch_one(&mut *conn).await?;
    let rows = query_as(
        "SELECT e.id, e.name, e.version, c.name AS client, e.revision, e.kills_revision,
                e.seen_at > $2 AS connected,
                e.seen_at > $2 AND e.revision >= h.revision AS in_sync,
                e.connected_at, e.seen_at, e.acked_at,
                e.uptime_seconds, e.evaluations_per_second, e.p50_ns, e.p99_ns, e.spooled
         FROM edge e JOIN client c ON c.id = e.client_id CROSS JOIN delivery_head h
         WHERE e.team_id = $1 AND ($3::text IS NULL OR e.name || e.id > $3) ORDER BY e.name || e.id LIMIT $4",
    )
    .bind(team)
    .bind(silent_since)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |edge: &Edge| format!("{}{}", edge.name, edge.id)))
}

/// All edges of a team by name.
pub async fn all(
    conn: &mut PgConnection,
    team: Uuid,
    silent_since: DateTime<Utc>,
) -> sqlx::Result<Vec<Edge>> {
    let mut page = PageRequest::all();
    let mut all = Vec::new();
    loop {
        let found = list(conn, team, silent_since, &page).await?;
        all.extend(found.nodes);
        if !found.has_next {
            return Ok(all);
        }
        page.after = all.last().map(|edge: &Edge| format!("{}{}", edge.name, edge.id));
    }
}

/// Writes what streams heard, all in one statement. A newer stream of the same edge wins.
pub async fn record(conn: &mut PgConnection, heard: &[Heard]) -> sqlx::Result<()> {
    let column = |of: fn(&Heard) -> Uuid| heard.iter().map(of).collect::<Vec<_>>();
    let time = |of: fn(&Heard) -> DateTime<Utc>| heard.iter().map(of).collect::<Vec<_>>();
    let number = |of: fn(&Heard) -> i64| heard.iter().map(of).collect::<Vec<_>>();
    let figure = |of: fn(&Figures) -> Option<i64>| heard.iter().map(|h| of(&h.figures)).collect::<Vec<_>>();
    let text = |of: fn(&Heard) -> &str| heard.iter().map(|h| of(h).to_owned()).collect::<Vec<_>>();
    query(
        "INSERT INTO edge (id, team_id, client_id, stream_id, name, version, connected_at, seen_at, acked_at,
                           revision, kills_revision, uptime_seconds, evaluations_per_second, p50_ns, p99_ns, spooled,
                           first_seen_at)
         SELECT *, connected_at FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                              $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::bigint[],
                              $12::bigint[], $13::float8[], $14::bigint[], $15::bigint[], $16::bigint[])
                       AS new (id, team_id, client_id, stream_id, name, version, connected_at, seen_at, acked_at,
                               revision, kills_revision, uptime_seconds, evaluations_per_second, p50_ns, p99_ns,
                               spooled) ORDER BY team_id, id
         ON CONFLICT (team_id, id) DO UPDATE SET
             client_id = excluded.client_id, stream_id = excluded.stream_id,
             name = excluded.name, version = excluded.version, connected_at = excluded.connected_at,
             seen_at = excluded.seen_at, acked_at = excluded.acked_at,
             revision = excluded.revision, kills_revision = excluded.kills_revision,
             uptime_seconds = excluded.uptime_seconds,
             evaluations_per_second = excluded.evaluations_per_second,
             p50_ns = excluded.p50_ns, p99_ns = excluded.p99_ns, spooled = excluded.spooled
         WHERE excluded.connected_at >= edge.connected_at",
    )
    .bind(column(|h| h.id))
    .bind(column(|h| h.team_id))
    .bind(column(|h| h.client_id))
    .bind(column(|h| h.stream_id))
    .bind(text(|h| &h.name))
    .bind(text(|h| &h.version))
    .bind(time(|h| h.connected_at))
    .bind(time(|h| h.seen_at))
    .bind(time(|h| h.acked_at))
    .bind(number(|h| h.revision))
    .bind(number(|h| h.kills_revision))
    .bind(figure(|f| f.uptime_seconds))
    .bind(heard.iter().map(|h| h.figures.evaluations_per_second).collect::<Vec<_>>())
    .bind(figure(|f| f.p50_ns))
    .bind(figure(|f| f.p99_ns))
    .bind(figure(|f| f.spooled))
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets an edge that said goodbye, unless another stream of it took over.
pub async fn forget(conn: &mut PgConnection, stream: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM edge WHERE stream_id = $1").bind(stream).execute(conn).await?;
    Ok(())
}

/// Forgets silent edges whose place another took: the same client, the same name, first seen when the old one was silent
/// already, as after a crash and a new start. One that was there all along takes nobody's place, whatever it is called.
pub async fn forget_replaced(conn: &mut PgConnection, silent_since: DateTime<Utc>) -> sqlx::Result<()> {
    query(
        "DELETE FROM edge old WHERE old.seen_at < $1 AND EXISTS (
             SELECT 1 FROM edge new WHERE new.client_id = old.client_id AND new.name = old.name
               AND new.first_seen_at > old.seen_at AND new.seen_at >= $1)",
    )
    .bind(silent_since)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets edges that were not heard since.
pub async fn forget_silent(conn: &mut PgConnection, since: DateTime<Utc>) -> sqlx::Result<()> {
    query("DELETE FROM edge WHERE seen_at < $1").bind(since).execute(conn).await?;
    Ok(())
}
