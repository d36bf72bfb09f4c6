//! Who calls, by what they present: the same for every transport.

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::{
    app::App,
    auth::{
        Caller, Request,
        secret::{self, KeyKind},
    },
    error::{Error, Result},
    store::{
        self,
        member::Membership,
        token::{self, TokenState},
        user::User,
    },
};

/// How exactly is it noted when a token was last used?
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Who a bearer's text speaks for, with the roles that hold now: an access token for a user, a token's key for a robot.
pub async fn identify(app: &App, bearer: &str, request: &Request) -> Result<Caller> {
    if KeyKind::Token.is_of(bearer) {
        return robot(&mut *app.read().await?, bearer, request).await;
    }
    let bearer = app.tokens.check(&app.pool, bearer, request.now).await?;
    let mut conn = app.read().await?;
    let found = store::member::user_with_teams(&mut conn, bearer.user).await?;
    let (user, memberships) =
        found.filter(|(user, _)| user.active).ok_or_else(|| refused("the user was deactivated"))?;
    if user.session_epoch != bearer.epoch {
        return Err(refused("the session has ended; sign in again"));
    }
    Ok(Caller { user, token: None, memberships, request: request.clone(), until: bearer.until })
}

/// The robot whose key it is, with its token's roles and no other right of its owner. A key cannot be guessed, so a wrong
/// one costs a look at an index and no delay.
async fn robot(conn: &mut PgConnection, key: &str, request: &Request) -> Result<Caller> {
    let found = match KeyKind::Token.id_in(key) {
        Some(id) => token::by_key(conn, id, request.now).await?,
        None => None,
    };
    let known = found.filter(|found| secret::matches(key, &found.sha256));
    let unknown = || refused("the token's key is not valid: it is wrong, or was revoked or replaced");
    let token::TokenSecret { token, team_key, .. } = known.ok_or_else(unknown)?;
    let (name, owner) = (&token.mandate.name, &token.owner);
    match token.mandate.state(request.now) {
        TokenState::Active => {}
        TokenState::Revoked => return Err(unknown()),
        TokenState::Expired => {
            return Err(refused(&format!("the token {name} of {owner} has expired: make another one")));
        }
        TokenState::Suspended => {
            let why = "who was deactivated, or is not in the team any more";
            return Err(refused(&format!("the token {name} acts for {owner}, {why}")));
        }
    }
    let missing = || Error::Internal(anyhow::anyhow!("a token without its owner"));
    let owner = store::user::get(conn, token.owner_id).await?.ok_or_else(missing)?;
    if token.last_used_at.is_none_or(|at| request.now - at >= USED_EVERY) {
        token::set_used(conn, token.mandate.id, request.now).await?;
    }
    Ok(Caller {
        user: User { system_admin: false, ..owner },
        memberships: vec![Membership {
            team_id: token.team_id,
            team_key,
            roles: token.mandate.roles.clone(),
        }],
        until: token.mandate.expires_at,
        token: Some(token),
        request: request.clone(),
    })
}

fn refused(why: &str) -> Error {
    Error::Unauthenticated(why.to_owned())
}
