//! The question before something that matters. Without a terminal there is none: a flag answers it, or nothing happens.
//!
//! Three levels: nothing for what is easily mended; yes or no for what changes a protected environment, or takes something
//! away; the key in full for what is seen by everybody at once.

use crate::error::CliError;
use crate::ui::Ui;

/// Asks for yes or no, unless a flag said yes.
pub(crate) fn moderate(ui: &Ui, yes: bool, question: &str) -> Result<(), CliError> {
    if yes || ui.is_rehearsal() {
        return Ok(());
    }
    if ui.may_ask() {
        return ui.confirm(question);
    }
    Err(unasked(question))
}

/// Returns the error for a question that cannot be asked.
pub(super) fn unasked(question: &str) -> CliError {
    let message = format!("needs --yes when not run interactively: {question}");
    CliError::usage(message).hint("nothing was sent")
}

/// Asks for the key to be typed, unless flags said yes and named it.
pub(crate) fn severe(
    ui: &Ui,
    (yes, confirm): (bool, Option<&str>),
    key: &str,
    what: &str,
) -> Result<(), CliError> {
    match confirm {
        Some(named) if named != key => {
            let message = format!("--confirm names {named:?}, but this is about {key:?}");
            return Err(CliError::usage(message).hint("nothing was sent"));
        }
        _ if ui.is_rehearsal() => return Ok(()),
        Some(_) if yes => return Ok(()),
        _ => {}
    }
    if ui.may_ask() {
        return ui.type_in(&format!("Type {key} to {what}"), key);
    }
    let message = format!("to {what} needs --yes --confirm {key} when not run interactively");
    Err(CliError::usage(message).hint("nothing was sent"))
}
