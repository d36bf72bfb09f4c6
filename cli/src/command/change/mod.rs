//! Changes: what is proposed, and who agrees.

mod approve;
mod cancel;
mod comment;
mod diff;
mod list;
mod override_;
mod rebase;
mod reject;
mod view;
mod wait;

pub(crate) use approve::Approve;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Changes: what is proposed, who agrees, and what became of it
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Change {
    List(list::List),
    View(view::ViewChange),
    Diff(diff::Diff),
    Approve(approve::Approve),
    Reject(reject::Reject),
    Comment(comment::Comment),
    Rebase(rebase::Rebase),
    Override(override_::Override),
    Cancel(cancel::Cancel),
    Wait(wait::WaitFor),
}

impl Change {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::View(command) => command.run(shell).await,
            Self::Diff(command) => command.run(shell).await,
            Self::Approve(command) => command.run(shell).await,
            Self::Reject(command) => command.run(shell).await,
            Self::Comment(command) => command.run(shell).await,
            Self::Rebase(command) => command.run(shell).await,
            Self::Override(command) => command.run(shell).await,
            Self::Cancel(command) => command.run(shell).await,
            Self::Wait(command) => command.run(shell).await,
        }
    }
}

/// Reads a change's number, with or without `#`.
fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    match digits.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("a change has a number, such as 12".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_may_have_their_sign() {
        assert_eq!(number("#12").unwrap(), 12);
        assert_eq!(number("12").unwrap(), 12);
        assert!(number("0").is_err() && number("-1").is_err() && number("x").is_err());
    }
}
