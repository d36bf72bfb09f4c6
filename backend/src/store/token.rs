//! Tokens: what robots act with, for the person who made them.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    member::Role,
    page::{Page, PageRequest},
    word_enum,
};
use crate::error::Result;

word_enum!(
    /// Whether a token is let in.
    TokenState {
        /// It is.
        Active,
        /// Not now: its owner is deactivated, or out of the team.
        Suspended,
        /// Not any more: its end has come.
        Expired,
        /// Not any more: somebody ended it.
        Revoked,
    }
);

/// What a token may, and whether it still may: what is asked before anything that was done with it counts.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize, Deserialize)]
pub struct Mandate {
    pub id: Uuid,
    pub name: String,
    pub roles: Vec<Role>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether its owner is active, and in the team or a system administrator.
    pub owner_acts: bool,
}

impl Mandate {
    /// Whether it is let in at a time.
    pub fn state(&self, now: DateTime<Utc>) -> TokenState {
        match self {
            _ if self.revoked_at.is_some() => TokenState::Revoked,
            _ if self.expires_at <= now => TokenState::Expired,
            _ if !self.owner_acts => TokenState::Suspended,
            _ => TokenState::Active,
        }
    }

    /// Its roles at a time; none while it is not let in.
    pub fn roles_at(&self, now: DateTime<Utc>) -> &[Role] {
        if self.state(now) == TokenState::Active { &self.roles } else { &[] }
    }
}

/// A robot's identity.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Token {
    #[sqlx(flatten)]
    pub mandate: Mandate,
    pub team_id: Uuid,
    pub owner_id: Uuid,
    pub owner: String,
    /// The only ones in which it may change anything; empty: it is not limited.
    pub environment_ids: Vec<Uuid>,
    /// Their keys.
    pub environments: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token with what is kept of the key that was presented; printed nowhere.
#[derive(FromRow)]
pub struct TokenSecret {
    #[sqlx(flatten)]
    pub token: Token,
    pub team_key: String,
    pub sha256: Vec<u8>,
}

/// A key that holds; of the key itself only what it shows.
#[derive(Clone, Debug, FromRow, SimpleObject, Serialize)]
pub struct TokenKey {
    #[graphql(skip)]
    pub token_id: Uuid,
    /// The eight characters that the key shows.
    pub id: String,
    pub created_at: DateTime<Utc>,
    /// Until when it holds; until the token's end when absent.
    pub not_after: Option<DateTime<Utc>>,
}

/// The mandate of the token that the given column names, as one JSON value.
macro_rules! mandate {
    ($id:literal) => {
        concat!(
            "(SELECT jsonb_build_object('id', k.id, 'name', k.name, 'roles', k.roles, 'expires_at', k.expires_at,
                 'revoked_at', k.revoked_at, 'owner_acts', o.active AND (o.system_admin OR EXISTS (
                     SELECT FROM member m WHERE m.team_id = k.team_id AND m.user_id = k.owner_id)))
              FROM token k JOIN app_user o ON o.id = k.owner_id WHERE k.id = ",
            $id,
            ")"
        )
    };
}
pub(in crate::store) use mandate;

/// The columns of `Token`, from `token k` and its owner `app_user o`.
macro_rules! columns {
    () => {
        "k.id, k.name, k.roles, k.expires_at, k.revoked_at,
         o.active AND (o.system_admin OR EXISTS (
             SELECT FROM member m WHERE m.team_id = k.team_id AND m.user_id = k.owner_id)) AS owner_acts,
         k.team_id, k.owner_id, o.username AS owner, k.created_at, k.last_used_at,
         ARRAY (SELECT environment_id FROM token_environment WHERE token_id = k.id) AS environment_ids,
         ARRAY (SELECT e.key FROM token_environment te JOIN environment e ON e.id = te.environment_id
                WHERE te.token_id = k.id ORDER BY e.position) AS environments"
    };
}

/// Finds a token of a team by name; one that was revoked has none any more.
pub async fn get(conn: &mut PgConnection, team: Uuid, name: &str) -> sqlx::Result<Option<Token>> {
    query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM token k JOIN app_user o ON o.id = k.owner_id
         WHERE k.team_id = $1 AND k.name = $2 AND k.revoked_at IS NULL"
    ))
    .bind(team)
    .bind(name)
    .fetch_optional(conn)
    .await
}

/// Finds a token of a team by name, which stays as it is until the transaction ends.
pub async fn lock(conn: &mut PgConnection, team: Uuid, name: &str) -> sqlx::Result<Option<Token>> {
    query("SELECT FROM token WHERE team_id = $1 AND name = $2 AND revoked_at IS NULL FOR NO KEY UPDATE")
        .bind(team)
        .bind(name)
        .execute(&mut *conn)
        .await?;
    // Read after the lock is held: what others did to its keys meanwhile counts.
    get(conn, team, name).await
}

/// Keeps tokens as they are until the transaction ends.
pub async fn hold(conn: &mut PgConnection, tokens: &[Uuid]) -> sqlx::Result<()> {
    query("SELECT FROM token WHERE id = ANY ($1) ORDER BY id FOR SHARE").bind(tokens).execute(conn).await?;
    Ok(())
}

