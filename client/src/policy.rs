//! Policies: who must agree to a change.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{PolicyScope, Role};

    use create_policy::Policy;

    operation!(CreatePolicy, "graphql/policy.graphql");
    operation!(ListPolicies, "graphql/policy.graphql", "crate::page::InTeam<super::Policy>");
}

pub use generated::create_policy::{CreatePolicyInput, Policy};
pub use generated::{CreatePolicy, ListPolicies, create_policy, list_policies};

/// Creates a policy.
pub async fn create(api: &Api, input: CreatePolicyInput) -> Result<Policy, Error> {
    let variables = create_policy::Variables { input };
    let data = api.run::<CreatePolicy>(variables).await?;
    Ok(data.policy)
}

/// Returns a team's policies.
pub async fn list(api: &Api, team: &str) -> Result<All<Policy>, Error> {
    page::all(None, async |first, after| {
        let variables = list_policies::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListPolicies>(variables).await?.team.page)
    })
    .await
}
