//! Signing in and staying so: the first admin, access tokens, refresh tokens that are replaced at each use.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{Request, client_key, password, token::TokenKeys},
    clock,
    error::{Error, Result},
    service::{audit, user as users},
    store::{
        audit::NewEntry,
        session::{self, RefreshToken},
        user::{self, NewUser, User},
    },
};

/// How long may a session rest before one has to sign in again?
const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long is a replaced refresh token still good, for two commands that run at once?
const REFRESH_GRACE: TimeDelta = TimeDelta::seconds(30);

/// What a signed-in caller holds.
pub struct Session {
    /// For requests, fifteen minutes.
    pub access_token: String,
    /// Until when.
    pub access_expires_at: DateTime<Utc>,
    /// For the next session.
    pub refresh_token: String,
    /// Who signed in.
    pub user: User,
}

/// Refuses a wrong bootstrap token before anything is hashed for it.
pub async fn check_bootstrap(conn: &mut PgConnection, token: &str) -> Result<()> {
    match session::bootstrap(conn).await? {
        Some(kept) if client_key::matches(token, &kept) => Ok(()),
        _ => Err(bootstrap_refused()),
    }
}

fn bootstrap_refused() -> Error {
    Error::Unauthenticated("the bootstrap token is not valid, or was used already".to_owned())
}

/// Makes the first admin. The token is good once, and of parallel tries one wins.
pub async fn bootstrap(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    token: &str,
    new: NewUser,
) -> Result<Session> {
    let kept = session::take_bootstrap(conn).await?.ok_or_else(bootstrap_refused)?;
    if !client_key::matches(token, &kept) {
        return Err(bootstrap_refused());
    }
    if user::any(conn).await? {
        return Err(Error::Conflict("there is an admin already".to_owned()));
    }
    let admin = user::insert(conn, &users::checked(NewUser { system_admin: true, ..new })?).await?;
    audit::record_stranger(conn, request, "bootstrap", &users::created(&admin)).await?;
    open(conn, keys, request, (admin, clock::new_id())).await
}

/// The user whose name and password these are. Hashing waits its turn, so no connection is held meanwhile.
pub async fn check_password(app: &App, username: &str, password: String) -> Result<Option<User>> {
    let found = user::secret(&mut *app.read().await?, username).await?;
    let (user, hash) = found.map(|secret| (secret.user, secret.password_hash)).unzip();
    let right = password::verify(password, hash).await?;
    Ok(user.filter(|user| right && user.active))
}

/// Signs in whom `check_password` found. The caller commits in any case: a failed try is recorded too.
pub async fn sign_in(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    username: &str,
    found: Option<User>,
) -> Result<Option<Session>> {
    let Some(user) = found else {
        let entry =
            NewEntry { action: "user.sign_in_failed", subject: "sign-in".to_owned(), ..NewEntry::default() };
        audit::record_stranger(conn, request, username, &entry).await?;
        return Ok(None);
    };
    let entry =
        NewEntry { action: "user.sign_in", subject: format!("user {username}"), ..NewEntry::default() };
    audit::record_stranger(conn, request, username, &entry).await?;
    open(conn, keys, request, (user, clock::new_id())).await.map(Some)
}

/// Exchanges a refresh token. The caller commits in any case: a token that was used before ends its family.
pub async fn refresh(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    token: &str,
) -> Result<Option<Session>> {
    let sha256 = client_key::sha256(token);
    let Some(kept) = session::lock(conn, &sha256).await? else { return Ok(None) };
    let reused = kept.replaced_at.is_some_and(|at| request.now - at > REFRESH_GRACE);
    let user = user::get(conn, kept.user_id).await?.filter(|user| user.active);
    let (Some(user), false, true) = (user, reused, request.now < kept.expires_at) else {
        if reused {
            tracing::warn!(user = %kept.user_id, "a refresh token was used twice; its sessions end");
        }
        session::end(conn, kept.family).await?;
        return Ok(None);
    };
    session::replace(conn, &sha256, request.now).await?;
    open(conn, keys, request, (user, kept.family)).await.map(Some)
}

/// Ends the session that a refresh token belongs to, wherever it was copied to.
pub async fn sign_out(conn: &mut PgConnection, token: &str) -> Result<Option<User>> {
    let Some(kept) = session::lock(conn, &client_key::sha256(token)).await? else { return Ok(None) };
    session::end(conn, kept.family).await?;
    Ok(user::get(conn, kept.user_id).await?)
}

async fn open(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    (user, family): (User, Uuid),
) -> Result<Session> {
    session::forget_expired(conn, request.now).await?;
    let (access_token, access_expires_at) = keys.sign(user.id, request.now)?;
    let refresh_token = format!("fgr_{}", URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
    let kept = RefreshToken {
        family,
        user_id: user.id,
        expires_at: request.now + REFRESH_LIFETIME,
        replaced_at: None,
    };
    session::insert(conn, &client_key::sha256(&refresh_token), &kept, request.now).await?;
    Ok(Session { access_token, access_expires_at, refresh_token, user })
}
