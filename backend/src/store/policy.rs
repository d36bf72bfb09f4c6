//! Policies: how many approvals a change needs, and whose.

use async_graphql::SimpleObject;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    member::Role,
    page::{Page, PageRequest},
    word_enum,
};

word_enum!(
    /// Which environments a policy covers.
    PolicyScope {
        /// All of the team's.
        All,
        /// Those of type PRODUCTION.
        Production,
        /// Those that it names.
        Listed,
    }
);

/// A policy; `environments` are the keys that a LISTED one names.
#[derive(Clone, Debug, PartialEq, FromRow, SimpleObject, Serialize)]
pub struct Policy {
    pub name: String,
    pub scope: PolicyScope,
    pub environments: Vec<String>,
    pub approvals: i32,
    pub roles: Vec<Role>,
    /// After how many hours without a rejection it is satisfied by itself; none: never.
    pub auto_approve_hours: Option<i32>,
    /// Whether that holds in environments of type PRODUCTION as well.
    pub auto_approve_production: bool,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    pub override_allowed: bool,
    pub enabled: bool,
}

/// What a policy asks of one change.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct Requirement {
    pub name: String,
    pub approvals: i32,
    pub roles: Vec<Role>,
    pub auto_approve_hours: Option<i32>,
    pub override_allowed: bool,
}

/// Finds a policy of a team by name.
pub async fn get(conn: &mut PgConnection, team: Uuid, name: &str) -> sqlx::Result<Option<Policy>> {
    query_as(
        "SELECT p.name, p.scope, p.approvals, p.roles, p.auto_approve_hours, p.auto_approve_production,
                p.override_allowed, p.enabled,
                ARRAY (SELECT e.key FROM policy_environment pe JOIN environment e ON e.id = pe.environment_id
                       WHERE pe.policy_id = p.id ORDER BY e.position) AS environments
         FROM policy p WHERE p.team_id = $1 AND p.name = $2",
    )
    .bind(team)
    .bind(name)
    .fetch_optional(conn)
    .await
}

/// Locks a policy, so that it is edited by one after the other.
pub async fn lock(conn: &mut PgConnection, team: Uuid, name: &str) -> sqlx::Result<Option<Uuid>> {
    query_scalar("SELECT id FROM policy WHERE team_id = $1 AND name = $2 FOR UPDATE")
        .bind(team)
        .bind(name)
        .fetch_optional(conn)
        .await
}

/// All names of a team's policies, for "did you mean".
pub async fn names(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT name FROM policy WHERE team_id = $1 ORDER BY name LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// What a policy asks, with the change that it asks it of.
#[derive(FromRow)]
pub(super) struct OfChange {
    pub change_id: Uuid,
    #[sqlx(flatten)]
    pub requirement: Requirement,
}

/// A page of a team's policies by name.
pub async fn list(conn: &mut PgConnection, team: Uuid, page: &PageRequest) -> sqlx::Result<Page<Policy>> {
    let total = query_scalar("SELECT count(*) FROM policy WHERE team_id = $1")
        .bind(team)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT p.name, p.scope, p.approvals, p.roles, p.auto_approve_hours, p.auto_approve_production,
                p.override_allowed, p.enabled,
                ARRAY (SELECT e.key FROM policy_environment pe JOIN environment e ON e.id = pe.environment_id
                       WHERE pe.policy_id = p.id ORDER BY e.position) AS environments
         FROM policy p WHERE p.team_id = $1 AND ($2::text IS NULL OR p.name > $2) ORDER BY p.name LIMIT $3",
    )
    .bind(team)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |policy: &Policy| policy.name.clone()))
}

/// The enabled policies that cover any of these environments now.
pub async fn in_scope(
    conn: &mut PgConnection,
    team: Uuid,
    environments: &[Uuid],
) -> sqlx::Result<Vec<Requirement>> {
    query_as(
        "SELECT p.name, p.approvals, p.roles, p.override_allowed,
                CASE WHEN p.auto_approve_production OR NOT EXISTS (
                    SELECT 1 FROM environment e WHERE e.id = ANY ($2) AND e.type = 'PRODUCTION')
                THEN p.auto_approve_hours END AS auto_approve_hours
         FROM policy p
         WHERE p.team_id = $1 AND p.enabled AND EXISTS (
             SELECT 1 FROM environment e WHERE e.id = ANY ($2) AND (
                 p.scope = 'ALL' OR (p.scope = 'PRODUCTION' AND e.type = 'PRODUCTION')
                 OR EXISTS (SELECT 1 FROM policy_environment pe WHERE pe.policy_id = p.id AND pe.environment_id = e.id)))
         ORDER BY p.name",
    )
    .bind(team)
    .bind(environments)
    .fetch_all(conn)
    .await
}