/// Finds the token of a key that holds, by the id that the key shows.
pub async fn by_key(
    conn: &mut PgConnection,
    key_id: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<TokenSecret>> {
    query_as(concat!(
        "SELECT ",
        columns!(),
        ", t.key AS team_key, y.sha256
         FROM token_key y JOIN token k ON k.id = y.token_id JOIN app_user o ON o.id = k.owner_id
         JOIN team t ON t.id = k.team_id
         WHERE y.id = $1 AND (y.not_after IS NULL OR y.not_after > $2)"
    ))
    .bind(key_id)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Notes that a token was used. Somebody who is at its row is not waited for: the next use is noted then.
pub async fn set_used(conn: &mut PgConnection, token: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    query(
        "UPDATE token SET last_used_at = $2 WHERE id = (
             SELECT id FROM token WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
             FOR NO KEY UPDATE SKIP LOCKED)",
    )
    .bind(token)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The keys of tokens that hold at a time, the oldest first.
pub async fn keys(
    conn: &mut PgConnection,
    tokens: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<TokenKey>> {
    query_as(
        "SELECT token_id, id, created_at, not_after FROM token_key
         WHERE token_id = ANY ($1) AND (not_after IS NULL OR not_after > $2) ORDER BY created_at, id",
    )
    .bind(tokens)
    .bind(now)
    .fetch_all(conn)
    .await
}

/// All names of a team, for "did you mean".
pub async fn names(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<String>> {
    query_scalar("SELECT name FROM token WHERE team_id = $1 AND revoked_at IS NULL ORDER BY name LIMIT 1000")
        .bind(team)
        .fetch_all(conn)
        .await
}

/// A page of a team's tokens by name: those that were revoked, or the others.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    revoked: bool,
    page: &PageRequest,
) -> Result<Page<Token>> {
    let (name, id) = page.after_name()?.unzip();
    let mut total = 0;
    if page.counted {
        total =
            query_scalar("SELECT count(*) FROM token WHERE team_id = $1 AND (revoked_at IS NOT NULL) = $2")
                .bind(team)
                .bind(revoked)
                .fetch_one(&mut *conn)
                .await?;
    }
    let rows = query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM token k JOIN app_user o ON o.id = k.owner_id
         WHERE k.team_id = $1 AND (k.revoked_at IS NOT NULL) = $2
           AND ($3::text IS NULL OR (k.name, k.id) > ($3, $4::uuid)) ORDER BY k.name, k.id LIMIT $5"
    ))
    .bind(team)
    .bind(revoked)
    .bind(name)
    .bind(id)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |token: &Token| format!("{}:{}", token.mandate.name, token.mandate.id)))
}

/// A token to be made.
pub struct NewToken<'a> {
    pub team_id: Uuid,
    pub name: &'a str,
    pub owner_id: Uuid,
    pub roles: &'a [Role],
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Adds a token with the environments that it is limited to, and gives its id.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewToken<'_>,
    environments: &[Uuid],
) -> sqlx::Result<Uuid> {
    let id: Uuid = query_scalar(
        "INSERT INTO token (team_id, name, owner_id, roles, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(new.team_id)
    .bind(new.name)
    .bind(new.owner_id)
    .bind(new.roles)
    .bind(new.created_at)
    .bind(new.expires_at)
    .fetch_one(&mut *conn)
    .await?;
    query("INSERT INTO token_environment (token_id, environment_id) SELECT $1, * FROM unnest($2::uuid[])")
        .bind(id)
        .bind(environments)
        .execute(conn)
        .await?;
    Ok(id)
}

/// Adds a key to a token.
pub async fn insert_key(
    conn: &mut PgConnection,
    token: Uuid,
    (id, sha256): (&str, &[u8]),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query("INSERT INTO token_key (id, token_id, sha256, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(token)
        .bind(sha256)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends all keys of a token at a time, those that end before it as they would, and forgets those that have ended.
pub async fn end_keys(
    conn: &mut PgConnection,
    token: Uuid,
    (now, end): (DateTime<Utc>, DateTime<Utc>),
) -> sqlx::Result<()> {
    query(
        "UPDATE token_key SET not_after = $2 WHERE token_id = $1 AND (not_after IS NULL OR not_after > $2)",
    )
    .bind(token)
    .bind(end)
    .execute(&mut *conn)
    .await?;
    query("DELETE FROM token_key WHERE token_id = $1 AND not_after <= $2")
        .bind(token)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a token for good; its name is free again.
pub async fn revoke(conn: &mut PgConnection, token: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    query("UPDATE token SET revoked_at = $2 WHERE id = $1").bind(token).bind(now).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock;

    #[test]
    fn a_token_has_its_roles_only_while_it_is_let_in() {
        let now = clock::now();
        let token = Mandate {
            id: Uuid::nil(),
            name: "ci".to_owned(),
            roles: vec![Role::Approver],
            expires_at: now + TimeDelta::seconds(1),
            revoked_at: None,
            owner_acts: true,
        };
        assert_eq!((token.state(now), token.roles_at(now)), (TokenState::Active, &[Role::Approver][..]));
        for (state, not_now) in [
            (TokenState::Expired, Mandate { expires_at: now, ..token.clone() }),
            (TokenState::Revoked, Mandate { revoked_at: Some(now), ..token.clone() }),
            (TokenState::Suspended, Mandate { owner_acts: false, ..token }),
        ] {
            assert_eq!((not_now.state(now), not_now.roles_at(now)), (state, &[][..]));
        }
    }
}
