//! Secrets that are shown once.

use serde::Serialize;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Makes sure, before a secret is made, that it would be shown to somebody.
pub(crate) fn has_reader(shell: &Shell, what: &str) -> Result<(), CliError> {
    match shell.ui.reaches_nobody() && !shell.ui.is_rehearsal() {
        true => Err(CliError::usage(format!("stdout is closed, and the {what} is shown only there, once"))
            .hint("nothing was sent; write it to a file: > FILE")),
        false => Ok(()),
    }
}

/// Shows a secret alone on stdout; as JSON it is a field of `value`. `-o name` shows it too: it would be lost otherwise.
/// `again` is the command that makes another one, should this one be lost.
pub(crate) fn secret<T: Serialize>(
    value: &T,
    secret: &str,
    (what, again): (&str, impl Into<String>),
) -> View {
    let view = View::of(value).named(secret).line(secret);
    View { secret: Some(again.into()), ..view.note(format!("this {what} is shown once: keep it now")) }
}
