//! Users: made by system administrators, never deleted.

use sqlx::PgConnection;

use crate::{
    access,
    auth::Caller,
    error::Result,
    service::{audit, key},
    store::{
        audit::NewEntry,
        user::{self, NewUser, User},
    },
};

/// Makes a user; the password is hashed already, outside the transaction.
pub async fn create(conn: &mut PgConnection, caller: &Caller, new: NewUser) -> Result<User> {
    access::require_system_admin(caller, "make users")?;
    let new = checked(new)?;
    let user = user::insert(conn, &new).await?;
    audit::record(conn, caller, &created(&user)).await?;
    Ok(user)
}

/// The user with its texts checked.
pub fn checked(new: NewUser) -> Result<NewUser> {
    key::check("username", &new.username)?;
    let name = key::text("name", Some(new.name))?.unwrap_or_else(|| new.username.clone());
    Ok(NewUser { name, email: key::text("email", new.email)?, ..new })
}

/// The audit's entry for a new user.
pub fn created(user: &User) -> NewEntry<'static> {
    NewEntry {
        action: "user.create",
        subject: format!("user {}", user.username),
        after: Some(
            serde_json::json!({"name": user.name, "email": user.email, "systemAdmin": user.system_admin}),
        ),
        ..NewEntry::default()
    }
}
