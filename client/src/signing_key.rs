//! The keys that access tokens are signed with.

use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::SigningKeyState;

    use rotate_signing_key::SigningKey;

    operation!(ListSigningKeys, "graphql/signing_key.graphql", "super::SigningKey");
    operation!(RotateSigningKey, "graphql/signing_key.graphql");
}

pub use generated::rotate_signing_key::{RotateSigningKeyInput, SigningKey};
pub use generated::{ListSigningKeys, RotateSigningKey, list_signing_keys, rotate_signing_key};

/// Returns the keys that sign or verify, the newest first.
pub async fn list(api: &Api) -> Result<Vec<SigningKey>, Error> {
    Ok(api.run::<ListSigningKeys>(list_signing_keys::Variables).await?.keys)
}

/// Makes another key that signs from now on.
pub async fn rotate(api: &Api, input: RotateSigningKeyInput) -> Result<SigningKey, Error> {
    let variables = rotate_signing_key::Variables { input };
    Ok(api.run::<RotateSigningKey>(variables).await?.key)
}
