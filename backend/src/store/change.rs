//! Changes: documents on their way onto stages.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar, types::Json};
use uuid::Uuid;

use super::{
    bounded::{self, Budget},
    policy::{OfChange, Requirement},
    token::Mandate,
    word_enum,
};
use crate::{auth::By, error::Result};

pub mod list;

word_enum!(
    /// Where the document comes from.
    ChangeKind {
        /// From its author.
        Edit,
        /// From another stage.
        Promote,
        /// From an earlier version.
        Rollback,
        /// There is none: the stage serves nothing any more.
        Withdraw,
    }
);
word_enum!(
    /// Where a change stands.
    ChangeStatus {
        /// Waits for votes.
        Pending,
        /// Has them, and waits for its time.
        Approved,
        /// Is, or was, live.
        Applied,
        /// Somebody said no.
        Rejected,
        /// Its author took it back.
        Cancelled,
        /// What it was based on is live no more.
        Stale,
        /// Could not be applied.
        Failed,
    }
);

/// A change without its items.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Change {
    pub id: Uuid,
    pub team_id: Uuid,
    pub number: i32,
    pub kind: ChangeKind,
    pub status: ChangeStatus,
    pub reason: Option<String>,
    pub author_id: Uuid,
    pub author: String,
    /// The name of the token that proposed it for the author.
    pub token: Option<String>,
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub applied_at: Option<DateTime<Utc>>,
    pub revision: Option<i64>,
    pub failure: Option<String>,
    pub apply_at: Option<DateTime<Utc>>,
    pub auto_approve_at: Option<DateTime<Utc>>,
    pub overridden_by: Option<Uuid>,
    pub overrider: Option<String>,
    /// The token that let it through for them.
    #[sqlx(json(nullable))]
    pub override_token: Option<Mandate>,
    pub override_reason: Option<String>,
    pub rebased_from_number: Option<i32>,
    /// Whose document it is: the author's, and theirs whose stale change it proposes again, and so on back.
    pub authors: Vec<Uuid>,
}

/// One stage of a change.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct ChangeItem {
    pub change_id: Uuid,
    pub stage_id: Uuid,
    pub feature_id: Uuid,
    pub environment_id: Uuid,
    pub source_environment_id: Option<Uuid>,
    pub base_version: Option<i32>,
    pub version: Option<i32>,
    pub before: Option<serde_json::Value>,
    pub config: Option<serde_json::Value>,
}

/// An item to be made.
#[derive(Clone, Debug)]
pub struct NewItem {
    pub stage_id: Uuid,
    pub source_id: Option<Uuid>,
    pub base_version: Option<i32>,
    pub config: Option<serde_json::Value>,
}

/// Changes `c`, as `Change` has them, with their authors `u`.
macro_rules! select {
    () => {
        concat!(
            "SELECT c.*, u.username AS author,
                (SELECT k.name FROM token k WHERE k.id = c.author_token_id) AS token,
                (SELECT o.username FROM app_user o WHERE o.id = c.overridden_by) AS overrider,
                (SELECT r.number FROM change r WHERE r.id = c.rebased_from) AS rebased_from_number,
                ARRAY (
                    WITH RECURSIVE former AS (
                        SELECT c.author_id, c.rebased_from
                        UNION ALL
                        SELECT r.author_id, r.rebased_from FROM former JOIN change r ON r.id = former.rebased_from)
                    SELECT DISTINCT author_id FROM former) AS authors, ",
            crate::store::token::mandate!("c.override_token_id"),
            " AS override_token FROM change c JOIN app_user u ON u.id = c.author_id"
        )
    };
}
use select;

/// Finds a change of a team by number.
pub async fn get(conn: &mut PgConnection, team: Uuid, number: i32) -> sqlx::Result<Option<Change>> {
    query_as(concat!(select!(), " WHERE team_id = $1 AND number = $2"))
        .bind(team)
        .bind(number)
        .fetch_optional(conn)
        .await
}

/// Finds a change and locks it, so that votes on it are decided one after the other.
pub async fn lock(conn: &mut PgConnection, team: Uuid, number: i32) -> sqlx::Result<Option<Change>> {
    query_as(concat!(select!(), " WHERE team_id = $1 AND number = $2 FOR UPDATE OF c"))
        .bind(team)
        .bind(number)
        .fetch_optional(conn)
        .await
}

