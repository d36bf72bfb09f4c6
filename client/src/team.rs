//! Teams and their members.

use serde::{Deserialize, Serialize};

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
    operation!(EditTeam, "graphql/team.graphql", "super::Team");
    operation!(ArchiveTeam, "graphql/team.graphql", "super::Team");
    operation!(UnarchiveTeam, "graphql/team.graphql", "super::Team");
    operation!(GetTeam, "graphql/team.graphql", "crate::team::Overview");
    operation!(RemoveMember, "graphql/team.graphql", "super::set_member::Member");
    operation!(ListMembers, "graphql/team.graphql", "crate::page::InTeam<super::set_member::Member>");
}

pub use generated::archive_team::ArchiveTeamInput;
pub use generated::create_team::{CreateTeamInput, Team};
pub use generated::edit_team::EditTeamInput;
pub use generated::remove_member::RemoveMemberInput;
pub use generated::set_member::{Member, MemberUser, SetMemberInput};
pub use generated::unarchive_team::UnarchiveTeamInput;
pub use generated::{
    ArchiveTeam, CreateTeam, EditTeam, GetTeam, ListMembers, ListTeams, RemoveMember, SetMember,
    UnarchiveTeam,
};
pub use generated::{
    archive_team, create_team, edit_team, get_team, list_members, list_teams, remove_member, set_member,
    unarchive_team,
};

/// A team and how much there is of everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The team.
    #[serde(flatten)]
    pub team: Team,
    /// Its members.
    pub members: Count,
    /// Its environments, in their order.
    pub environments: Count,
    /// Its pipelines.
    pub pipelines: Count,
    /// The attributes that it declared.
    pub context_keys: Count,
    /// Its policies.
    pub policies: Count,
    /// Its clients.
    pub clients: Count,
    /// Its tokens that were not revoked.
    pub tokens: Count,
    /// Its features that are not archived.
    pub features: Count,
}

/// How many of something there are, and the first of their names where those are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// How many there are.
    pub total_count: i64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Named>,
}

/// A thing's key or name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// What it is called.
    #[serde(alias = "name")]
    pub key: String,
}

/// Creates a team.
pub async fn create(api: &Api, input: CreateTeamInput) -> Result<Team, Error> {
    let variables = create_team::Variables { input };
    let data = api.run::<CreateTeam>(variables).await?;
    Ok(data.team)
}

/// Returns a team with how much there is of everything.
pub async fn get(api: &Api, key: &str) -> Result<Overview, Error> {
    let variables = get_team::Variables { key: key.to_owned() };
    Ok(api.run::<GetTeam>(variables).await?.team)
}

/// Changes what a team is called and said to be for.
pub async fn edit(api: &Api, input: EditTeamInput) -> Result<Team, Error> {
    let variables = edit_team::Variables { input };
    Ok(api.run::<EditTeam>(variables).await?.team)
}

/// Puts a team away of which nothing is served.
pub async fn archive(api: &Api, input: ArchiveTeamInput) -> Result<Team, Error> {
    Ok(api.run::<ArchiveTeam>(archive_team::Variables { input }).await?.team)
}

/// Brings a team back.
pub async fn unarchive(api: &Api, input: UnarchiveTeamInput) -> Result<Team, Error> {
    Ok(api.run::<UnarchiveTeam>(unarchive_team::Variables { input }).await?.team)
}

/// Returns the teams that the signed-in user can see, but for those that are archived.
pub async fn list(api: &Api) -> Result<All<Team>, Error> {
    first(api, false, None).await
}

/// Returns as many of them as are wanted, or of those that are archived.
pub async fn first(api: &Api, archived: bool, limit: Option<usize>) -> Result<All<Team>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_teams::Variables { archived: Some(archived), first: Some(first), after };
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

/// Returns a team's members by name, or those that a search finds.
pub async fn members(
    api: &Api,
    team: &str,
    search: Option<&str>,
    limit: Option<usize>,
) -> Result<All<Member>, Error> {
    page::all(limit, async |first, after| {
        let variables = list_members::Variables {
            team: team.to_owned(),
            search: search.map(str::to_owned),
            first: Some(first),
            after,
        };
        Ok(api.run::<ListMembers>(variables).await?.team.page)
    })
    .await
}

/// Takes a user out of a team. Returns the member that was.
pub async fn remove_member(api: &Api, input: RemoveMemberInput) -> Result<Member, Error> {
    let variables = remove_member::Variables { input };
    Ok(api.run::<RemoveMember>(variables).await?.member)
}
