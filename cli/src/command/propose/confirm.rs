//! The question before something happens in production. Without a terminal there is none: a flag answers it, or nothing happens.

use crate::error::CliError;
use crate::ui::Ui;

/// Asks for yes or no, unless a flag said yes.
pub(crate) fn moderate(ui: &Ui, yes: bool, question: &str) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if ui.may_ask() {
        return ui.confirm(question);
    }
    Err(CliError::usage("this needs --yes when not run interactively").hint("nothing was sent"))
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
        Some(_) if yes => return Ok(()),
        _ => {}
    }
    if ui.may_ask() {
        return ui.type_in(&format!("Type {key} to {what}"), key);
    }
    let message = format!("to {what} needs --yes --confirm {key} when not run interactively");
    Err(CliError::usage(message).hint("nothing was sent"))
}
