//! Where reading begins.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::{
    LOOK_UP_COST, app, caller,
    page::{Connection, cost},
};
use crate::{
    access::{self, Action},
    error::Error,
    service,
    store::{self, page::PageRequest, team::Team, user::User},
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

    /// Who is signed in.
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(caller(ctx)?.user.clone())
    }

    /// The caller's teams; all of them for a system administrator.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn teams(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<Team>> {
        let caller = caller(ctx)?;
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        let own = (!caller.user.system_admin).then_some(caller.user.id);
        Ok(store::team::list(&mut conn, own, &page).await.map_err(Error::from)?.into())
    }

    /// One team.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    async fn team(&self, ctx: &Context<'_>, key: String) -> Result<Team> {
        let mut conn = app(ctx)?.read().await?;
        Ok(service::team::find(&mut conn, caller(ctx)?, &key, Action::Read).await?)
    }

    /// All users; for system administrators.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
    ) -> Result<Connection<User>> {
        let caller = caller(ctx)?;
        app(ctx)?.record_denial(caller, access::require_system_admin(caller, "list all users")).await?;
        let page = PageRequest::new(first, after)?;
        let mut conn = app(ctx)?.read().await?;
        Ok(store::user::list(&mut conn, &page).await.map_err(Error::from)?.into())
    }
}