/// Changes by id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Change>> {
    query_as(concat!(select!(), " WHERE c.id = ANY ($1)")).bind(ids).fetch_all(conn).await
}

/// The items of changes, in their order, each with the document that it is based on.
pub async fn items(conn: &mut PgConnection, changes: &[Uuid]) -> Result<Vec<ChangeItem>> {
    items_within(conn, changes, &Budget::default()).await
}

/// The same, within what a request may read.
pub async fn items_within(
    conn: &mut PgConnection,
    changes: &[Uuid],
    budget: &Budget,
) -> Result<Vec<ChangeItem>> {
    let statement = query(
        "SELECT i.change_id, i.stage_id, s.feature_id, s.environment_id, source.environment_id AS source_environment_id,
                i.base_version, i.version, v.config AS before, i.config
         FROM change_item i JOIN stage s ON s.id = i.stage_id
         LEFT JOIN stage source ON source.id = i.source_id
         LEFT JOIN version v ON v.stage_id = i.stage_id AND v.number = i.base_version
         WHERE i.change_id = ANY ($1) ORDER BY i.change_id, i.position",
    );
    bounded::fetch_all(conn, statement.bind(changes), budget).await
}

/// The open changes on stages, the oldest first, each with its stage.
pub async fn pending_on(conn: &mut PgConnection, stages: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    query_as(
        "SELECT i.stage_id, c.id FROM change c JOIN change_item i ON i.change_id = c.id
         WHERE i.stage_id = ANY ($1) AND c.status IN ('PENDING', 'APPROVED') ORDER BY c.number",
    )
    .bind(stages)
    .fetch_all(conn)
    .await
}

/// The numbers of the open changes in an environment, of all features or of a pipeline's.
pub async fn open_in(
    conn: &mut PgConnection,
    environment: Uuid,
    pipeline: Option<Uuid>,
) -> sqlx::Result<Vec<i32>> {
    query_scalar(
        "SELECT DISTINCT c.number FROM change c JOIN change_item i ON i.change_id = c.id
         JOIN stage s ON s.id = i.stage_id JOIN feature f ON f.id = s.feature_id
         WHERE s.environment_id = $1 AND ($2::uuid IS NULL OR f.pipeline_id = $2)
           AND c.status IN ('PENDING', 'APPROVED') ORDER BY c.number",
    )
    .bind(environment)
    .bind(pipeline)
    .fetch_all(conn)
    .await
}

/// An open change that says exactly the same: kind, time, and of each stage its source, base and document.
pub async fn same_pending(
    conn: &mut PgConnection,
    (kind, apply_at): (ChangeKind, Option<DateTime<Utc>>),
    items: &[NewItem],
) -> sqlx::Result<Option<Uuid>> {
    let columns = Columns::of(items);
    query_scalar(
        "SELECT c.id FROM change c
         WHERE c.status IN ('PENDING', 'APPROVED') AND c.kind = $1 AND c.apply_at IS NOT DISTINCT FROM $2
           AND c.id IN (SELECT change_id FROM change_item WHERE stage_id = ($3::uuid[])[1])
           AND NOT EXISTS (
               SELECT FROM (SELECT * FROM change_item i WHERE i.change_id = c.id) AS has
               FULL JOIN unnest($3, $4::uuid[], $5::int[], $6::jsonb[])
                   AS wanted (stage_id, source_id, base_version, config) ON wanted.stage_id = has.stage_id
               WHERE (has.stage_id, has.source_id, has.base_version, has.config) IS DISTINCT FROM
                     (wanted.stage_id, wanted.source_id, wanted.base_version, wanted.config))
         ORDER BY c.number LIMIT 1",
    )
    .bind(kind)
    .bind(apply_at)
    .bind(&columns.stages)
    .bind(&columns.sources)
    .bind(&columns.bases)
    .bind(&columns.configs)
    .fetch_optional(conn)
    .await
}

