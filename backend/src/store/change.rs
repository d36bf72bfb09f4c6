//! Changes: documents on their way onto stages.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    policy::Requirement,
    word_enum,
};

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
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub applied_at: Option<DateTime<Utc>>,
    pub revision: Option<i64>,
    pub failure: Option<String>,
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

/// Finds a change of a team by number.
pub async fn get(conn: &mut PgConnection, team: Uuid, number: i32) -> sqlx::Result<Option<Change>> {
    query_as("SELECT c.*, u.username AS author FROM change c JOIN app_user u ON u.id = c.author_id WHERE team_id = $1 AND number = $2")
        .bind(team)
        .bind(number)
        .fetch_optional(conn)
        .await
}

/// Finds a change and locks it, so that votes on it are decided one after the other.
pub async fn lock(conn: &mut PgConnection, team: Uuid, number: i32) -> sqlx::Result<Option<Change>> {
    query_as(
        "SELECT c.*, u.username AS author FROM change c JOIN app_user u ON u.id = c.author_id
         WHERE team_id = $1 AND number = $2 FOR UPDATE OF c",
    )
    .bind(team)
    .bind(number)
    .fetch_optional(conn)
    .await
}

/// Changes by id.
pub async fn by_ids(conn: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<Vec<Change>> {
    query_as("SELECT c.*, u.username AS author FROM change c JOIN app_user u ON u.id = c.author_id WHERE c.id = ANY ($1)")
        .bind(ids)
        .fetch_all(conn)
        .await
}

/// Which changes of a team are wanted.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// With any of these states; all when empty.
    pub status: Vec<ChangeStatus>,
    /// Of this feature.
    pub feature: Option<Uuid>,
    /// Not by this author, and without a vote of theirs.
    pub waiting_for: Option<Uuid>,
}

/// A page of a team's changes, the newest first.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    filter: &ChangeFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<Change>> {
    let after = page.after_number().unwrap_or_default();
    let total = query_scalar(
        "SELECT count(*) FROM change c
         WHERE c.team_id = $1 AND (cardinality($2::text[]) = 0 OR c.status = ANY ($2))
           AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM change_item i JOIN stage s ON s.id = i.stage_id
                                            WHERE i.change_id = c.id AND s.feature_id = $3))
           AND ($4::uuid IS NULL OR (c.author_id <> $4 AND NOT EXISTS (
                SELECT 1 FROM vote v WHERE v.change_id = c.id AND v.user_id = $4)))",
    )
    .bind(team)
    .bind(&filter.status)
    .bind(filter.feature)
    .bind(filter.waiting_for)
    .fetch_one(&mut *conn)
    .await?;
    let rows = query_as(
        "SELECT c.*, u.username AS author FROM change c JOIN app_user u ON u.id = c.author_id
         WHERE c.team_id = $1 AND (cardinality($2::text[]) = 0 OR c.status = ANY ($2))
           AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM change_item i JOIN stage s ON s.id = i.stage_id
                                            WHERE i.change_id = c.id AND s.feature_id = $3))
           AND ($4::uuid IS NULL OR (c.author_id <> $4 AND NOT EXISTS (
                SELECT 1 FROM vote v WHERE v.change_id = c.id AND v.user_id = $4)))
           AND ($5::bigint IS NULL OR c.number < $5)
         ORDER BY c.number DESC LIMIT $6",
    )
    .bind(team)
    .bind(&filter.status)
    .bind(filter.feature)
    .bind(filter.waiting_for)
    .bind(after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |change: &Change| change.number.to_string()))
}

