//! Clients: programs with keys of their own.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::ClientKind;

    use create_client::Client;

    operation!(CreateClient, "graphql/client.graphql");
    operation!(ListClients, "graphql/client.graphql", "crate::page::InTeam<super::Client>");
}

pub use generated::create_client::{Client, ClientSecret, CreateClientInput};
pub use generated::{CreateClient, ListClients, create_client, list_clients};

/// Creates a client. **Its key is in this answer and never again.**
pub async fn create(api: &Api, input: CreateClientInput) -> Result<ClientSecret, Error> {
    let variables = create_client::Variables { input };
    let data = api.run::<CreateClient>(variables).await?;
    Ok(data.secret)
}

/// Returns a team's clients.
pub async fn list(api: &Api, team: &str) -> Result<All<Client>, Error> {
    page::all(None, async |first, after| {
        let variables = list_clients::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListClients>(variables).await?.team.page)
    })
    .await
}
