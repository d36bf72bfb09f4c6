//! The admin API: thin resolvers. Reads go to the store, writes to the services.

mod change;
mod client;
mod context_key;
mod each_event;
mod environment;
mod evaluation;
mod feature;
pub(crate) mod loader;
mod log;
mod mutation;
mod page;
mod pipeline;
mod policy;
mod proposal;
mod query;
mod session;
mod signing_key;
pub(crate) mod size;
mod stage;
mod subscription;
mod team;
mod token;
mod user;
mod version;

use std::sync::Arc;

use async_graphql::{Context, MaybeUndefined, Schema, SchemaBuilder};

use self::{each_event::EachEvent, mutation::Mutation, query::Query, subscription::Subscription};
use crate::{
    app::App,
    auth::{Caller, Request},
    error::{Error, Result},
};

/// How deep may a query nest?
const MAX_DEPTH: usize = 12;
/// How much may a query ask for? A field costs one; page sizes multiply.
const MAX_COMPLEXITY: usize = 20_000;
/// What looking one thing up costs: a statement or two each, so an operation affords some two hundred.
const LOOK_UP_COST: usize = MAX_COMPLEXITY / 200;
/// What trying a secret costs: an operation affords one.
const LOGIN_COST: usize = MAX_COMPLEXITY / 2 + 1;
/// How many directives may a field have?
const MAX_DIRECTIVES: usize = 8;

/// The schema's type.
pub(crate) type AdminSchema = Schema<Query, Mutation, Subscription>;

/// Builds the schema with its limits.
pub(crate) fn schema() -> AdminSchema {
    limited().finish()
}

/// The schema for sockets, whose events each have the caller and the time of their own.
pub(crate) fn live_schema() -> AdminSchema {
    limited().extension(EachEvent).finish()
}

fn limited() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation::default(), Subscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(MAX_DIRECTIVES)
}

/// The schema as text, as it is committed for clients.
pub fn sdl() -> String {
    schema().sdl()
}

/// Who calls: nobody, or why the credentials are refused, or a user, or a token for one.
pub(crate) type Identity = Result<Caller, String>;

/// What an edit makes of a field: null empties it, what is absent stays.
fn emptied<T: Default>(given: MaybeUndefined<T>) -> Option<T> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(T::default()),
        MaybeUndefined::Value(value) => Some(value),
    }
}

fn app<'c>(ctx: &Context<'c>) -> Result<&'c Arc<App>> {
    ctx.data::<Arc<App>>().map_err(|e| Error::Internal(anyhow::anyhow!("no app: {}", e.message)))
}

fn request<'c>(ctx: &Context<'c>) -> Result<&'c Request> {
    ctx.data::<Request>().map_err(|e| Error::Internal(anyhow::anyhow!("no request: {}", e.message)))
}

/// Who calls, with a password that nobody else knows: what everything but a new password asks for.
fn caller<'c>(ctx: &Context<'c>) -> Result<&'c Caller> {
    let caller = whoever(ctx)?;
    // A token knows no password, and none that somebody else knows.
    if caller.token.is_none() && caller.user.must_change_password {
        return Err(Error::Forbidden {
            message: "change your password first: somebody else has set it".to_owned(),
            hint: Some("until then only `me` and `changePassword` are answered".to_owned()),
            team: None,
        });
    }
    Ok(caller)
}

/// Who calls, even one who has to change the password first.
fn whoever<'c>(ctx: &Context<'c>) -> Result<&'c Caller> {
    match ctx.data::<Identity>() {
        Ok(Ok(caller)) => Ok(caller),
        Ok(Err(why)) => Err(Error::Unauthenticated(why.clone())),
        Err(_) => Err(Error::Unauthenticated("sign in first".to_owned())),
    }
}