/// Items as columns, for statements that take all of them at once.
struct Columns {
    stages: Vec<Uuid>,
    sources: Vec<Option<Uuid>>,
    bases: Vec<Option<i32>>,
    configs: Vec<Option<serde_json::Value>>,
}

impl Columns {
    fn of(items: &[NewItem]) -> Columns {
        Columns {
            stages: items.iter().map(|item| item.stage_id).collect(),
            sources: items.iter().map(|item| item.source_id).collect(),
            bases: items.iter().map(|item| item.base_version).collect(),
            configs: items.iter().map(|item| item.config.clone()).collect(),
        }
    }
}

/// A change to be made.
pub struct NewChange<'a> {
    pub team_id: Uuid,
    pub kind: ChangeKind,
    pub reason: Option<&'a str>,
    pub author: By,
    pub created_at: DateTime<Utc>,
    pub apply_at: Option<DateTime<Utc>>,
    pub auto_approve_at: Option<DateTime<Utc>>,
}

/// Adds a pending change with its items and the policies in scope now, and gives its id and its number, the team's next:
/// others of the team wait for this transaction.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewChange<'_>,
    items: &[NewItem],
    policies: &[Requirement],
) -> sqlx::Result<(Uuid, i32)> {
    let columns = Columns::of(items);
    query_as(
        "WITH taken AS (
             UPDATE team SET last_change_number = last_change_number + 1 WHERE id = $1 RETURNING last_change_number),
         made AS (
             INSERT INTO change (team_id, number, kind, status, reason, author_id, author_token_id, created_at, apply_at,
                                 auto_approve_at)
             SELECT $1, last_change_number, $2, 'PENDING', $3, $4, $5, $6, $7, $8 FROM taken RETURNING id, number),
         items AS (
             INSERT INTO change_item (change_id, position, stage_id, source_id, base_version, config)
             SELECT made.id, position - 1, stage_id, source_id, base_version, config
             FROM made, unnest($9::uuid[], $10::uuid[], $11::int[], $12::jsonb[])
                 WITH ORDINALITY AS item (stage_id, source_id, base_version, config, position)),
         policies AS (
             INSERT INTO change_policy (change_id, name, approvals, roles, auto_approve_hours, override_allowed)
             SELECT made.id, policy.* FROM made, jsonb_to_recordset($13) AS policy (
                 name text, approvals int, roles text[], auto_approve_hours int, override_allowed boolean))
         SELECT id, number FROM made",
    )
    .bind(new.team_id)
    .bind(new.kind)
    .bind(new.reason)
    .bind(new.author.user)
    .bind(new.author.token)
    .bind(new.created_at)
    .bind(new.apply_at)
    .bind(new.auto_approve_at)
    .bind(&columns.stages)
    .bind(&columns.sources)
    .bind(&columns.bases)
    .bind(&columns.configs)
    .bind(Json(policies))
    .fetch_one(conn)
    .await
}

/// The policies that were in scope when changes were proposed, each with its change.
pub async fn policies(conn: &mut PgConnection, changes: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Requirement)>> {
    let rows: Vec<OfChange> = query_as(
        "SELECT change_id, name, approvals, roles, auto_approve_hours, override_allowed FROM change_policy
         WHERE change_id = ANY ($1) ORDER BY name",
    )
    .bind(changes)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.change_id, row.requirement)).collect())
}

/// The last change that was applied on any stage of each feature.
pub async fn last_of(conn: &mut PgConnection, features: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    query_as(
        "SELECT wanted.id, last.id FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
             SELECT c.id FROM stage s JOIN change_item i ON i.stage_id = s.id JOIN change c ON c.id = i.change_id
             WHERE s.feature_id = wanted.id AND c.status = 'APPLIED' ORDER BY c.revision DESC LIMIT 1) last",
    )
    .bind(features)
    .fetch_all(conn)
    .await
}

