//! Context keys: the attributes that criteria are checked against.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ContextKeyType;

    use create_context_key::ContextKey;

    /// A team's context key, as `team { contextKey }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OneContextKey {
        pub context_key: ContextKey,
    }

    operation!(CreateContextKey, "graphql/context_key.graphql");
    operation!(EditContextKey, "graphql/context_key.graphql", "super::ContextKey");
    operation!(DeleteContextKey, "graphql/context_key.graphql", "super::ContextKey");
    operation!(GetContextKey, "graphql/context_key.graphql", "super::OneContextKey");
    operation!(ListContextKeys, "graphql/context_key.graphql", "crate::page::InTeam<super::ContextKey>");
}

pub use generated::create_context_key::{ContextKey, CreateContextKeyInput};
pub use generated::delete_context_key::DeleteContextKeyInput;
pub use generated::edit_context_key::EditContextKeyInput;
pub use generated::{CreateContextKey, DeleteContextKey, EditContextKey, GetContextKey, ListContextKeys};
pub use generated::{
    create_context_key, delete_context_key, edit_context_key, get_context_key, list_context_keys,
};

/// Declares an attribute.
pub async fn create(api: &Api, input: CreateContextKeyInput) -> Result<ContextKey, Error> {
    let variables = create_context_key::Variables { input };
    Ok(api.run::<CreateContextKey>(variables).await?.context_key)
}

/// Changes what is said of an attribute.
pub async fn edit(api: &Api, input: EditContextKeyInput) -> Result<ContextKey, Error> {
    let variables = edit_context_key::Variables { input };
    Ok(api.run::<EditContextKey>(variables).await?.context_key)
}

/// Takes a declaration away; documents stay as they are.
pub async fn delete(api: &Api, input: DeleteContextKeyInput) -> Result<ContextKey, Error> {
    let variables = delete_context_key::Variables { input };
    Ok(api.run::<DeleteContextKey>(variables).await?.context_key)
}

/// Returns a context key.
pub async fn get(api: &Api, team: &str, key: &str) -> Result<ContextKey, Error> {
    let variables = get_context_key::Variables { team: team.to_owned(), key: key.to_owned() };
    Ok(api.run::<GetContextKey>(variables).await?.team.context_key)
}

/// Returns a team's context keys.
pub async fn list(api: &Api, team: &str) -> Result<All<ContextKey>, Error> {
    first(api, team, None).await
}

/// Returns as many of them as are wanted.
pub async fn first(api: &Api, team: &str, limit: Option<usize>) -> Result<All<ContextKey>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_context_keys::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListContextKeys>(variables).await?.team.page)
    })
    .await
}
