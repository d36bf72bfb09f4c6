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
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct Policy {
    pub name: String,
    pub scope: PolicyScope,
    pub environments: Vec<String>,
    pub approvals: i32,
    pub roles: Vec<Role>,
    pub enabled: bool,
}

/// What a policy asks of one change.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct Requirement {
    pub name: String,
    pub approvals: i32,
    pub roles: Vec<Role>,
}

/// A page of a team's policies by name.
pub async fn list(conn: &mut PgConnection, team: Uuid, page: &PageRequest) -> sqlx::Result<Page<Policy>> {
    let total = query_scalar("SELECT count(*) FROM policy WHERE team_id = $1")
        .bind(team)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query_as(
        "SELECT p.name, p.scope, p.approvals, p.roles, p.enabled,
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
        "SELECT p.name, p.approvals, p.roles FROM policy p
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

/// Adds a policy; `environments` counts only for LISTED ones.
pub async fn insert(
    conn: &mut PgConnection,
    team: Uuid,
    scope: PolicyScope,
    requirement: &Requirement,
    environments: &[Uuid],
) -> sqlx::Result<()> {
    let id: Uuid = query_scalar(
        "INSERT INTO policy (team_id, name, scope, approvals, roles) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(team)
    .bind(&requirement.name)
    .bind(scope)
    .bind(requirement.approvals)
    .bind(&requirement.roles)
    .fetch_one(&mut *conn)
    .await?;
    query("INSERT INTO policy_environment (policy_id, environment_id) SELECT $1, unnest($2::uuid[])")
        .bind(id)
        .bind(environments)
        .execute(conn)
        .await?;
    Ok(())
}