/// Marks a change approved, to be applied at its time.
pub async fn approve(conn: &mut PgConnection, change: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    query("UPDATE change SET status = 'APPROVED', decided_at = $2 WHERE id = $1")
        .bind(change)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes which stale change a change proposes again.
pub async fn set_rebased_from(conn: &mut PgConnection, change: Uuid, stale: Uuid) -> sqlx::Result<()> {
    query("UPDATE change SET rebased_from = $2 WHERE id = $1 AND rebased_from IS NULL")
        .bind(change)
        .bind(stale)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes who lets a change through, and why.
pub async fn set_override(
    conn: &mut PgConnection,
    change: Uuid,
    (by, reason): (By, &str),
) -> sqlx::Result<()> {
    query("UPDATE change SET overridden_by = $2, override_token_id = $3, override_reason = $4 WHERE id = $1")
        .bind(change)
        .bind(by.user)
        .bind(by.token)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets when it is to be looked at again whether time has approved a change.
pub async fn set_next_look(
    conn: &mut PgConnection,
    change: Uuid,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    query("UPDATE change SET auto_approve_at = $2 WHERE id = $1").bind(change).bind(at).execute(conn).await?;
    Ok(())
}

/// Lets a team's pending changes be looked at, except for those that somebody is deciding on: whoever does that waits for
/// the policies and sets the next look by them, and waiting for each other would be a deadlock.
pub async fn look_again(conn: &mut PgConnection, team: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    query(
        "UPDATE change SET auto_approve_at = $2 WHERE id IN (
             SELECT id FROM change WHERE team_id = $1 AND status = 'PENDING' FOR NO KEY UPDATE SKIP LOCKED)",
    )
    .bind(team)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The changes that are to be looked at now, as their time has come, with their numbers: the longest due first, at most
/// fifty, without those that are left alone for now.
pub async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    left_alone: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, i32)>> {
    query_as(
        "SELECT id, number FROM (
             SELECT id, number, apply_at AS at FROM change WHERE status = 'APPROVED' AND apply_at <= $1
             UNION ALL
             SELECT id, number, auto_approve_at FROM change WHERE status = 'PENDING' AND auto_approve_at <= $1
         ) AS due WHERE id <> ALL ($2) ORDER BY at LIMIT 50",
    )
    .bind(now)
    .bind(left_alone)
    .fetch_all(conn)
    .await
}

/// Locks the stage that everybody locks first who is at this change; false when somebody else is.
pub async fn try_lock_first_stage(conn: &mut PgConnection, change: Uuid) -> sqlx::Result<bool> {
    let locked: Option<Uuid> = query_scalar(
        "SELECT id FROM stage WHERE id = (
             SELECT s.id FROM stage s WHERE s.feature_id IN (
                 SELECT t.feature_id FROM change_item i JOIN stage t ON t.id = i.stage_id WHERE i.change_id = $1)
             ORDER BY s.id LIMIT 1)
         FOR UPDATE SKIP LOCKED",
    )
    .bind(change)
    .fetch_optional(conn)
    .await?;
    Ok(locked.is_some())
}

/// Ends a change without applying it.
pub async fn close(
    conn: &mut PgConnection,
    change: Uuid,
    status: ChangeStatus,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query("UPDATE change SET status = $2, failure = $3, decided_at = $4 WHERE id = $1")
        .bind(change)
        .bind(status)
        .bind(failure)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes the other open changes on these stages stale and gives their ids.
pub async fn supersede(
    conn: &mut PgConnection,
    applied: Uuid,
    stages: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    query_scalar(
        "UPDATE change SET status = 'STALE', decided_at = $3,
                failure = 'another change was applied to the same stage: #'
                          || (SELECT number FROM change WHERE id = $1)
         WHERE id <> $1 AND status IN ('PENDING', 'APPROVED')
           AND id IN (SELECT change_id FROM change_item WHERE stage_id = ANY ($2)) RETURNING id",
    )
    .bind(applied)
    .bind(stages)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Publishes the stages and marks the change applied at that revision: the transaction's last statement.
pub async fn publish_applied(
    conn: &mut PgConnection,
    change: Uuid,
    stages: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    query_scalar(
        "UPDATE change SET status = 'APPLIED', applied_at = $3, decided_at = $3,
                revision = publish(array_fill('STAGE'::text, ARRAY [cardinality($2)]), $2)
         WHERE id = $1 RETURNING revision",
    )
    .bind(change)
    .bind(stages)
    .bind(now)
    .fetch_one(conn)
    .await
}