/// Whether policy `p` covers an environment of change `c` now.
macro_rules! covers {
    () => {
        "p.enabled AND EXISTS (
             SELECT 1 FROM change_item i JOIN stage s ON s.id = i.stage_id JOIN environment e ON e.id = s.environment_id
             WHERE i.change_id = c.id AND (
                 p.scope = 'ALL' OR (p.scope = 'PRODUCTION' AND e.type = 'PRODUCTION')
                 OR EXISTS (SELECT 1 FROM policy_environment pe WHERE pe.policy_id = p.id AND pe.environment_id = e.id)))"
    };
}
pub(super) use covers;

/// The enabled policies that cover any environment of changes now, each with its change.
pub async fn in_scope_of(
    conn: &mut PgConnection,
    changes: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Requirement)>> {
    let rows: Vec<OfChange> = query_as(concat!(
        "SELECT c.id AS change_id, p.name, p.approvals, p.roles, p.override_allowed,
                CASE WHEN p.auto_approve_production OR NOT EXISTS (
                    SELECT 1 FROM change_item i JOIN stage s ON s.id = i.stage_id
                    JOIN environment e ON e.id = s.environment_id
                    WHERE i.change_id = c.id AND e.type = 'PRODUCTION')
                THEN p.auto_approve_hours END AS auto_approve_hours
         FROM change c JOIN policy p ON p.team_id = c.team_id
         WHERE c.id = ANY ($1) AND ",
        covers!(),
        " ORDER BY p.name",
    ))
    .bind(changes)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.change_id, row.requirement)).collect())
}

/// Adds a policy; `environments` counts only for LISTED ones.
pub async fn insert(
    conn: &mut PgConnection,
    team: Uuid,
    policy: &Policy,
    environments: &[Uuid],
) -> sqlx::Result<()> {
    let id: Uuid = query_scalar(
        "INSERT INTO policy (team_id, name, scope, approvals, roles, auto_approve_hours, auto_approve_production,
                             override_allowed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
    )
    .bind(team)
    .bind(&policy.name)
    .bind(policy.scope)
    .bind(policy.approvals)
    .bind(&policy.roles)
    .bind(policy.auto_approve_hours)
    .bind(policy.auto_approve_production)
    .bind(policy.override_allowed)
    .fetch_one(&mut *conn)
    .await?;
    name_environments(conn, id, environments).await
}

/// Writes what an edit may have changed.
pub async fn update(
    conn: &mut PgConnection,
    id: Uuid,
    edited: &Policy,
    environments: &[Uuid],
) -> sqlx::Result<()> {
    query(
        "UPDATE policy SET scope = $2, approvals = $3, roles = $4, enabled = $5, auto_approve_hours = $6,
                auto_approve_production = $7, override_allowed = $8
         WHERE id = $1",
    )
    .bind(id)
    .bind(edited.scope)
    .bind(edited.approvals)
    .bind(&edited.roles)
    .bind(edited.enabled)
    .bind(edited.auto_approve_hours)
    .bind(edited.auto_approve_production)
    .bind(edited.override_allowed)
    .execute(&mut *conn)
    .await?;
    query("DELETE FROM policy_environment WHERE policy_id = $1").bind(id).execute(&mut *conn).await?;
    name_environments(conn, id, environments).await
}

/// Takes a policy away.
pub async fn delete(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    query("DELETE FROM policy WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}

async fn name_environments(conn: &mut PgConnection, id: Uuid, environments: &[Uuid]) -> sqlx::Result<()> {
    query("INSERT INTO policy_environment (policy_id, environment_id) SELECT $1, unnest($2::uuid[])")
        .bind(id)
        .bind(environments)
        .execute(conn)
        .await?;
    Ok(())
}
