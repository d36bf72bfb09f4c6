//! Users and members.

use async_graphql::{ComplexObject, Context, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::{
    app, caller,
    loader::{MembershipsOf, load},
    whoever,
};
use crate::{
    access, service,
    store::{
        member::{Member, Role},
        user::{NewUser, User},
    },
};

/// A user's place in a team.
#[derive(SimpleObject)]
pub struct Membership {
    team: String,
    roles: Vec<Role>,
}

#[ComplexObject]
impl User {
    /// Told to the user and to system administrators: whoever adds members learns no address by it.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        self.email.as_deref().filter(|_| tells_all(ctx, self))
    }

    /// Whether nothing but changing the password is allowed; told to the user and to system administrators.
    async fn must_change_password(&self, ctx: &Context<'_>) -> Option<bool> {
        tells_all(ctx, self).then_some(self.must_change_password)
    }

    /// The teams of the caller; of others only as far as the caller sees them too.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        let all = load(ctx, MembershipsOf(self.id)).await?.unwrap_or_default();
        let visible = |team| match whoever(ctx) {
            Ok(caller) => caller.sees(team),
            // Somebody who is just signing in sees their own.
            Err(_) => true,
        };
        let mine = all.into_iter().filter(|m| visible(m.team_id));
        Ok(mine.map(|m| Membership { team: m.team_key, roles: m.roles }).collect())
    }
}

/// Whether everything about a user is told to the caller.
fn tells_all(ctx: &Context<'_>, user: &User) -> bool {
    match whoever(ctx) {
        Ok(caller) => caller.user.system_admin || caller.user.id == user.id,
        // Somebody who is just signing in.
        Err(_) => true,
    }
}

#[Object]
impl Member {
    async fn user(&self) -> &User {
        &self.user
    }

    async fn roles(&self) -> &[Role] {
        &self.roles
    }
}

#[derive(InputObject)]
pub struct CreateUserInput {
    username: String,
    password: String,
    name: Option<String>,
    email: Option<String>,
    system_admin: Option<bool>,
}

#[derive(InputObject)]
pub struct EditUserInput {
    username: String,
    /// The username when blank.
    name: Option<String>,
    /// Null removes it.
    email: MaybeUndefined<String>,
    system_admin: Option<bool>,
}

#[derive(InputObject)]
pub struct SetUserActiveInput {
    username: String,
    active: bool,
}

#[derive(InputObject)]
pub struct ResetPasswordInput {
    username: String,
    /// Good for signing in, and then to be changed.
    password: String,
}

#[derive(InputObject)]
pub struct SetMemberInput {
    team: String,
    username: String,
    roles: Vec<Role>,
}

#[derive(InputObject)]
pub struct RemoveMemberInput {
    team: String,
    username: String,
}

/// Users and members.
#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Makes a user who may sign in.
    async fn create_user(&self, ctx: &Context<'_>, input: CreateUserInput) -> Result<User> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        // Hashing takes long, so only for those who may, and outside the transaction.
        app.record_denial(caller, access::require_system_admin(caller, "make users")).await?;
        let new = NewUser {
            password_hash: app.passwords.hash("password", input.password).await?,
            name: input.name.unwrap_or_else(|| input.username.clone()),
            username: input.username,
            email: input.email,
            system_admin: input.system_admin.unwrap_or(false),
        };
        let mut tx = app.begin().await?;
        let result = service::user::create(&mut tx, caller, new).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Edits oneself, or anybody for a system administrator; what is absent stays.
    async fn edit_user(&self, ctx: &Context<'_>, input: EditUserInput) -> Result<User> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let edit = service::user::Edit {
            name: input.name,
            email: input.email.into(),
            system_admin: input.system_admin,
        };
        let mut tx = app.begin().await?;
        let result = service::user::edit(&mut tx, caller, &input.username, edit).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Lets a user sign in, or no longer: then all their sessions end at once.
    async fn set_user_active(&self, ctx: &Context<'_>, input: SetUserActiveInput) -> Result<User> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::user::set_active(&mut tx, caller, &input.username, input.active).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Gives a user a password that they must change before anything else; all their sessions end.
    async fn reset_password(&self, ctx: &Context<'_>, input: ResetPasswordInput) -> Result<User> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        app.record_denial(caller, access::require_system_admin(caller, "reset passwords")).await?;
        let hash = app.passwords.hash("password", input.password).await?;
        let mut tx = app.begin().await?;
        let result = service::user::reset_password(&mut tx, caller, &input.username, &hash).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Makes a user a member of a team with exactly these roles.
    async fn set_member(&self, ctx: &Context<'_>, input: SetMemberInput) -> Result<Member> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let whom = (input.team.as_str(), input.username.as_str());
        let result = service::team::set_member(&mut tx, caller, whom, input.roles).await;
        Ok(app.finish(tx, caller, result).await?)
    }

    /// Takes a user out of a team; their votes on open changes count no more. Gives the member that was.
    async fn remove_member(&self, ctx: &Context<'_>, input: RemoveMemberInput) -> Result<Member> {
        let (app, caller) = (app(ctx)?, caller(ctx)?);
        let mut tx = app.begin().await?;
        let result = service::team::remove_member(&mut tx, caller, &input.team, &input.username).await;
        Ok(app.finish(tx, caller, result).await?)
    }
}
