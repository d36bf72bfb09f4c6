//! Tokens: robots' identities.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{Role, TokenState};

    use create_token::{Token, TokenSecret};

    /// A team's token, as `team { token }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OneToken {
        pub token: Token,
    }

    operation!(CreateToken, "graphql/token.graphql");
    operation!(RotateToken, "graphql/token.graphql", "super::TokenSecret");
    operation!(RevokeToken, "graphql/token.graphql", "super::Token");
    operation!(GetToken, "graphql/token.graphql", "super::OneToken");
    operation!(ListTokens, "graphql/token.graphql", "crate::page::InTeam<super::Token>");
}

pub use generated::create_token::{CreateTokenInput, Token, TokenKey, TokenSecret};
pub use generated::revoke_token::RevokeTokenInput;
pub use generated::rotate_token::RotateTokenInput;
pub use generated::{CreateToken, GetToken, ListTokens, RevokeToken, RotateToken};
pub use generated::{create_token, get_token, list_tokens, revoke_token, rotate_token};

/// Makes a token that acts for the caller. **Its key is in this answer and never again.**
pub async fn create(api: &Api, input: CreateTokenInput) -> Result<TokenSecret, Error> {
    let variables = create_token::Variables { input };
    Ok(api.run::<CreateToken>(variables).await?.secret)
}

/// Gives a token of one's own another key. **It is in this answer and never again.**
pub async fn rotate(api: &Api, input: RotateTokenInput) -> Result<TokenSecret, Error> {
    let variables = rotate_token::Variables { input };
    Ok(api.run::<RotateToken>(variables).await?.secret)
}

/// Ends a token at once and for good.
pub async fn revoke(api: &Api, input: RevokeTokenInput) -> Result<Token, Error> {
    let variables = revoke_token::Variables { input };
    Ok(api.run::<RevokeToken>(variables).await?.token)
}

/// Returns a token, without its keys.
pub async fn get(api: &Api, team: &str, name: &str) -> Result<Token, Error> {
    let variables = get_token::Variables { team: team.to_owned(), name: name.to_owned() };
    Ok(api.run::<GetToken>(variables).await?.team.token)
}

/// Returns as many of a team's tokens as are wanted: those that were not revoked, or those that were.
pub async fn list(api: &Api, team: &str, revoked: bool, limit: Option<usize>) -> Result<All<Token>, Error> {
    page::all(limit, async |first, after| {
        let (team, revoked, first) = (team.to_owned(), revoked.then_some(true), Some(first));
        let variables = list_tokens::Variables { team, revoked, first, after };
        Ok(api.run::<ListTokens>(variables).await?.team.page)
    })
    .await
}
