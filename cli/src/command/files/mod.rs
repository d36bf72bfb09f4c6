//! Files: a team's definitions as text, compared with the server and applied to it.

mod apply;
mod diff;
mod export;
mod validate;

use std::path::PathBuf;

pub(crate) use apply::Apply;
pub(crate) use diff::Diff;
pub(crate) use export::Export;
pub(crate) use validate::Validate;

use crate::error::CliError;
use crate::files::{Set, load};
use crate::shell::Shell;

/// Reads files that are to be about one team, and returns which.
fn wanted(shell: &Shell, paths: &[PathBuf]) -> Result<(String, Set), CliError> {
    let set = load(paths)?;
    let team = match shell.team() {
        Ok(team) => team,
        Err(error) => set.team().map(str::to_owned).ok_or(error)?,
    };
    let set = set.require(&team)?;
    Ok((team, set))
}
