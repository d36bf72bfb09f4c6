//! Roles as people type them, and as they are shown.

use fluxgate_client::Role;

/// What a member or a token may do beyond reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RoleArg {
    /// Proposes changes
    Requester,
    /// Decides on the changes of others
    Approver,
    /// Runs the team
    #[value(aliases = ["team_admin", "admin"])]
    TeamAdmin,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Requester => Self::Requester,
            RoleArg::Approver => Self::Approver,
            RoleArg::TeamAdmin => Self::TeamAdmin,
        }
    }
}

/// Returns roles as they are typed; none of them reads.
pub(crate) fn roles(roles: &[Role]) -> String {
    match roles {
        [] => "read only".to_owned(),
        roles => roles.iter().map(word).collect::<Vec<_>>().join(", "),
    }
}

fn word(role: &Role) -> String {
    role.as_str().to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use fluxgate_client::Role;

    use super::{RoleArg, roles};

    #[test]
    fn roles_are_shown_as_they_are_typed() {
        for role in RoleArg::value_variants() {
            let shown = roles(&[Role::from(*role)]);
            assert_eq!(RoleArg::from_str(&shown, false), Ok(*role));
        }
        assert_eq!(RoleArg::from_str("TEAM_ADMIN", true), Ok(RoleArg::TeamAdmin));
        assert_eq!(roles(&[]), "read only");
    }
}
