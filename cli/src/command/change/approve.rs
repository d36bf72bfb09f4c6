//! `fgctl change approve`, in short `fgctl approve`

use std::cell::Cell;

use fluxgate_client::change::{self, VoteInput};
use fluxgate_client::{ChangeStatus, Decision};
use serde_json::Value;

use super::super::propose::follow;
use super::super::shared::Rehearsal;
use super::super::wait::{Waiting, stopped};
use super::number;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Approve changes; with enough approvals they are applied at once
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl approve 12 --comment \"25 % is fine\"\n  fgctl change approve 12 13 --wait=edges"
)]
pub(crate) struct Approve {
    /// The changes' numbers
    #[arg(required = true, value_name = "NUMBER", value_parser = number)]
    numbers: Vec<i64>,

    /// A word to the others
    #[arg(long, value_name = "TEXT", visible_alias = "reason")]
    comment: Option<String>,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Approve {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if let [number] = self.numbers.as_slice() {
            return self.approve(shell, *number).await;
        }
        let at = Cell::new(0);
        tokio::select! {
            // In this order: a wait says better what was stopped. It hears nothing before and after, though.
            biased;
            all = self.all(shell, &at) => all,
            exit = stopped() => {
                let number = self.numbers[at.get()];
                let state = if shell.ui.is_rehearsal() { "is as it was" } else { "may be approved or not" };
                Err(CliError::new(exit, format!("stopped at #{number}, which {state}"))
                    .details(untouched(&self.numbers[at.get() + 1..]))
                    .hint(format!("fgctl change view {number}")))
            }
        }
    }

    /// Approves one after the other; `at` is how many were tried before.
    async fn all(&self, shell: &Shell, at: &Cell<usize>) -> Result<View, CliError> {
        let mut all = View::nothing();
        let (mut results, mut exits) = (Vec::new(), Vec::new());
        for (index, number) in self.numbers.iter().enumerate() {
            at.set(index);
            match self.approve(shell, *number).await {
                Ok(view) => {
                    results.push(view.value);
                    all.parts.extend(view.parts);
                    all.names.extend(view.names);
                    exits.push(view.exit);
                }
                // Whoever stops the wait for one does not mean to approve the next.
                Err(error) if error.exit.is_stop() => {
                    return Err(error.details(untouched(&self.numbers[index + 1..])));
                }
                Err(error) => {
                    exits.push(error.exit);
                    shell.ui.fail(&about(*number, error));
                }
            }
        }
        // Where nothing worked stdout stays empty, as for one.
        if !results.is_empty() {
            all.value = Value::Array(results);
        }
        Ok(all.exit(together(&exits)))
    }

    async fn approve(&self, shell: &Shell, number: i64) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = VoteInput {
            team: team.clone(),
            number,
            decision: Decision::Approve,
            comment: self.comment.clone(),
        };
        let change = change::vote(&api, input).await?;
        let open = matches!(change.status, ChangeStatus::Pending | ChangeStatus::Approved);
        let waits = open && (self.waiting.wait.is_none() || shell.ui.is_rehearsal());
        let view = follow((shell, &api, &team), change, &self.waiting).await?;
        // The approval is done, even when the change needs another, or waits for its time.
        Ok(if waits { view.exit(Exit::Ok) } else { view })
    }
}

/// Says which change an error is about, unless it says so itself.
fn about(number: i64, mut error: CliError) -> CliError {
    let name = format!("#{number}");
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    if !error.message.split(&name).skip(1).any(|rest| !goes_on(rest)) {
        error.message = format!("{name}: {}", error.message);
    }
    error
}

/// Returns how several end: as each of them does, or as what failed in part.
fn together(exits: &[Exit]) -> Exit {
    match exits {
        [first, rest @ ..] if rest.iter().all(|exit| exit == first) => *first,
        _ => Exit::Failed,
    }
}

/// Says which changes got no vote, if any.
fn untouched(numbers: &[i64]) -> Option<String> {
    let names: Vec<String> = numbers.iter().map(|number| format!("#{number}")).collect();
    (!names.is_empty()).then(|| format!("not approved: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{about, together, untouched};
    use crate::error::CliError;
    use crate::exit::Exit;

    #[test]
    fn an_error_names_its_change_once() {
        let message = |message: &str| about(99, CliError::usage(message)).message.clone();
        assert_eq!(message("no change \"#99\""), "no change \"#99\"");
        assert_eq!(message("no"), "#99: no");
        assert_eq!(message("after #999"), "#99: after #999");
    }

    #[test]
    fn what_ends_alike_ends_so_together() {
        assert_eq!(together(&[Exit::Ok, Exit::Ok]), Exit::Ok);
        assert_eq!(together(&[Exit::NotFound, Exit::NotFound]), Exit::NotFound);
        assert_eq!(together(&[Exit::NotFound, Exit::NotAllowed]), Exit::Failed);
        assert_eq!(together(&[Exit::Ok, Exit::NotFound]), Exit::Failed);
    }

    #[test]
    fn what_got_no_vote_is_named() {
        assert_eq!(untouched(&[13, 14]), Some("not approved: #13, #14".to_owned()));
        assert_eq!(untouched(&[]), None);
    }
}
