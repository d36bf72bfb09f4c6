//! Users: people who may sign in.

use async_graphql::SimpleObject;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::page::{Page, PageRequest};

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, SimpleObject, Serialize)]
#[graphql(complex)]
pub struct User {
    pub id: Uuid,
    pub username: String,
    pub name: String,
    /// Told to few.
    #[graphql(skip)]
    pub email: Option<String>,
    pub active: bool,
    pub system_admin: bool,
    /// Somebody else knows the password.
    #[graphql(skip)]
    pub must_change_password: bool,
    /// Counts what ended all sessions of the user.
    #[graphql(skip)]
    #[serde(skip)]
    pub session_epoch: i32,
}

/// A user with the hash of the password; printed nowhere.
#[derive(FromRow)]
pub struct UserSecret {
    #[sqlx(flatten)]
    pub user: User,
    pub password_hash: String,
}

/// Which users are wanted.
#[derive(Default)]
pub struct UserFilter {
    /// Only those who may sign in, or who may not.
    pub active: Option<bool>,
    /// Looked for in username, name and email.
    pub search: Option<String>,
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
    query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch
         FROM app_user WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Finds a user by name.
pub async fn by_username(conn: &mut PgConnection, username: &str) -> sqlx::Result<Option<User>> {
    query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch
         FROM app_user WHERE username = $1",
    )
    .bind(username)
    .fetch_optional(conn)
    .await
}

/// Finds a user by name, who stays as they are until the transaction ends.
pub async fn lock(conn: &mut PgConnection, username: &str) -> sqlx::Result<Option<User>> {
    query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch
         FROM app_user WHERE username = $1 FOR NO KEY UPDATE",
    )
    .bind(username)
    .fetch_optional(conn)
    .await
}

/// Finds a user by id for a session to be opened: whatever ends all sessions waits for it, and so ends it too.
pub async fn hold(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<User>> {
    query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch
         FROM app_user WHERE id = $1 FOR SHARE",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Locks all who are system administrators now, so that two of them cannot end each other, and a user beside them: by
/// id, as everybody does who locks several. Gives the administrators.
pub async fn lock_admins(conn: &mut PgConnection, beside: &str) -> sqlx::Result<Vec<Uuid>> {
    let locked: Vec<(Uuid, bool)> = query_as(
        "SELECT id, system_admin AND active FROM app_user WHERE (system_admin AND active) OR username = $1
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(beside)
    .fetch_all(conn)
    .await?;
    Ok(locked.into_iter().filter(|(_, admin)| *admin).map(|(id, _)| id).collect())
}

/// Finds a user with the password's hash, to check it.
pub async fn secret(conn: &mut PgConnection, username: &str) -> sqlx::Result<Option<UserSecret>> {
    query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch, password_hash
         FROM app_user WHERE username = $1",
    )
    .bind(username)
    .fetch_optional(conn)
    .await
}

/// All names, for "did you mean".
pub async fn names(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT username FROM app_user ORDER BY username LIMIT 1000").fetch_all(conn).await
}

/// Whether a user is in any of these teams.
pub async fn is_in(conn: &mut PgConnection, user: Uuid, teams: &[Uuid]) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM member WHERE user_id = $1 AND team_id = ANY ($2))")
        .bind(user)
        .bind(teams)
        .fetch_one(conn)
        .await
}

/// A page of users by name.
pub async fn list(
    conn: &mut PgConnection,
    filter: &UserFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<User>> {
    let total = query_scalar(
        "SELECT count(*) FROM app_user WHERE ($1::boolean IS NULL OR active = $1)
           AND ($2::text IS NULL OR position(lower($2) IN lower(concat_ws(' ', username, name, email))) > 0)",
    )
    .bind(filter.active)
    .bind(&filter.search)
    .fetch_one(&mut *conn)
    .await?;
    let rows = query_as(
        "SELECT id, username, name, email, active, system_admin, must_change_password, session_epoch FROM app_user
         WHERE ($1::boolean IS NULL OR active = $1)
           AND ($2::text IS NULL OR position(lower($2) IN lower(concat_ws(' ', username, name, email))) > 0)
           AND ($3::text IS NULL OR username > $3) ORDER BY username LIMIT $4",
    )
    .bind(filter.active)
    .bind(&filter.search)
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
         RETURNING id, username, name, email, active, system_admin, must_change_password, session_epoch",
    )
    .bind(&new.username)
    .bind(&new.name)
    .bind(&new.email)
    .bind(new.system_admin)
    .bind(&new.password_hash)
    .fetch_one(conn)
    .await
}

/// Writes what may be edited.
pub async fn update(conn: &mut PgConnection, user: &User) -> sqlx::Result<()> {
    query("UPDATE app_user SET name = $2, email = $3, system_admin = $4 WHERE id = $1")
        .bind(user.id)
        .bind(&user.name)
        .bind(&user.email)
        .bind(user.system_admin)
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets a user sign in, or no longer; what they held before counts for nothing either way.
pub async fn set_active(conn: &mut PgConnection, id: Uuid, active: bool) -> sqlx::Result<()> {
    query("UPDATE app_user SET active = $2, session_epoch = session_epoch + 1 WHERE id = $1")
        .bind(id)
        .bind(active)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets another password; all access tokens of before are refused from now on. Gives the user as they are then.
pub async fn set_password(
    conn: &mut PgConnection,
    id: Uuid,
    hash: &str,
    must_change: bool,
) -> sqlx::Result<User> {
    query_as(
        "UPDATE app_user SET password_hash = $2, must_change_password = $3, session_epoch = session_epoch + 1
         WHERE id = $1
         RETURNING id, username, name, email, active, system_admin, must_change_password, session_epoch",
    )
    .bind(id)
    .bind(hash)
    .bind(must_change)
    .fetch_one(conn)
    .await
}
