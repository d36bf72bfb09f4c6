//! Where reading begins.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    LOOK_UP_COST, app, caller,
    page::{Connection, cost, request},
    whoever,
};
use crate::{
    access::{self, Action},
    error::Error,
    service::{self, key, log::LogFilter},
    store::{
        self,
        audit::{AuditEntry, AuditFilter},
        page::PageRequest,
        signing_key::SigningKey,
        team::{Team, TeamFilter},
        token::Token,
        user::{User, UserFilter},
    },
};

/// The query root.
#[derive(Default)]
pub struct Query;

/// The server itself; needs no sign-in.
#[derive(SimpleObject)]
struct Server {
    /// Its version.
    version: &'static str,
    /// Whether there is an admin already.
    bootstrapped: bool,
    /// The newest revision of what is served.
    revision: i64,
}

#[Object]
impl Query {
    /// The server itself; needs no sign-in.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn server(&self, ctx: &Context<'_>) -> Result<Server> {
        let mut conn = app(ctx)?.read().await?;
        let bootstrapped = store::user::any(&mut conn).await.map_err(Error::from)?;
        let head = store::delivery::head(&mut conn).await.map_err(Error::from)?;
        Ok(Server { version: env!("CARGO_PKG_VERSION"), bootstrapped, revision: head.revision })
    }

    /// Who is signed in; with a token, the person for whom it acts.
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(whoever(ctx)?.user.clone())
    }

    /// The token that the caller acts with; none for a person.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn token(&self, ctx: &Context<'_>) -> Result<Option<Token>> {
        Ok(whoever(ctx)?.token.clone())
    }

    /// The caller's teams, for a system administrator all there are: those that are not archived, or only those that are.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn teams(
        &self,
        ctx: &Context<'_>,
        archived: Option<bool>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Team>> {
        let caller = caller(ctx)?;
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let own = (!caller.user.system_admin).then(|| caller.teams());
        let filter = TeamFilter { among: own.as_deref(), archived: Some(archived.unwrap_or(false)) };
        Ok(store::team::list(&mut conn, filter, &page).await.map_err(Error::from)?.into())
    }

    /// One team.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn team(&self, ctx: &Context<'_>, key: String) -> Result<Team> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::team::find(&mut conn, caller(ctx)?, &key, Action::Read).await?)
    }

    /// The keys of access tokens, the newest first; for system administrators.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn signing_keys(&self, ctx: &Context<'_>) -> Result<Vec<SigningKey>> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let keys = service::signing_key::list(&mut *app.read().await?, caller).await;
        Ok(app.record_denial(caller, keys).await?)
    }

    /// What the server that answers logs; for system administrators.
    async fn log_filter(&self, ctx: &Context<'_>) -> Result<LogFilter> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        Ok(app.record_denial(caller, service::log::see(&app.logs, caller)).await?)
    }

    /// What was done outside of all teams, the newest first: who signed in or failed to, users, signing keys, log filters;
    /// for system administrators. `action` is how it begins.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        actor: Option<String>,
        action: Option<String>,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<AuditEntry>> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let allowed = access::require_system_admin(caller, "read the audit of no team");
        app.record_denial(caller, allowed).await?;
        let page = request(ctx, first, after)?;
        key::check_instant("since", since)?;
        key::check_instant("until", until)?;
        let filter = AuditFilter { actor, action, since, until, ..AuditFilter::default() };
        Ok(store::audit::list(&mut *app.read().await?, None, &filter, &page).await?.into())
    }

    /// One user: for system administrators, and for whoever is in a team with them.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn user(&self, ctx: &Context<'_>, username: String) -> Result<User> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::user::find(&mut conn, caller(ctx)?, &username).await?)
    }

    /// All users by name; for system administrators. `search` is looked for in username, name and email.
    #[graphql(complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        active: Option<bool>,
        search: Option<String>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<User>> {
        let caller = caller(ctx)?;
        app(ctx)?.record_denial(caller, access::require_system_admin(caller, "list all users")).await?;
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let filter = UserFilter { active, search };
        Ok(store::user::list(&mut conn, &filter, &page).await.map_err(Error::from)?.into())
    }
}
