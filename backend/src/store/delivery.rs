//! Delivery: the head, the log of revisions, and what the delivered things are now.

use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{client::ClientKind, word_enum};

word_enum!(
    /// What a revision can touch.
    DeliveryKind {
        /// What a feature serves in an environment.
        Stage,
        /// Its kill switch.
        Kill,
        /// An environment.
        Environment,
        /// A client and its keys.
        Client,
    }
);

/// The newest revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Head {
    pub epoch: Uuid,
    pub revision: i64,
    pub compacted: i64,
}

/// Something that was touched, with the revision that did it last.
#[derive(Clone, Debug, FromRow)]
pub struct Touched {
    pub kind: DeliveryKind,
    pub subject: Uuid,
    pub revision: i64,
}

/// Reads the head.
pub async fn head(conn: &mut PgConnection) -> sqlx::Result<Head> {
    query_as("SELECT epoch, revision, compacted FROM delivery_head").fetch_one(conn).await
}

/// Makes the transaction read one snapshot; its first statement.
pub async fn one_snapshot(conn: &mut PgConnection) -> sqlx::Result<()> {
    query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(conn).await?;
    Ok(())
}

/// Everything that revisions above `after` touched, each thing once.
pub async fn touched(conn: &mut PgConnection, after: i64) -> sqlx::Result<Vec<Touched>> {
    query_as(
        "SELECT kind, subject, max(revision) AS revision FROM delivery_item WHERE revision > $1 GROUP BY kind, subject",
    )
    .bind(after)
    .fetch_all(conn)
    .await
}

/// How many revisions above `after` are in the log: as many as there are, or one was lost.
pub async fn count_revisions(conn: &mut PgConnection, after: i64) -> sqlx::Result<i64> {
    query_scalar("SELECT count(DISTINCT revision) FROM delivery_item WHERE revision > $1")
        .bind(after)
        .fetch_one(conn)
        .await
}

/// What tells a revision from another of the same number in a history that was lost; none when it is not in the log.
pub async fn mark(conn: &mut PgConnection, revision: i64) -> sqlx::Result<Option<Uuid>> {
    let found: Option<Option<Uuid>> =
        query_scalar("SELECT mark FROM delivery_item WHERE revision = $1 LIMIT 1")
            .bind(revision)
            .fetch_optional(conn)
            .await?;
    Ok(found.flatten())
}

/// Begins a new epoch when the database is in another place than where its epoch began. Gives the old one then.
pub async fn settle_epoch(conn: &mut PgConnection) -> sqlx::Result<Option<Uuid>> {
    query_scalar("SELECT settle_epoch()").fetch_one(conn).await
}

/// Begins a new epoch in place of `old`. Gives whether that was still to be done.
pub async fn renew_epoch(conn: &mut PgConnection, old: Uuid) -> sqlx::Result<bool> {
    query_scalar("SELECT renew_epoch($1)").bind(old).fetch_one(conn).await
}

/// Takes the next revision for the given things; the transaction's last statement.
pub async fn publish(conn: &mut PgConnection, items: &[(DeliveryKind, Uuid)]) -> sqlx::Result<i64> {
    let (kinds, subjects): (Vec<_>, Vec<_>) = items.iter().copied().unzip();
    query_scalar("SELECT publish($1, $2)").bind(kinds).bind(subjects).fetch_one(conn).await
}

/// What a stage serves now; nothing when it is not deployed.
#[derive(FromRow)]
pub struct StageRow {
    pub id: Uuid,
    pub team_id: Uuid,
    pub environment_id: Uuid,
    pub feature: String,
    pub version: Option<i32>,
    pub config: Option<serde_json::Value>,
    pub killed: bool,
    /// Whether the sticky splits that it had under its salt were not always one and the same.
    pub reweighted: bool,
}

/// Stages by id.
pub async fn stages(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<StageRow>> {
    query_as(
        "SELECT s.id, f.team_id, s.environment_id, f.key AS feature, s.live_version AS version, v.config,
                s.killed_at IS NOT NULL AS killed,
                CASE WHEN v.config @> '{\"sticky\": true}' THEN (
                    SELECT count(DISTINCT split) > 1
                    FROM version o CROSS JOIN jsonb_path_query(o.config, '$.criteria[*].split') AS split
                    WHERE o.stage_id = s.id AND o.config @> '{\"sticky\": true}'
                      AND coalesce(o.config ->> 'salt', f.key) = coalesce(v.config ->> 'salt', f.key)
                ) ELSE false END AS reweighted
         FROM stage s JOIN feature f ON f.id = s.feature_id
         LEFT JOIN version v ON v.stage_id = s.id AND v.number = s.live_version WHERE s.id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// An environment as an edge knows it.
#[derive(FromRow)]
pub struct EnvironmentRow {
    pub id: Uuid,
    pub team_id: Uuid,
    pub team: String,
    pub key: String,
    pub active: bool,
}

/// Environments by id.
pub async fn environments(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<EnvironmentRow>> {
    query_as(
        "SELECT e.id, e.team_id, t.key AS team, e.key, e.active FROM environment e JOIN team t ON t.id = e.team_id
         WHERE e.id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// A client as an edge knows it, one row a key; keyless ones have none.
#[derive(FromRow)]
pub struct ClientRow {
    pub id: Uuid,
    pub team_id: Uuid,
    pub team: String,
    pub name: String,
    pub kind: ClientKind,
    pub environment_id: Option<Uuid>,
    pub enabled: bool,
    pub origins: Vec<String>,
    pub key_ids: Vec<String>,
    pub key_hashes: Vec<Vec<u8>>,
    pub key_ends: Vec<Option<chrono::DateTime<chrono::Utc>>>,
}

/// Clients by id, with the hashes of their keys.
pub async fn clients(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<ClientRow>> {
    query_as(
        "SELECT c.id, c.team_id, t.key AS team, c.name, c.kind, c.environment_id, c.enabled, c.origins,
                array_remove(array_agg(k.id ORDER BY k.id), NULL) AS key_ids,
                array_remove(array_agg(k.sha256 ORDER BY k.id), NULL) AS key_hashes,
                array_agg(k.not_after ORDER BY k.id) AS key_ends
         FROM client c JOIN team t ON t.id = c.team_id LEFT JOIN client_key k ON k.client_id = c.id
         WHERE c.id = ANY ($1) GROUP BY c.id, t.key",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}
