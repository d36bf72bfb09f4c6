//! The question before a change of a protected environment: first what it would do, then yes or no, then why.

use fluxgate_client::change::{ChangeItem, Proposal};
use fluxgate_client::{Error, ProposalOutcome};

use super::confirm::unasked;
use super::{Proposing, reason};
use crate::error::CliError;
use crate::shell::Shell;

/// Asks before a change that reaches a protected environment, and returns the reason to send with it.
///
/// `protected` is whether it does, where that is known; `trial` tries it without doing it. Where flags have answered, or
/// nothing protected is reached, nothing is tried.
pub(crate) async fn agree(
    (shell, flags): (&Shell, &Proposing),
    verb: &str,
    protected: Option<bool>,
    trial: impl AsyncFnOnce() -> Result<Proposal, Error>,
) -> Result<Option<String>, CliError> {
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
