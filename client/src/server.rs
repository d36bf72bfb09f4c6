//! The server itself.

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;

    operation!(GetServer, "graphql/server.graphql");
}

pub use generated::get_server::GetServerServer as Server;
pub use generated::{GetServer, get_server};

/// Returns the server's version and whether it has an admin yet; needs no sign-in.
pub async fn get(api: &Api) -> Result<Server, Error> {
    let data = api.run::<GetServer>(get_server::Variables).await?;
    Ok(data.server)
}
