//! Signing keys of access tokens: seen and rotated by system administrators.

use sqlx::PgConnection;

use crate::{
    access,
    auth::{Caller, token::TokenKeys},
    error::Result,
    service::{audit, start},
    store::{
        audit::NewEntry,
        signing_key::{self, SigningKey},
    },
};

/// The keys that sign or verify, the newest first.
pub async fn list(conn: &mut PgConnection, caller: &Caller) -> Result<Vec<SigningKey>> {
    access::require_system_admin(caller, "see signing keys")?;
    let now = caller.request.now;
    let mut keys = signing_key::list(conn).await?;
    keys.retain(|key| TokenKeys::verifies_until(key.retired_at).is_none_or(|end| now < end));
    Ok(keys)
}

/// Makes the key that signs from now on. The others verify until their tokens have ended, or no longer at all: then
/// everybody's next request is refused and their refresh token gets them a new session.
pub async fn rotate(
    conn: &mut PgConnection,
    tokens: &TokenKeys,
    caller: &Caller,
    end_others: bool,
) -> Result<SigningKey> {
    access::require_system_admin(caller, "rotate signing keys")?;
    let now = caller.request.now;
    // One at a time, and not while a replica makes the first one.
    start::lock(conn).await?;
    let before = signing_key::signing(conn).await?.map(|key| key.kid);
    signing_key::retire(conn, now).await?;
    if end_others {
        signing_key::remove(conn, now).await?;
    }
    let (kid, sealed) = tokens.new_key()?;
    let made = signing_key::insert(conn, (&kid, &sealed), now).await?;
    let entry = NewEntry {
        action: "signing_key.rotate",
        subject: format!("signing key {kid}"),
        before: Some(serde_json::json!({"kid": before})),
        after: Some(serde_json::json!({"kid": kid, "endOthers": end_others})),
        ..NewEntry::default()
    };
    audit::record(conn, caller, &entry).await?;
    Ok(made)
}
