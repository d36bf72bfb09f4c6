//! Who calls, by what they present: the same for every transport.

use crate::{
    app::App,
    auth::{Caller, Request},
    error::{Error, Result},
    store,
};

/// Who a token speaks for, with the roles that hold now.
pub async fn identify(app: &App, token: &str, request: &Request) -> Result<Caller> {
    let refused = |why: &str| Error::Unauthenticated(why.to_owned());
    let bearer = app.tokens.check(&app.pool, token, request.now).await?;
    let mut conn = app.read().await?;
    let user = store::user::get(&mut conn, bearer.user).await?.filter(|user| user.active);
    let user = user.ok_or_else(|| refused("the user was deactivated"))?;
    if user.session_epoch != bearer.epoch {
        return Err(refused("the session has ended; sign in again"));
    }
    let memberships = store::member::of_user(&mut conn, user.id).await?;
    Ok(Caller { user, memberships, request: request.clone(), until: bearer.until })
}
