//! What to do where something is taken, or in use.

use fluxgate_client::Error;

use crate::error::CliError;
use crate::exit::Exit;

/// Adds what to do to a conflict that says nothing of it, in its words neither.
pub(crate) fn on_conflict(hint: String) -> impl FnOnce(Error) -> CliError {
    move |error| match CliError::from(error) {
        error
            if error.exit == Exit::Conflict && error.hint.is_none() && !error.message.contains("fgctl ") =>
        {
            error.hint(hint)
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::{Code, Error, Refusal};

    use super::on_conflict;

    #[test]
    fn a_refusal_that_names_a_command_gets_no_other() {
        let told = |message: &str| {
            let refusal = Refusal { code: Code::Conflict, message: message.to_owned(), ..Refusal::default() };
            on_conflict("fgctl env view e2".to_owned())(Error::Server(Box::new(refusal))).hint.clone()
        };
        assert_eq!(told("e2 is taken").as_deref(), Some("fgctl env view e2"));
        assert_eq!(told("team old is archived; bring it back first: fgctl team unarchive old"), None);
    }
}
