//! Signing in and staying so: the first admin, access tokens, refresh tokens that are replaced at each use.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{Caller, Request, secret, token::TokenKeys},
    clock,
    error::{Error, Result},
    service::{
        audit,
        throttle::{self, Tries},
        user as users,
    },
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

/// How a refresh token begins.
const REFRESH_PREFIX: &str = "fgr_";

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
pub async fn check_bootstrap(conn: &mut PgConnection, request: &Request, token: &str) -> Result<()> {
    match session::bootstrap(conn).await? {
        Some(kept) if secret::matches(token, &kept) => Ok(()),
        _ => {
            if let Some(failures) = throttle::wrong_secret(conn, "bootstrap", request).await? {
                let entry = failed("user.bootstrap_failed", failures);
                audit::record_stranger(conn, request, "bootstrap", &entry).await?;
            }
            Err(bootstrap_refused())
        }
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
    if !secret::matches(token, &kept) {
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
pub async fn check_password(
    app: &App,
    request: &Request,
    username: &str,
    password: String,
) -> Result<Option<User>> {
    let found = {
        let mut conn = app.read().await?;
        throttle::check(&mut conn, &Tries::of(username, request)).await?;
        user::secret(&mut conn, username).await?
    };
    let (user, hash) = found.map(|secret| (secret.user, secret.password_hash)).unzip();
    let right = app.passwords.verify(password, hash).await?;
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
    let tries = Tries::of(username, request);
    throttle::check_alone(conn, &tries).await?;
    // What ended all sessions while the password was hashed ends this one before it begins.
    let user = match found {
        Some(found) => user::hold(conn, found.id)
            .await?
            .filter(|now| now.active && now.session_epoch == found.session_epoch),
        None => None,
    };
    let Some(user) = user else {
        if let Some(failures) = throttle::failed(conn, &tries).await? {
            audit::record_stranger(conn, request, username, &failed("user.sign_in_failed", failures)).await?;
        }
        return Ok(None);
    };
    throttle::succeeded(conn, &tries).await?;
    let entry =
        NewEntry { action: "user.sign_in", subject: format!("user {username}"), ..NewEntry::default() };
    audit::record_stranger(conn, request, username, &entry).await?;
    open(conn, keys, request, (user, clock::new_id())).await.map(Some)
}

/// Sets one's own password, hashed already; without a hash the old one was wrong. All sessions end, and a new one begins.
/// The caller commits in any case.
pub async fn change_password(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    caller: &Caller,
    hash: Option<String>,
) -> Result<Option<Session>> {
    let username = &caller.user.username;
    let tries = Tries::of(username, &caller.request);
    throttle::check_alone(conn, &tries).await?;
    let Some(hash) = hash else {
        if let Some(failures) = throttle::failed(conn, &tries).await? {
            audit::record(conn, caller, &failed("user.change_password_failed", failures)).await?;
        }
        return Ok(None);
    };
    let same = |now: &User| now.active && now.session_epoch == caller.user.session_epoch;
    let Some(user) = user::lock(conn, username).await?.filter(same) else {
        return Err(Error::Unauthenticated("the session has ended; sign in again".to_owned()));
    };
    throttle::succeeded(conn, &tries).await?;
    let user = user::set_password(conn, user.id, &hash, false).await?;
    session::end_all(conn, user.id).await?;
    let entry = NewEntry {
        action: "user.change_password",
        subject: format!("user {username}"),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    open(conn, keys, &caller.request, (user, clock::new_id())).await.map(Some)
}

/// The audit's entry for a wrong password or secret; `failures` says how many there were of late.
fn failed(action: &str, failures: i32) -> NewEntry<'_> {
    let after = Some(serde_json::json!({"failures": failures}));
    NewEntry { action, subject: "sign-in".to_owned(), after, ..NewEntry::default() }
}

/// Exchanges a refresh token. The caller commits in any case: a token that was used before ends its family.
pub async fn refresh(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    token: &str,
) -> Result<Option<Session>> {
    let sha256 = secret::sha256(token);
    // The user first, then the family: in this order whatever ends all sessions of a user locks them too.
    let user = match session::owner(conn, &sha256).await? {
        Some(owner) => user::hold(conn, owner).await?.filter(|user| user.active),
        None => None,
    };
    let Some(kept) = session::lock(conn, &sha256).await? else {
        let failures = throttle::wrong_secret(conn, "refresh", request).await?;
        // What looks like no token at all is a mistake.
        if let Some(failures) = failures.filter(|_| is_refresh_token(token)) {
            let entry = failed("user.refresh_failed", failures);
            audit::record_stranger(conn, request, "unknown", &entry).await?;
        }
        return Ok(None);
    };
    let reused = kept.replaced_at.is_some_and(|at| request.now - at > REFRESH_GRACE);
    let (Some(user), false, true) = (user, reused, request.now < kept.expires_at) else {
        if reused {
            tracing::warn!(user = %kept.user_id, "a refresh token was used twice; its sessions end");
            if let Some(owner) = user::get(conn, kept.user_id).await? {
                let entry = ended("user.refresh_reused", &owner);
                audit::record_stranger(conn, request, &owner.username, &entry).await?;
            }
        }
        session::end(conn, kept.family).await?;
        return Ok(None);
    };
    session::replace(conn, &sha256, request.now).await?;
    open(conn, keys, request, (user, kept.family)).await.map(Some)
}

/// Ends the session that a refresh token belongs to, wherever it was copied to.
pub async fn sign_out(conn: &mut PgConnection, request: &Request, token: &str) -> Result<Option<User>> {
    let Some(kept) = session::lock(conn, &secret::sha256(token)).await? else { return Ok(None) };
    session::end(conn, kept.family).await?;
    let owner = user::get(conn, kept.user_id).await?;
    if let Some(owner) = &owner {
        let entry = ended("user.sign_out", owner);
        audit::record_stranger(conn, request, &owner.username, &entry).await?;
    }
    Ok(owner)
}

/// The audit's entry for a session that ends.
fn ended<'a>(action: &'a str, owner: &User) -> NewEntry<'a> {
    NewEntry { action, subject: format!("user {}", owner.username), ..NewEntry::default() }
}

/// Whether a text has the form of a refresh token.
fn is_refresh_token(text: &str) -> bool {
    text.strip_prefix(REFRESH_PREFIX).is_some_and(|secret| secret.len() == 43)
}

async fn open(
    conn: &mut PgConnection,
    keys: &TokenKeys,
    request: &Request,
    (user, family): (User, Uuid),
) -> Result<Session> {
    let (access_token, access_expires_at) = keys.sign(conn, &user, request.now).await?;
    let refresh_token = format!("{REFRESH_PREFIX}{}", URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
    let kept = RefreshToken {
        family,
        user_id: user.id,
        expires_at: request.now + REFRESH_LIFETIME,
        replaced_at: None,
    };
    session::insert(conn, &secret::sha256(&refresh_token), &kept, request.now).await?;
    Ok(Session { access_token, access_expires_at, refresh_token, user })
}
