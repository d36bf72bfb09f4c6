//! Whether there are enough people for what a policy asks for.

use fluxgate_client::change::PolicyProgress;
use fluxgate_client::team::{self, Member};
use fluxgate_client::{Api, Role};

use crate::output::{Line, Tone, View};

/// What a policy asks for: its name, how many approvals, and of whom.
pub(crate) type Asked<'p> = (&'p str, i64, &'p [Role]);

/// Returns what policies ask of a change.
pub(crate) fn asked<'p>(policies: impl IntoIterator<Item = &'p PolicyProgress>) -> Vec<Asked<'p>> {
    policies.into_iter().map(|p| (p.name.as_str(), p.required, p.roles.as_slice())).collect()
}

/// Says which policies ask for more approvals than there are people who can give one.
pub(crate) async fn warned(
    view: View,
    place: (&Api, &str),
    policies: &[Asked<'_>],
    author: Option<&str>,
) -> View {
    let lacking = too_few(place, policies, author).await;
    if lacking.is_empty() {
        return view;
    }
    let note = |view: View, text| view.note(Line::default().and(Tone::Waiting, "▲ ").and(Tone::Plain, text));
    lacking.into_iter().fold(view, note).next("fgctl member add USERNAME --role approver")
}

/// Returns a sentence for each policy that asks for more approvals than there are people who can give one. Nobody gives one
/// to a change of their own.
async fn too_few((api, team): (&Api, &str), policies: &[Asked<'_>], author: Option<&str>) -> Vec<String> {
    if policies.is_empty() {
        return Vec::new();
    }
    // It is said beside what was asked for: where the members cannot be read there is nothing to say.
    let members = team::members(api, team, None, None).await;
    let members = members.map(|members| members.nodes).unwrap_or_default();
    if members.is_empty() {
        return Vec::new();
    }
    policies.iter().filter_map(|policy| lacking(*policy, &members, author)).collect()
}

fn lacking((name, approvals, roles): Asked<'_>, members: &[Member], author: Option<&str>) -> Option<String> {
    let can = |member: &&Member| {
        member.user.active
            && author != Some(member.user.username.as_str())
            && member.roles.iter().any(|role| roles.contains(role))
    };
    let people = members.iter().filter(can).count();
    if usize::try_from(approvals).unwrap_or_default() <= people {
        return None;
    }
    let asked = if approvals == 1 { "1 approval".to_owned() } else { format!("{approvals} approvals") };
    let people = match people {
        0 => "nobody".to_owned(),
        1 => "1 person".to_owned(),
        more => format!("{more} people"),
    };
    let author = if author.is_some() { " (its author may not)" } else { "" };
    Some(format!("policy {name:?} asks for {asked}, {people} can give one{author}"))
}

#[cfg(test)]
mod tests {
    use fluxgate_client::Role;
    use fluxgate_client::team::Member;
    use serde_json::json;

    use super::lacking;

    fn member(name: &str, role: &str, active: bool) -> Member {
        let member = json!({"user": {"username": name, "name": name, "active": active}, "roles": [role]});
        serde_json::from_value(member).unwrap()
    }

    #[test]
    fn only_those_count_who_can_give_one() {
        let members = [
            member("lead", "APPROVER", true),
            member("ops", "TEAM_ADMIN", true),
            member("gone", "APPROVER", false),
            member("dev", "REQUESTER", true),
        ];
        let roles = [Role::Approver, Role::TeamAdmin];
        let said = |approvals, roles: &[Role], author| lacking(("Prod", approvals, roles), &members, author);
        assert_eq!(said(2, &roles, None), None);
        assert_eq!(
            said(3, &roles, None).unwrap(),
            "policy \"Prod\" asks for 3 approvals, 2 people can give one"
        );
        assert_eq!(
            said(2, &roles, Some("lead")).unwrap(),
            "policy \"Prod\" asks for 2 approvals, 1 person can give one (its author may not)"
        );
        assert_eq!(said(1, &roles[..1], None), None);
        assert!(said(1, &roles[..1], Some("lead")).unwrap().contains("1 approval, nobody can give one (its"));
    }
}
