//! What the commands for a team's structure share: lists, facts, roles, times, passwords.

mod conflict;
mod expiry;
mod facts;
mod list;
mod password;
mod rehearsal;
mod role;
mod secret;
mod voters;

pub(crate) use conflict::on_conflict;
pub(crate) use expiry::{Expiry, grace, grace_of_token};
pub(crate) use facts::{facts, yes_no};
pub(crate) use list::{Limit, list};
pub(crate) use password::{PasswordStdin, lines_of_stdin};
pub(crate) use rehearsal::Rehearsal;
pub(crate) use role::{RoleArg, roles};
pub(crate) use secret::{has_reader, secret};
pub(crate) use voters::{asked, warned};

use super::propose;
use crate::error::CliError;
use crate::shell::Shell;

/// The answer to a question, given before.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Yes {
    /// Answer the question with yes
    #[arg(short, long)]
    pub(crate) yes: bool,
}

impl Yes {
    /// Asks for yes or no, unless the flag said yes.
    pub(crate) fn ask(self, shell: &Shell, question: &str) -> Result<(), CliError> {
        propose::moderate(&shell.ui, self.yes, question)
    }
}
