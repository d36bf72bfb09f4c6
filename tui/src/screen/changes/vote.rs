//! Who may vote on a change, and in words why somebody may not.

use fluxgate_client::change::{Change, PolicyProgress};
use fluxgate_client::{ChangeStatus, Role};
use fluxgate_wording::change::{by, state};

use crate::access::{self, Who, role};
use crate::app::Desk;
use crate::keymap::Action;
use crate::screen::Screen;

/// What somebody has to do with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Their vote is waited for.
    Asked,
    /// They have voted, and may do so again.
    Voted,
    /// They proposed it.
    Own,
    /// Nothing.
    None,
}

impl Part {
    /// Returns it in a word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Asked => "vote",
            Self::Voted => "voted",
            Self::Own => "own",
            Self::None => "",
        }
    }
}

/// Returns what somebody has to do with a change.
pub(super) fn part(change: &Change, who: Option<&Who>) -> Part {
    let me = |name: &str| who.is_some_and(|who| who.user == name);
    if me(&change.author) {
        return Part::Own;
    }
    match (change.viewer_may_vote, change.votes.iter().any(|vote| me(&vote.user))) {
        (_, true) => Part::Voted,
        (true, false) => Part::Asked,
        (false, false) => Part::None,
    }
}

/// Returns why somebody may not vote on a change, if that is so.
pub(crate) fn refused(change: &Change, desk: &Desk) -> Option<String> {
    let number = change.number;
    match &change.status {
        _ if change.viewer_may_vote => return None,
        ChangeStatus::Pending => {}
        ChangeStatus::Approved => return Some(format!("#{number} has its approvals: it waits for its time")),
        status => return Some(format!("#{number} is {}: there is nothing to vote on", state(status).1)),
    }
    let who = desk.who.as_ref();
    if part(change, who) == Part::Own {
        return Some(format!("you proposed #{number}: somebody else votes on it"));
    }
    let listed = change.policies.iter().any(|policy| who.is_some_and(|who| who.is(&policy.roles)));
    if let (true, Some(former)) = (listed, change.rebased_from) {
        return Some(format!(
            "you had a part in #{number}, which proposes #{former} again: others vote on it"
        ));
    }
    if listed {
        return Some(match who.is_some_and(Who::is_token) {
            true => {
                format!("your token does not reach all environments of #{number}, so it may not vote on it")
            }
            false => {
                let key = desk.keys.called(Action::Refresh, Screen::Changes);
                format!("the server says that you may not vote on #{number}; {key} asks it again")
            }
        });
    }
    let policies: Vec<String> = change.policies.iter().filter(|policy| !policy.satisfied).map(asks).collect();
    let asks = match policies.is_empty() {
        true => "an Approver or a Team Admin".to_owned(),
        false => policies.join(", and "),
    };
    let you = who.map_or_else(String::new, |who| format!(": you are {} in {}", who.role(), desk.place.team));
    Some(format!("a vote on #{number} needs {asks}{you}"))
}

/// Returns why somebody may not take a change back, if that is so.
pub(super) fn keeps(change: &Change, desk: &Desk) -> Option<String> {
    let number = change.number;
    if !matches!(change.status, ChangeStatus::Pending | ChangeStatus::Approved) {
        return Some(format!("#{number} is {}: there is nothing to cancel", state(&change.status).1));
    }
    let who = desk.who.as_ref()?;
    if part(change, Some(who)) == Part::Own || who.manages() {
        return None;
    }
    let author = by(&change.author, change.token.as_deref());
    let you = match who.is(&[Role::TeamAdmin]) {
        true => "your token is limited to environments".to_owned(),
        false => format!("you are {}", who.role()),
    };
    Some(format!("{author} proposed #{number}: cancelling it takes them or a Team Admin; {you}"))
}

/// Returns why a change cannot be let through, if that is so; who may, the table of roles says.
pub(super) fn holds(change: &Change, desk: &Desk) -> Option<String> {
    let number = change.number;
    match &change.status {
        ChangeStatus::Pending => {}
        ChangeStatus::Approved => {
            return Some(format!("#{number} has its approvals: it waits for its time"));
        }
        status => return Some(format!("#{number} is {}: there is nothing to override", state(status).1)),
    }
    let strict = change.policies.iter().filter(|policy| !policy.satisfied && !policy.override_allowed);
    let names: Vec<&str> = strict.map(|policy| policy.name.as_str()).collect();
    match names.is_empty() {
        true => refused_by_role(desk, Action::Override),
        false => Some(format!("#{number} cannot be let through: {} allows no override", names.join(", "))),
    }
}

fn refused_by_role(desk: &Desk, action: Action) -> Option<String> {
    access::refused(desk.who.as_ref(), &desk.place, action)
}

/// Returns whom a policy asks.
fn asks(policy: &PolicyProgress) -> String {
    let roles: Vec<&str> = policy.roles.iter().map(role).collect();
    let whom = match roles.is_empty() {
        true => "anyone who may approve".to_owned(),
        false => roles.join(" or "),
    };
    format!("{whom} ({})", policy.name)
}
