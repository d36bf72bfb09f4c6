//! Teams and their members.

use crate::api::Api;
use crate::error::Error;
use crate::page::{self, All};

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::Role;

    use create_team::Team;

    operation!(CreateTeam, "graphql/team.graphql");
    operation!(ListTeams, "graphql/team.graphql", "crate::page::Page<super::Team>");
    operation!(SetMember, "graphql/team.graphql");
}

pub use generated::create_team::{CreateTeamInput, Team};
pub use generated::set_member::{Member, SetMemberInput};
pub use generated::{CreateTeam, ListTeams, SetMember};
pub use generated::{create_team, list_teams, set_member};

/// Creates a team.
pub async fn create(api: &Api, input: CreateTeamInput) -> Result<Team, Error> {
    let variables = create_team::Variables { input };
    let data = api.run::<CreateTeam>(variables).await?;
    Ok(data.team)
}

/// Returns the teams that the signed-in user can see.
pub async fn list(api: &Api) -> Result<All<Team>, Error> {
    page::all(None, async |first, after| {
        let first = Some(first);
        let variables = list_teams::Variables { first, after };
        Ok(api.run::<ListTeams>(variables).await?.page)
    })
    .await
}

/// Gives a user roles in a team, instead of those they had there.
pub async fn set_member(api: &Api, input: SetMemberInput) -> Result<Member, Error> {
    let variables = set_member::Variables { input };
    let data = api.run::<SetMember>(variables).await?;
    Ok(data.member)
}