/// The items of changes, in their order, each with the document that it is based on.
pub async fn items(conn: &mut PgConnection, changes: &[Uuid]) -> sqlx::Result<Vec<ChangeItem>> {
    query_as(
        "SELECT i.change_id, i.stage_id, s.feature_id, s.environment_id, source.environment_id AS source_environment_id,
                i.base_version, i.version, v.config AS before, i.config
         FROM change_item i JOIN stage s ON s.id = i.stage_id
         LEFT JOIN stage source ON source.id = i.source_id
         LEFT JOIN version v ON v.stage_id = i.stage_id AND v.number = i.base_version
         WHERE i.change_id = ANY ($1) ORDER BY i.change_id, i.position",
    )
    .bind(changes)
    .fetch_all(conn)
    .await
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

/// A pending change that says exactly the same: kind, stage, source, base and document.
pub async fn same_pending(
    conn: &mut PgConnection,
    kind: ChangeKind,
    item: &NewItem,
) -> sqlx::Result<Option<Uuid>> {
    query_scalar(
        "SELECT c.id FROM change c JOIN change_item i ON i.change_id = c.id
         WHERE c.status = 'PENDING' AND c.kind = $1 AND i.stage_id = $2
           AND (i.source_id, i.base_version, i.config) IS NOT DISTINCT FROM ($3::uuid, $4::int, $5::jsonb)
           AND (SELECT count(*) FROM change_item other WHERE other.change_id = c.id) = 1
         ORDER BY c.number LIMIT 1",
    )
    .bind(kind)
    .bind(item.stage_id)
    .bind(item.source_id)
    .bind(item.base_version)
    .bind(&item.config)
    .fetch_optional(conn)
    .await
}

/// A change to be made.
pub struct NewChange<'a> {
    pub team_id: Uuid,
    pub number: i32,
    pub kind: ChangeKind,
    pub reason: Option<&'a str>,
    pub author_id: Uuid,
    pub created_at: DateTime<Utc>,
}

/// Adds a pending change with its items and the policies in scope now.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewChange<'_>,
    items: &[NewItem],
    policies: &[Requirement],
) -> sqlx::Result<Uuid> {
    let id: Uuid = query_scalar(
        "INSERT INTO change (team_id, number, kind, status, reason, author_id, created_at)
         VALUES ($1, $2, $3, 'PENDING', $4, $5, $6) RETURNING id",
    )
    .bind(new.team_id)
    .bind(new.number)
    .bind(new.kind)
    .bind(new.reason)
    .bind(new.author_id)
    .bind(new.created_at)
    .fetch_one(&mut *conn)
    .await?;
    for (position, item) in (0_i32..).zip(items) {
        query(
            "INSERT INTO change_item (change_id, position, stage_id, source_id, base_version, config)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(position)
        .bind(item.stage_id)
        .bind(item.source_id)
        .bind(item.base_version)
        .bind(&item.config)
        .execute(&mut *conn)
        .await?;
    }
    for policy in policies {
        query("INSERT INTO change_policy (change_id, name, approvals, roles) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(&policy.name)
            .bind(policy.approvals)
            .bind(&policy.roles)
            .execute(&mut *conn)
            .await?;
    }
    Ok(id)
}

/// The policies that were in scope when each change was proposed.
pub async fn policies(conn: &mut PgConnection, change: Uuid) -> sqlx::Result<Vec<Requirement>> {
    query_as("SELECT name, approvals, roles FROM change_policy WHERE change_id = $1 ORDER BY name")
        .bind(change)
        .fetch_all(conn)
        .await
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

/// Makes the other open changes on these stages stale and gives their numbers.
pub async fn supersede(
    conn: &mut PgConnection,
    applied: Uuid,
    stages: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    query_scalar(
        "UPDATE change SET status = 'STALE', decided_at = $3,
                failure = 'another change was applied to the same stage: #'
                          || (SELECT number FROM change WHERE id = $1)
         WHERE id <> $1 AND status IN ('PENDING', 'APPROVED')
           AND id IN (SELECT change_id FROM change_item WHERE stage_id = ANY ($2)) RETURNING number",
    )
    .bind(applied)
    .bind(stages)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Notes which version an item became.
pub async fn set_item_version(
    conn: &mut PgConnection,
    change: Uuid,
    stage: Uuid,
    version: i32,
) -> sqlx::Result<()> {
    query("UPDATE change_item SET version = $3 WHERE change_id = $1 AND stage_id = $2")
        .bind(change)
        .bind(stage)
        .bind(version)
        .execute(conn)
        .await?;
    Ok(())
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
