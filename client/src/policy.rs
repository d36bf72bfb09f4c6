//! Policies: who must agree to a change.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{PolicyScope, Role};

    use create_policy::Policy;

    /// A team's policy, as `team { policy }` answers it.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct OnePolicy {
        pub policy: Policy,
    }

    operation!(CreatePolicy, "graphql/policy.graphql");
    operation!(EditPolicy, "graphql/policy.graphql", "super::Policy");
    operation!(DeletePolicy, "graphql/policy.graphql", "super::Policy");
    operation!(GetPolicy, "graphql/policy.graphql", "super::OnePolicy");
    operation!(ListPolicies, "graphql/policy.graphql", "crate::page::InTeam<super::Policy>");
}

pub use generated::create_policy::{CreatePolicyInput, Policy};
pub use generated::delete_policy::DeletePolicyInput;
pub use generated::edit_policy::EditPolicyInput;
pub use generated::{CreatePolicy, DeletePolicy, EditPolicy, GetPolicy, ListPolicies};
pub use generated::{create_policy, delete_policy, edit_policy, get_policy, list_policies};

/// Creates a policy.
pub async fn create(api: &Api, input: CreatePolicyInput) -> Result<Policy, Error> {
    let variables = create_policy::Variables { input };
    let data = api.run::<CreatePolicy>(variables).await?;
    Ok(data.policy)
}

/// Changes a policy, and lets time approve nothing any more where that is wanted.
pub async fn edit(api: &Api, input: EditPolicyInput, never_by_time: bool) -> Result<Policy, Error> {
    let removed: &[&str] = if never_by_time { &["autoApproveHours"] } else { &[] };
    let variables = edit_policy::Variables { input };
    Ok(api.run_removing::<EditPolicy>(variables, removed).await?.policy)
}

/// Takes a policy away; open changes still need what it asked for.
pub async fn delete(api: &Api, input: DeletePolicyInput) -> Result<Policy, Error> {
    let variables = delete_policy::Variables { input };
    Ok(api.run::<DeletePolicy>(variables).await?.policy)
}

/// Returns a policy.
pub async fn get(api: &Api, team: &str, name: &str) -> Result<Policy, Error> {
    let variables = get_policy::Variables { team: team.to_owned(), name: name.to_owned() };
    Ok(api.run::<GetPolicy>(variables).await?.team.policy)
}

/// Returns a team's policies.
pub async fn list(api: &Api, team: &str) -> Result<All<Policy>, Error> {
    first(api, team, None).await
}

/// Returns as many of them as are wanted.
pub async fn first(api: &Api, team: &str, limit: Option<usize>) -> Result<All<Policy>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_policies::Variables { team: team.to_owned(), first: Some(first), after };
        Ok(api.run::<ListPolicies>(variables).await?.team.page)
    })
    .await
}
