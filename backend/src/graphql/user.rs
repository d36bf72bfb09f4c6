//! Users and members.

use async_graphql::{ComplexObject, Context, InputObject, Object, Result, SimpleObject};

use super::{
    app, caller,
    loader::{MembershipsOf, load},
};
use crate::{
    access,
    auth::password,
    service,
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
    /// The teams of the caller; of others only as far as the caller sees them too.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        let all = load(ctx, MembershipsOf(self.id)).await?.unwrap_or_default();
        let visible = |team| match caller(ctx) {
            Ok(caller) => caller.sees(team),
            // Somebody who is just signing in sees their own.
            Err(_) => true,
        };
        let mine = all.into_iter().filter(|m| visible(m.team_id));
        Ok(mine.map(|m| Membership { team: m.team_key, roles: m.roles }).collect())
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
pub struct SetMemberInput {
    team: String,
    username: String,
    roles: Vec<Role>,
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
            password_hash: password::hash(input.password).await?,
            name: input.name.unwrap_or_else(|| input.username.clone()),
            username: input.username,
            email: input.email,
            system_admin: input.system_admin.unwrap_or(false),
        };
        let mut tx = app.begin().await?;
        let result = service::user::create(&mut tx, caller, new).await;
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
}
