//! Signing in and out.

use secrecy::SecretString;

use crate::api::Api;
use crate::credentials::Tokens;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    use sign_in::Session;

    operation!(SignIn, "graphql/session.graphql");
    operation!(Bootstrap, "graphql/session.graphql", "super::Session");
    operation!(RefreshSession, "graphql/session.graphql", "super::Session");
    operation!(SignOut, "graphql/session.graphql");
    operation!(ChangePassword, "graphql/session.graphql", "super::Session");
}

pub use generated::bootstrap::BootstrapInput;
pub use generated::change_password::ChangePasswordInput;
pub use generated::sign_in::{Session, SignInInput};
pub use generated::{Bootstrap, ChangePassword, RefreshSession, SignIn, SignOut};
pub use generated::{bootstrap, change_password, refresh_session, sign_in, sign_out};

/// Makes the first admin of an empty server, with the token that the server was started with.
pub async fn bootstrap(api: &Api, input: BootstrapInput) -> Result<Session, Error> {
    let data = api.run::<Bootstrap>(bootstrap::Variables { input }).await?;
    Ok(data.session)
}

/// Signs in with a password.
pub async fn sign_in(api: &Api, input: SignInInput) -> Result<Session, Error> {
    let data = api.run::<SignIn>(sign_in::Variables { input }).await?;
    Ok(data.session)
}

/// Changes one's own password. **All sessions end but the one in this answer.**
pub async fn change_password(api: &Api, input: ChangePasswordInput) -> Result<Session, Error> {
    let data = api.run::<ChangePassword>(change_password::Variables { input }).await?;
    Ok(data.session)
}

/// Ends a session on the server.
pub async fn sign_out(api: &Api, refresh_token: String) -> Result<(), Error> {
    let input = sign_out::SignOutInput { refresh_token };
    api.run::<SignOut>(sign_out::Variables { input }).await?;
    Ok(())
}

impl From<&Session> for Tokens {
    fn from(session: &Session) -> Self {
        Self {
            access: SecretString::from(session.access_token.as_str()),
            access_expires_at: session.access_expires_at,
            refresh: SecretString::from(session.refresh_token.as_str()),
        }
    }
}
