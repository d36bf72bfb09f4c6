//! Signing in and out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{LOGIN_COST, app, request, whoever};
use crate::{
    access,
    app::App,
    error::Error,
    service::session::{self, Session as Signed},
    store::user::{NewUser, User},
};

/// What a signed-in caller holds.
#[derive(SimpleObject)]
pub struct Session {
    access_token: String,
    access_expires_at: DateTime<Utc>,
    refresh_token: String,
    user: User,
}

impl From<Signed> for Session {
    fn from(signed: Signed) -> Session {
        let Signed { access_token, access_expires_at, refresh_token, user } = signed;
        Session { access_token, access_expires_at, refresh_token, user }
    }
}

#[derive(InputObject)]
pub struct BootstrapInput {
    token: String,
    username: String,
    password: String,
    name: Option<String>,
}

#[derive(InputObject)]
pub struct SignInInput {
    username: String,
    password: String,
}

#[derive(InputObject)]
pub struct RefreshSessionInput {
    refresh_token: String,
}

#[derive(InputObject)]
pub struct SignOutInput {
    refresh_token: String,
}

#[derive(InputObject)]
pub struct ChangePasswordInput {
    old_password: String,
    new_password: String,
}

/// Counts who did not prove who they are, and who was not let try.
fn counted<T>(app: &App, result: Result<T, Error>) -> Result<T, Error> {
    match &result {
        Err(Error::Unauthenticated(_)) => app.metrics.sign_in_failures("wrong").increment(1),
        Err(Error::Limited { .. }) => app.metrics.sign_in_failures("limited").increment(1),
        _ => {}
    }
    result
}

/// Refuses dry runs: a session is there or not.
fn in_earnest(ctx: &Context<'_>) -> Result<()> {
    match request(ctx)?.dry_run {
        true => Err(Error::invalid("dryRun", "goes with no session and no password").into()),
        false => Ok(()),
    }
}

/// Signing in and out.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Makes the first admin with the one-time token that the first start wrote.
    #[graphql(complexity = "LOGIN_COST")]
    async fn bootstrap(&self, ctx: &Context<'_>, input: BootstrapInput) -> Result<Session> {
        in_earnest(ctx)?;
        let (app, request) = (app(ctx)?, request(ctx)?);
        let checked = session::check_bootstrap(&mut *app.read().await?, request, &input.token).await;
        counted(app, checked)?;
        let new = NewUser {
            password_hash: app.passwords.hash("password", input.password).await?,
            name: input.name.unwrap_or_else(|| input.username.clone()),
            username: input.username,
            email: None,
            system_admin: true,
        };
        let mut tx = app.begin().await?;
        let session = session::bootstrap(&mut tx, &app.tokens, request, &input.token, new).await?;
        tx.commit().await?;
        Ok(session.into())
    }

    /// Signs in with a password.
    #[graphql(complexity = "LOGIN_COST")]
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<Session> {
        in_earnest(ctx)?;
        let (app, request) = (app(ctx)?, request(ctx)?);
        let found =
            counted(app, session::check_password(app, request, &input.username, input.password).await)?;
        let mut tx = app.begin().await?;
        let session = session::sign_in(&mut tx, &app.tokens, request, &input.username, found).await;
        let session = counted(app, session)?;
        tx.commit().await?;
        let wrong = || Error::Unauthenticated("wrong username or password".to_owned());
        Ok(counted(app, session.ok_or_else(wrong))?.into())
    }

    /// Changes one's own password. All sessions end but the one that this gives.
    #[graphql(complexity = "LOGIN_COST")]
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<Session> {
        in_earnest(ctx)?;
        let (app, caller) = (app(ctx)?, whoever(ctx)?);
        app.record_denial(caller, access::require_person(caller, "change passwords")).await?;
        if input.new_password == input.old_password {
            return Err(Error::invalid("newPassword", "must differ from the old one").into());
        }
        let (request, username) = (&caller.request, &caller.user.username);
        let found = counted(app, session::check_password(app, request, username, input.old_password).await)?;
        let hash = match found {
            Some(_) => Some(app.passwords.hash("newPassword", input.new_password).await?),
            None => None,
        };
        let mut tx = app.begin().await?;
        let session = counted(app, session::change_password(&mut tx, &app.tokens, caller, hash).await)?;
        tx.commit().await?;
        let wrong = || {
            app.metrics.sign_in_failures("wrong").increment(1);
            Error::invalid("oldPassword", "is not your password")
        };
        Ok(session.ok_or_else(wrong)?.into())
    }

    /// Exchanges a refresh token for a new session. The former one is good for another 30 seconds.
    #[graphql(complexity = "LOGIN_COST")]
    async fn refresh_session(&self, ctx: &Context<'_>, input: RefreshSessionInput) -> Result<Session> {
        in_earnest(ctx)?;
        let (app, request) = (app(ctx)?, request(ctx)?);
        let mut tx = app.begin().await?;
        let session = session::refresh(&mut tx, &app.tokens, request, &input.refresh_token).await?;
        tx.commit().await?;
        let ended = || Error::Unauthenticated("the session has ended; sign in again".to_owned());
        Ok(session.ok_or_else(ended)?.into())
    }

    /// Ends the session that a refresh token belongs to.
    #[graphql(complexity = "LOGIN_COST")]
    async fn sign_out(&self, ctx: &Context<'_>, input: SignOutInput) -> Result<User> {
        in_earnest(ctx)?;
        let (app, request) = (app(ctx)?, request(ctx)?);
        let mut tx = app.begin().await?;
        let user = session::sign_out(&mut tx, request, &input.refresh_token).await?;
        tx.commit().await?;
        let ended = || Error::Unauthenticated("the session has ended already".to_owned());
        Ok(user.ok_or_else(ended)?)
    }
}
