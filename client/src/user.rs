//! People.

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    use get_me::User;

    operation!(GetMe, "graphql/user.graphql");
    operation!(CreateUser, "graphql/user.graphql", "super::User");
}

pub use generated::create_user::CreateUserInput;
pub use generated::get_me::{Membership, User};
pub use generated::{CreateUser, GetMe, create_user, get_me};

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
