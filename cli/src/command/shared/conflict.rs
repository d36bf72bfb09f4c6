//! What to do where something is taken, or in use.

use fluxgate_client::Error;

use crate::error::CliError;
use crate::exit::Exit;

/// Adds what to do to a conflict that says nothing of it.
pub(crate) fn on_conflict(hint: String) -> impl FnOnce(Error) -> CliError {
    move |error| match CliError::from(error) {
        error if error.exit == Exit::Conflict && error.hint.is_none() => error.hint(hint),
        error => error,
    }
}
