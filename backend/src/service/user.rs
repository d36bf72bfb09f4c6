//! Users: made by system administrators, never deleted.

use sqlx::PgConnection;

use crate::{
    access,
    auth::Caller,
    error::{Error, Result},
    service::{audit, key},
    store::{
        audit::NewEntry,
        change, member, session,
        user::{self, NewUser, User},
    },
};

/// What to edit; what is absent stays.
pub struct Edit {
    /// The name that people read; the username when blank.
    pub name: Option<String>,
    /// Another address, or none.
    pub email: Option<Option<String>>,
    /// Whether they are a system administrator.
    pub system_admin: Option<bool>,
}

/// Finds a user whom the caller sees: oneself, people of one's teams, everybody for a system administrator.
pub async fn find(conn: &mut PgConnection, caller: &Caller, username: &str) -> Result<User> {
    if let Some(user) = user::by_username(conn, username).await? {
        let seen = caller.user.system_admin || caller.user.id == user.id;
        if seen || user::is_in(conn, user.id, &caller.teams()).await? {
            return Ok(user);
        }
    }
    Err(missing(conn, caller, username).await?)
}

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
        after: Some(told(user)),
        ..NewEntry::default()
    }
}

/// Edits oneself, or anybody for a system administrator.
pub async fn edit(conn: &mut PgConnection, caller: &Caller, username: &str, edit: Edit) -> Result<User> {
    access::require_person(caller, "edit users")?;
    if username != caller.user.username {
        access::require_system_admin(caller, "edit other users")?;
    }
    if edit.system_admin.is_some_and(|wanted| wanted && !caller.user.system_admin) {
        access::require_system_admin(caller, "make system administrators")?;
    }
    let demotes = edit.system_admin == Some(false);
    let admins = if demotes { user::lock_admins(conn, username).await? } else { Vec::new() };
    let before = lock(conn, caller, username).await?;
    let name = match edit.name {
        Some(name) => key::text("name", Some(name))?.unwrap_or_else(|| before.username.clone()),
        None => before.name.clone(),
    };
    let email = match edit.email {
        Some(email) => key::text("email", email)?,
        None => before.email.clone(),
    };
    let system_admin = edit.system_admin.unwrap_or(before.system_admin);
    let after = User { name, email, system_admin, ..before.clone() };
    if after == before {
        return Ok(before);
    }
    if admins == [before.id] {
        return Err(last_admin(username));
    }
    user::update(conn, &after).await?;
    let entry =
        NewEntry { before: Some(told(&before)), after: Some(told(&after)), ..entry("user.edit", username) };
    audit::record(conn, caller, &entry).await?;
    Ok(after)
}

/// Lets a user sign in, or no longer: then all their sessions end, on every replica with the next request.
pub async fn set_active(
    conn: &mut PgConnection,
    caller: &Caller,
    username: &str,
    active: bool,
) -> Result<User> {
    access::require_system_admin(caller, "activate or deactivate users")?;
    if !active && username == caller.user.username {
        return Err(Error::Conflict(
            "nobody deactivates themselves: ask another system administrator".to_owned(),
        ));
    }
    let admins = if active { Vec::new() } else { user::lock_admins(conn, username).await? };
    let before = lock(conn, caller, username).await?;
    if before.active == active {
        return Ok(before);
    }
    if admins == [before.id] {
        return Err(last_admin(username));
    }
    user::set_active(conn, before.id, active).await?;
    session::end_all(conn, before.id).await?;
    if active {
        // Their votes count again.
        for membership in member::of_user(conn, before.id).await? {
            change::look_again(conn, membership.team_id, caller.request.now).await?;
        }
    }
    let action = if active { "user.activate" } else { "user.deactivate" };
    audit::record(conn, caller, &entry(action, username)).await?;
    Ok(User { active, session_epoch: before.session_epoch + 1, ..before })
}

/// Gives somebody a password that they have to change; it is hashed already. All their sessions end.
pub async fn reset_password(
    conn: &mut PgConnection,
    caller: &Caller,
    username: &str,
    hash: &str,
) -> Result<User> {
    access::require_system_admin(caller, "reset passwords")?;
    if username == caller.user.username {
        let own = "one's own password is changed with changePassword, which asks for the old one";
        return Err(Error::Conflict(own.to_owned()));
    }
    let before = lock(conn, caller, username).await?;
    let after = user::set_password(conn, before.id, hash, true).await?;
    session::end_all(conn, after.id).await?;
    audit::record(conn, caller, &entry("user.reset_password", username)).await?;
    Ok(after)
}

async fn lock(conn: &mut PgConnection, caller: &Caller, username: &str) -> Result<User> {
    match user::lock(conn, username).await? {
        Some(user) => Ok(user),
        None => Err(missing(conn, caller, username).await?),
    }
}

/// The names of all users are for system administrators.
async fn missing(conn: &mut PgConnection, caller: &Caller, username: &str) -> Result<Error> {
    let names = if caller.user.system_admin { user::names(conn).await? } else { Vec::new() };
    Ok(Error::not_found("user", username, names))
}

fn last_admin(username: &str) -> Error {
    Error::Conflict(format!(
        "{username} is the last system administrator who may sign in: make another one first"
    ))
}

fn entry<'a>(action: &'a str, username: &str) -> NewEntry<'a> {
    NewEntry { action, subject: format!("user {username}"), ..NewEntry::default() }
}

/// What the audit tells of a user.
fn told(user: &User) -> serde_json::Value {
    serde_json::json!({"name": user.name, "email": user.email, "systemAdmin": user.system_admin})
}
