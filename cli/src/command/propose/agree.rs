//! The question before a change of a protected environment: first what it would do, then yes or no, then why.

use chrono::{DateTime, Utc};
use fluxgate_client::change::{self, Change, ChangeItem, Filter, Proposal};
use fluxgate_client::{Api, ChangeKind, ChangeStatus, Error, ProposalOutcome};

use super::confirm::unasked;
use super::finish::opened;
use super::{Proposing, reason};
use crate::error::CliError;
use crate::shell::Shell;

/// What is going to be proposed, and where.
pub(crate) struct Asking<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) api: &'a Api,
    pub(crate) team: &'a str,
    pub(crate) flags: &'a Proposing,
    /// The question's first words.
    pub(crate) verb: &'a str,
    /// Whether it reaches a protected environment, where that is known.
    pub(crate) protected: Option<bool>,
    /// What the same is that may wait already, and for when; none where nothing is looked for.
    pub(crate) same: Option<(ChangeKind, Option<DateTime<Utc>>)>,
}

/// Asks before a change that reaches a protected environment, and returns the reason to send with it.
///
/// `trial` tries it without doing it. Where flags have answered, or nothing protected is reached, nothing is tried. What joins
/// the same change that waits already is not asked about: nothing new is proposed, and its reason is that change's.
pub(crate) async fn agree(
    asking: &Asking<'_>,
    trial: impl AsyncFnOnce() -> Result<Proposal, Error>,
) -> Result<Option<String>, CliError> {
    let Asking { shell, flags, verb, protected, .. } = *asking;
    let given = reason(flags.reason.as_deref());
    if flags.dry_run || flags.yes || protected == Some(false) {
        return Ok(given);
    }
    if protected == Some(true) && !shell.ui.may_ask() {
        return Err(unasked(&format!("{verb} in a protected environment?")));
    }
    let trial = trial().await?;
    let place = protected_place(shell, &trial.items)?;
    let Some(place) = place.filter(|_| trial.outcome != ProposalOutcome::Unchanged) else {
        return Ok(given);
    };
    let question = match trial.policies.is_empty() {
        true => format!("{verb} now? ({place} is protected)"),
        false => format!("Ask for this? ({place} is protected)"),
    };
    if !shell.ui.may_ask() {
        return Err(unasked(&question));
    }
    if let Some(change) = waiting(asking, &trial).await? {
        shell.ui.note(format!("joins #{}, {}", change.number, opened(&change)));
        return Ok(given);
    }
    for line in fluxgate_wording::proposal::lines(&trial) {
        shell.ui.note(line);
    }
    shell.ui.confirm(&question)?;
    match given {
        None if !trial.policies.is_empty() => {
            let answer = shell.ui.ask("Reason: ")?;
            Ok(Some(answer).filter(|answer| !answer.is_empty()))
        }
        given => Ok(given),
    }
}

/// Returns the open change that is the same as what was tried, as the server looks for it.
async fn waiting(asking: &Asking<'_>, trial: &Proposal) -> Result<Option<Change>, CliError> {
    let (Some((kind, apply_at)), Some(first)) = (&asking.same, trial.items.first()) else {
        return Ok(None);
    };
    // What nobody has to agree to is done at once, and asked about.
    if trial.policies.is_empty() {
        return Ok(None);
    }
    let filter = Filter {
        status: Some(vec![ChangeStatus::Pending, ChangeStatus::Approved]),
        feature: Some(first.feature.key.clone()),
        environment: Some(first.environment.key.clone()),
        ..Filter::default()
    };
    let open = change::list(asking.api, asking.team, &filter).await?.nodes;
    let is_same =
        |change: &&Change| change.kind == *kind && change.apply_at == *apply_at && same(change, &trial.items);
    // The newest come first, and the oldest is joined.
    Ok(open.iter().rev().find(is_same).cloned())
}

/// Returns whether a change puts the same where these do.
fn same(change: &Change, items: &[ChangeItem]) -> bool {
    let alike = |one: &ChangeItem, other: &ChangeItem| {
        let source = |item: &ChangeItem| item.source.as_ref().map(|source| source.key.clone());
        (&one.feature.key, &one.environment.key) == (&other.feature.key, &other.environment.key)
            && (source(one), one.base_version, &one.after)
                == (source(other), other.base_version, &other.after)
    };
    change.items.len() == items.len()
        && items.iter().all(|item| change.items.iter().any(|other| alike(item, other)))
}

/// Returns the first protected environment that is reached.
fn protected_place<'i>(shell: &Shell, items: &'i [ChangeItem]) -> Result<Option<&'i str>, CliError> {
    for item in items {
        let place = &item.environment;
        if shell.is_protected(&place.key, &place.type_)? {
            return Ok(Some(&place.key));
        }
    }
    Ok(None)
}
