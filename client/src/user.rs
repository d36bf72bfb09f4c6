//! People.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    use get_me::User;

    operation!(GetMe, "graphql/user.graphql");
    operation!(CreateUser, "graphql/user.graphql", "super::User");
    operation!(EditUser, "graphql/user.graphql", "super::User");
    operation!(SetUserActive, "graphql/user.graphql", "super::User");
    operation!(ResetPassword, "graphql/user.graphql", "super::User");
    operation!(GetUser, "graphql/user.graphql", "super::User");
    operation!(ListUsers, "graphql/user.graphql", "crate::page::Page<super::User>");
}

pub use generated::create_user::CreateUserInput;
pub use generated::edit_user::EditUserInput;
pub use generated::get_me::{Membership, User};
pub use generated::reset_password::ResetPasswordInput;
pub use generated::set_user_active::SetUserActiveInput;
pub use generated::{CreateUser, EditUser, GetMe, GetUser, ListUsers, ResetPassword, SetUserActive};
pub use generated::{create_user, edit_user, get_me, get_user, list_users, reset_password, set_user_active};

/// Which users are to be listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those who may sign in, or only those who may not.
    pub active: Option<bool>,
    /// Only those whose username, name or email has this in it.
    pub search: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Returns who is signed in.
pub async fn me(api: &Api) -> Result<User, Error> {
    let data = api.run::<GetMe>(get_me::Variables).await?;
    Ok(data.user)
}

/// Creates a user.
pub async fn create(api: &Api, input: CreateUserInput) -> Result<User, Error> {
    let variables = create_user::Variables { input };
    let data = api.run::<CreateUser>(variables).await?;
    Ok(data.user)
}

/// Changes what is said of a user.
pub async fn edit(api: &Api, input: EditUserInput) -> Result<User, Error> {
    let variables = edit_user::Variables { input };
    Ok(api.run::<EditUser>(variables).await?.user)
}

/// Lets a user sign in, or no longer.
pub async fn set_active(api: &Api, input: SetUserActiveInput) -> Result<User, Error> {
    let variables = set_user_active::Variables { input };
    Ok(api.run::<SetUserActive>(variables).await?.user)
}

/// Gives a user a password that they must change before anything else.
pub async fn reset_password(api: &Api, input: ResetPasswordInput) -> Result<User, Error> {
    let variables = reset_password::Variables { input };
    Ok(api.run::<ResetPassword>(variables).await?.user)
}

/// Returns a user.
pub async fn get(api: &Api, username: &str) -> Result<User, Error> {
    let variables = get_user::Variables { username: username.to_owned() };
    Ok(api.run::<GetUser>(variables).await?.user)
}

/// Returns users by name.
pub async fn list(api: &Api, filter: &Filter) -> Result<All<User>, Error> {
    page::all(filter.limit, async |first, after| {
        let (active, search, first) = (filter.active, filter.search.clone(), Some(first));
        let variables = list_users::Variables { active, search, first, after };
        Ok(api.run::<ListUsers>(variables).await?.page)
    })
    .await
}
