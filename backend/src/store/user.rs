//! Users: people who may sign in.

use async_graphql::SimpleObject;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};

/// A person who may sign in.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
#[graphql(complex)]
pub struct User {
    pub id: Uuid,
    pub username: String,
    pub name: String,
    pub email: Option<String>,
    pub active: bool,
    pub system_admin: bool,
}

/// A user with the hash of the password; printed nowhere.
#[derive(FromRow)]
pub struct UserSecret {
    #[sqlx(flatten)]
    pub user: User,
    pub password_hash: String,
}

/// A user to be made.
pub struct NewUser {
    pub username: String,
    pub name: String,
    pub email: Option<String>,
    pub system_admin: bool,
    pub password_hash: String,
}

/// Finds a user by id.
pub async fn get(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<User>> {
    query_as("SELECT id, username, name, email, active, system_admin FROM app_user WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Finds a user by name.
pub async fn by_username(conn: &mut PgConnection, username: &str) -> sqlx::Result<Option<User>> {
    query_as("SELECT id, username, name, email, active, system_admin FROM app_user WHERE username = $1")
        .bind(username)
        .fetch_optional(conn)
        .await
}

/// Finds a user with the password's hash, to check it.
pub async fn secret(conn: &mut PgConnection, username: &str) -> sqlx::Result<Option<UserSecret>> {
    query_as(
        "SELECT id, username, name, email, active, system_admin, password_hash FROM app_user WHERE username = $1",
    )
    .bind(username)
    .fetch_optional(conn)
    .await
}

/// All names, for "did you mean".
pub async fn names(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT username FROM app_user ORDER BY username LIMIT 1000").fetch_all(conn).await
}

/// A page of users by name.
pub async fn list(conn: &mut PgConnection, page: &PageRequest) -> sqlx::Result<Page<User>> {
    let total = query_scalar("SELECT count(*) FROM app_user").fetch_one(&mut *conn).await?;
    let rows = query_as(
        "SELECT id, username, name, email, active, system_admin FROM app_user
         WHERE $1::text IS NULL OR username > $1 ORDER BY username LIMIT $2",
    )
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |user: &User| user.username.clone()))
}

/// Whether anybody exists.
pub async fn any(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM app_user)").fetch_one(conn).await
}

/// Adds a user.
pub async fn insert(conn: &mut PgConnection, new: &NewUser) -> sqlx::Result<User> {
    query_as(
        "INSERT INTO app_user (username, name, email, system_admin, password_hash) VALUES ($1, $2, $3, $4, $5)
         RETURNING id, username, name, email, active, system_admin",
    )
    .bind(&new.username)
    .bind(&new.name)
    .bind(&new.email)
    .bind(new.system_admin)
    .bind(&new.password_hash)
    .fetch_one(conn)
    .await
}
