//! The table of who may do what, as people read it.

use std::fmt::Write as _;

use super::{ForTokens, OF_SYSTEM_ADMINS, RULES, Rule};
use crate::store::member::Role;

const HEAD: &str = "# Who may do what

Written from the table that the services ask, `backend/src/access.rs`:
`FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend roles` does that.

Roles are those of one team. Who is in no role of a team reads; who is not in the team hears that it does not exist.

| | member | REQUESTER | APPROVER | TEAM_ADMIN | system administrator | token |
|---|---|---|---|---|---|---|
";

const REST: &str = "
A system administrator who is a member has the member's roles as well. Nobody votes on a change of their own, whatever
their roles. Everybody changes their own name, email and password. An email address is told to its user and to system
administrators; the rest of a user to everybody who is in a team with them.

## Tokens

A token is a robot's identity for CI. It acts **for the person who made it**, its owner: what it proposes is theirs, and its
vote is their vote. So neither approves what the other proposed, nor do several tokens of one owner, and all of them
together are one voter.

- It has one team, roles of its own, and an end, at most a year ahead. It may be limited to environments: then it
  reads everything, and changes something only where every environment concerned is among them. All of this is fixed;
  rotating its key widens nothing, and only its owner gets the new key.
- It is never a system administrator, manages no tokens, members or users, and changes no password: a key that
  got about does not outlive its token.
- It is let in as long as its owner is active, and is in the team or a system administrator. Deactivating the owner, taking
  them out of the team or revoking the token stops it with the next request. Taking a role from the owner does not: the
  token keeps its roles until it is revoked.
- Its vote, or its override, counts only by roles that its owner has as a member as well, and while it is let in, which is
  looked at again when the change is applied.
- The audit names the token, and whose it is.
";

/// Who may do what, as it is committed in `docs/roles.md`.
pub fn roles() -> String {
    let mut text = HEAD.to_owned();
    for rule in RULES {
        let joint = if rule.more.is_empty() || rule.more.starts_with([',', ';']) { "" } else { " " };
        let member = yes(rule.roles.is_empty());
        let roles =
            [Role::Requester, Role::Approver, Role::TeamAdmin].map(|role| cell(rule, role)).join(" | ");
        let (admin, token) = (yes(rule.system_admin), token(rule.tokens));
        let what = format!("{}{joint}{}", rule.what, rule.more);
        let _ = writeln!(text, "| {what} | {member} | {roles} | {admin} | {token} |");
    }
    for what in OF_SYSTEM_ADMINS {
        let _ = writeln!(text, "| {what} | | | | | yes | never |");
    }
    text.replace("|  |", "| |").replace("|  |", "| |") + REST
}

fn yes(may: bool) -> &'static str {
    if may { "yes" } else { "" }
}

fn cell(rule: &Rule, role: Role) -> &'static str {
    match role {
        _ if rule.listed.contains(&role) => "where the policy lists it",
        _ => yes(rule.roles.is_empty() || rule.roles.contains(&role)),
    }
}

fn token(tokens: ForTokens) -> &'static str {
    match tokens {
        ForTokens::All => "yes",
        ForTokens::Within => "by its roles, in its environments",
        ForTokens::Unlimited => "by its roles, unless limited to environments",
        ForTokens::Nothing => "never",
    }
}
