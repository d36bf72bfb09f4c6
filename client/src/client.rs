//! Clients: programs with keys of their own.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};
use crate::words::ClientKind;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ClientKind;

    use create_client::{Client, ClientSecret};

    /// A team's client, as `team { client }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OneClient {
        pub client: Client,
    }

    operation!(CreateClient, "graphql/client.graphql");
    operation!(EditClient, "graphql/client.graphql", "super::Client");
    operation!(SetClientEnabled, "graphql/client.graphql", "super::Client");
    operation!(RotateClientKey, "graphql/client.graphql", "super::ClientSecret");
    operation!(RevokeClientKey, "graphql/client.graphql", "super::Client");
    operation!(DeleteClient, "graphql/client.graphql", "super::Client");
    operation!(GetClient, "graphql/client.graphql", "super::OneClient");
    operation!(ListClients, "graphql/client.graphql", "crate::page::InTeam<super::Client>");
}

pub use generated::create_client::{Client, ClientKey, ClientSecret, CreateClientInput};
pub use generated::delete_client::DeleteClientInput;
pub use generated::edit_client::EditClientInput;
pub use generated::revoke_client_key::RevokeClientKeyInput;
pub use generated::rotate_client_key::RotateClientKeyInput;
pub use generated::set_client_enabled::SetClientEnabledInput;
pub use generated::{
    CreateClient, DeleteClient, EditClient, GetClient, ListClients, RevokeClientKey, RotateClientKey,
    SetClientEnabled,
};
pub use generated::{
    create_client, delete_client, edit_client, get_client, list_clients, revoke_client_key,
    rotate_client_key, set_client_enabled,
};

/// Creates a client. **Its key is in this answer and never again.**
pub async fn create(api: &Api, input: CreateClientInput) -> Result<ClientSecret, Error> {
    let variables = create_client::Variables { input };
    let data = api.run::<CreateClient>(variables).await?;
    Ok(data.secret)
}

/// Changes a client: the web origins whose pages may use its keys.
pub async fn edit(api: &Api, input: EditClientInput) -> Result<Client, Error> {
    let variables = edit_client::Variables { input };
    Ok(api.run::<EditClient>(variables).await?.client)
}

/// Lets a client in, or no longer.
pub async fn set_enabled(api: &Api, input: SetClientEnabledInput) -> Result<Client, Error> {
    let variables = set_client_enabled::Variables { input };
    Ok(api.run::<SetClientEnabled>(variables).await?.client)
}

/// Gives a client another key. **It is in this answer and never again.**
pub async fn rotate(api: &Api, input: RotateClientKeyInput) -> Result<ClientSecret, Error> {
    let variables = rotate_client_key::Variables { input };
    Ok(api.run::<RotateClientKey>(variables).await?.secret)
}

/// Ends a key at once.
pub async fn revoke_key(api: &Api, input: RevokeClientKeyInput) -> Result<Client, Error> {
    let variables = revoke_client_key::Variables { input };
    Ok(api.run::<RevokeClientKey>(variables).await?.client)
}

/// Shuts a client out for good.
pub async fn delete(api: &Api, input: DeleteClientInput) -> Result<Client, Error> {
    let variables = delete_client::Variables { input };
    Ok(api.run::<DeleteClient>(variables).await?.client)
}

/// Returns a client, without its keys.
pub async fn get(api: &Api, team: &str, name: &str) -> Result<Client, Error> {
    let variables = get_client::Variables { team: team.to_owned(), name: name.to_owned() };
    Ok(api.run::<GetClient>(variables).await?.team.client)
}

/// Returns a team's clients.
pub async fn list(api: &Api, team: &str) -> Result<All<Client>, Error> {
    first(api, team, None, None).await
}

/// Returns as many of them as are wanted, of one kind or of all.
pub async fn first(
    api: &Api,
    team: &str,
    kind: Option<ClientKind>,
    limit: Option<usize>,
) -> Result<All<Client>, Error> {
    page::all(limit, async |first, after| {
        let (team, kind, first) = (team.to_owned(), kind.clone(), Some(first));
        let variables = list_clients::Variables { team, kind, first, after };
        Ok(api.run::<ListClients>(variables).await?.team.page)
    })
    .await
}
