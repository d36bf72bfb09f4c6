//! The admin API: thin resolvers. Reads go to the store, writes to the services.

mod change;
mod client;
mod context_key;
mod environment;
mod feature;
pub(crate) mod loader;
mod log;
mod mutation;
mod page;
mod pipeline;
mod policy;
mod query;
mod session;
mod signing_key;
pub(crate) mod size;
mod stage;
mod team;
mod user;
mod version;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, MaybeUndefined, Schema};

use self::{mutation::Mutation, query::Query};
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
pub(crate) type AdminSchema = Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema with its limits.
pub(crate) fn schema() -> AdminSchema {
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(MAX_DIRECTIVES)
        .finish()
}

/// The schema as text, as it is committed for clients.
pub fn sdl() -> String {
    schema().sdl()
}

/// Who calls: nobody, or why the credentials are refused, or a user.
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
    if caller.user.must_change_password {
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
