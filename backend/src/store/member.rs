//! Members: users in teams, with their roles.

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    page::{Page, PageRequest},
    user::User,
    word_enum,
};

word_enum!(
    /// What a member may do beyond reading; `access` says what exactly.
    Role {
        /// Proposes changes.
        Requester,
        /// Decides on the changes of others.
        Approver,
        /// Runs the team.
        TeamAdmin,
    }
);

/// A user's place in a team, seen from the user.
#[derive(Clone, Debug, FromRow, Serialize, Deserialize)]
pub struct Membership {
    pub team_id: Uuid,
    pub team_key: String,
    pub roles: Vec<Role>,
}

/// A user's place in a team, seen from the team.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Member {
    #[sqlx(flatten)]
    pub user: User,
    pub roles: Vec<Role>,
}

/// The teams of users, each with whose it is.
pub async fn of_users(conn: &mut PgConnection, users: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Membership)>> {
    let rows: Vec<OfUser> = query_as(
        "SELECT m.user_id, m.team_id, t.key AS team_key, m.roles FROM member m JOIN team t ON t.id = m.team_id
         WHERE m.user_id = ANY ($1) ORDER BY t.key",
    )
    .bind(users)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.membership)).collect())
}

#[derive(FromRow)]
struct OfUser {
    user_id: Uuid,
    #[sqlx(flatten)]
    membership: Membership,
}

/// The teams of a user.
pub async fn of_user(conn: &mut PgConnection, user: Uuid) -> sqlx::Result<Vec<Membership>> {
    query_as(
        "SELECT m.team_id, t.key AS team_key, m.roles FROM member m JOIN team t ON t.id = m.team_id
         WHERE m.user_id = $1 ORDER BY t.key",
    )
    .bind(user)
    .fetch_all(conn)
    .await
}

/// A user with all their teams.
pub async fn user_with_teams(
    conn: &mut PgConnection,
    user: Uuid,
) -> sqlx::Result<Option<(User, Vec<Membership>)>> {
    let row: Option<WithTeams> = query_as(
        "SELECT u.id, u.username, u.name, u.email, u.active, u.system_admin, u.must_change_password, u.session_epoch,
                (SELECT coalesce(jsonb_agg(to_jsonb(place) ORDER BY place.team_key), '[]') FROM (
                     SELECT m.team_id, t.key AS team_key, m.roles FROM member m JOIN team t ON t.id = m.team_id
                     WHERE m.user_id = u.id) AS place) AS teams
         FROM app_user u WHERE u.id = $1",
    )
    .bind(user)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.user, row.teams)))
}

#[derive(FromRow)]
struct WithTeams {
    #[sqlx(flatten)]
    user: User,
    #[sqlx(json)]
    teams: Vec<Membership>,
}

/// The active members of a team, for deciding who may vote.
pub async fn active(conn: &mut PgConnection, team: Uuid) -> sqlx::Result<Vec<Member>> {
    query_as(
        "SELECT u.id, u.username, u.name, u.email, u.active, u.system_admin, u.must_change_password,
                u.session_epoch, m.roles
         FROM member m JOIN app_user u ON u.id = m.user_id WHERE m.team_id = $1 AND u.active ORDER BY u.username",
    )
    .bind(team)
    .fetch_all(conn)
    .await
}

/// Keeps users' places in a team, and then the users themselves, as they are until the transaction ends; each by user, as
/// whoever locks several does.
pub async fn hold(conn: &mut PgConnection, team: Uuid, users: &[Uuid]) -> sqlx::Result<()> {
    query("SELECT FROM member WHERE team_id = $1 AND user_id = ANY ($2) ORDER BY user_id FOR SHARE")
        .bind(team)
        .bind(users)
        .execute(&mut *conn)
        .await?;
    query("SELECT FROM app_user WHERE id = ANY ($1) ORDER BY id FOR SHARE").bind(users).execute(conn).await?;
    Ok(())
}

/// The active members of teams, each with the team.
pub async fn active_in(conn: &mut PgConnection, teams: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Member)>> {
    let rows: Vec<InTeam> = query_as(
        "SELECT m.team_id, u.id, u.username, u.name, u.email, u.active, u.system_admin, u.must_change_password,
                u.session_epoch, m.roles
         FROM member m JOIN app_user u ON u.id = m.user_id
         WHERE m.team_id = ANY ($1) AND u.active ORDER BY u.username",
    )
    .bind(teams)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.team_id, row.member)).collect())
}

#[derive(FromRow)]
struct InTeam {
    team_id: Uuid,
    #[sqlx(flatten)]
    member: Member,
}

/// A page of a team's members by name; `search` is looked for in it and in the user's full name.
pub async fn list(
    conn: &mut PgConnection,
    team: Uuid,
    search: Option<&str>,
    page: &PageRequest,
) -> sqlx::Result<Page<Member>> {
    let mut total = 0;
    if page.counted {
        total = query_scalar(
            "SELECT count(*) FROM member m JOIN app_user u ON u.id = m.user_id WHERE m.team_id = $1
               AND ($2::text IS NULL OR position(lower($2) IN lower(u.username || ' ' || u.name)) > 0)",
        )
        .bind(team)
        .bind(search)
        .fetch_one(&mut *conn)
        .await?;
    }
    let rows = query_as(
        "SELECT u.id, u.username, u.name, u.email, u.active, u.system_admin, u.must_change_password,
                u.session_epoch, m.roles
         FROM member m JOIN app_user u ON u.id = m.user_id WHERE m.team_id = $1
           AND ($2::text IS NULL OR position(lower($2) IN lower(u.username || ' ' || u.name)) > 0)
           AND ($3::text IS NULL OR u.username > $3) ORDER BY u.username LIMIT $4",
    )
    .bind(team)
    .bind(search)
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(conn)
    .await?;
    Ok(page.page(rows, total, |member: &Member| member.user.username.clone()))
}

/// Makes the user a member with exactly these roles.
pub async fn set(conn: &mut PgConnection, team: Uuid, user: Uuid, roles: &[Role]) -> sqlx::Result<()> {
    query(
        "INSERT INTO member (team_id, user_id, roles) VALUES ($1, $2, $3)
         ON CONFLICT (team_id, user_id) DO UPDATE SET roles = excluded.roles",
    )
    .bind(team)
    .bind(user)
    .bind(roles)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a user out of a team and gives the roles that they had; none: they were no member.
pub async fn delete(conn: &mut PgConnection, team: Uuid, user: Uuid) -> sqlx::Result<Option<Vec<Role>>> {
    query_scalar("DELETE FROM member WHERE team_id = $1 AND user_id = $2 RETURNING roles")
        .bind(team)
        .bind(user)
        .fetch_optional(conn)
        .await
}
