//! Why a command failed, in four parts: what, why, what to do, and the request's id.

use std::ops::{Deref, DerefMut};

use fluxgate_client::{Code, Error, Gate, Hold, Refusal};
use serde_json::{Value, json};

use crate::credentials;
use crate::exit::Exit;

/// A failure, ready to be told to a person or to a script.
///
/// Boxed, since every result of a command has room for one.
#[derive(Clone, Debug)]
pub(crate) struct CliError(Box<Failure>);

/// What there is to tell of a failure.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// A word for scripts, such as `NOT_FOUND`.
    pub(crate) code: String,
    /// How the process ends.
    pub(crate) exit: Exit,
    /// What failed and why.
    pub(crate) message: String,
    /// Lines below the message, shown as they are.
    pub(crate) details: Vec<String>,
    /// What stood in the way, and what did not.
    pub(crate) gates: Vec<Gate>,
    /// What to do: one line, a command if there is one.
    pub(crate) hint: Option<String>,
    /// What the server's log calls the request.
    pub(crate) request_id: Option<String>,
}

impl CliError {
    /// Makes an error; its code for scripts follows from how the process ends.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let code = match exit {
            Exit::Usage => "USAGE",
            Exit::SignIn => "UNAUTHENTICATED",
            Exit::NotAllowed => "FORBIDDEN",
            Exit::NotFound => "NOT_FOUND",
            Exit::Conflict => "CONFLICT",
            Exit::Pending => "PENDING",
            Exit::Blocked => "BLOCKED",
            Exit::Rejected => "REJECTED",
            Exit::Unreachable => "UNREACHABLE",
            Exit::Stopped | Exit::Terminated => "STOPPED",
            Exit::Ok | Exit::Failed | Exit::Different => "FAILED",
        };
        Self(Box::new(Failure {
            code: code.to_owned(),
            exit,
            message: message.into(),
            details: Vec::new(),
            gates: Vec::new(),
            hint: None,
            request_id: None,
        }))
    }

    /// Makes an error of the kind "you typed something wrong".
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Makes the error for something that is not there, with the name that was probably meant.
    pub(crate) fn not_found(kind: &str, name: &str, candidates: &[String]) -> Self {
        let mut message = format!("no {kind} {name:?}");
        if let Some(nearest) = nearest(name, candidates) {
            message.push_str(&format!(". Did you mean {nearest}?"));
        } else if !candidates.is_empty() && candidates.len() <= 12 {
            message.push_str(&format!("; there are {}", candidates.join(", ")));
        }
        Self::new(Exit::NotFound, message)
    }

    /// Adds what to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds lines below the message.
    #[must_use]
    pub(crate) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// Returns the form for `-o json`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({
            "code": self.code,
            "exit": self.exit.code(),
            "message": self.message,
        });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        if !self.gates.is_empty() {
            error["gates"] = json!(self.gates);
        }
        if let Some(hint) = &self.hint {
            error["hint"] = json!(hint);
        }
        if let Some(id) = &self.request_id {
            error["requestId"] = json!(id);
        }
        json!({ "error": error })
    }
}

impl Deref for CliError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for CliError {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

/// Returns the candidate that was probably meant.
pub(crate) fn nearest<'c>(name: &str, candidates: &'c [String]) -> Option<&'c str> {
    let wanted = name.to_lowercase();
    candidates
        .iter()
        .map(|candidate| {
            let score = strsim::jaro_winkler(&wanted, &candidate.to_lowercase());
            (score, candidate.as_str())
        })
        .filter(|(score, _)| *score > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Server(refusal) => refused(*refusal),
            Error::Unreachable { server, cause, tries } => {
                let times = if tries > 1 { format!(", {tries} tries") } else { String::new() };
                Self::new(
                    Exit::Unreachable,
                    format!("cannot reach {server} ({cause}{times})"),
                )
                .hint("edges keep serving the last known flags. Is the address right? `fgctl context list` shows it")
            }
            Error::Unanswered { .. } => {
                let mut error = Self::new(Exit::Unreachable, message)
                    .hint("look before you repeat it: `fgctl status`, or a view of what it was about");
                "UNANSWERED".clone_into(&mut error.code);
                error
            }
            Error::BadAnswer { .. } => Self::new(Exit::Failed, message)
                .hint("is that the address of a FluxGate backend? `fgctl context list` shows it"),
            Error::Stopped { status, retry_after, .. } => in_between(status, retry_after, message),
            Error::Held(Hold::ReadOnly(message)) => {
                Self::new(Exit::NotAllowed, message).hint("nothing was sent; --dry-run is let through")
            }
            Error::Held(Hold::Usage(message)) => Self::usage(message).hint("nothing was sent"),
            Error::Setup(message) => Self::usage(message),
            Error::Keep(cause) => {
                Self::new(Exit::Failed, format!("cannot keep the renewed sign-in: {cause}"))
                    .hint("FGCTL_CONFIG_DIR names another folder, FGCTL_TOKEN_FILE a token, which needs none")
            }
        }
    }
}

/// Returns how a refusal of this kind ends a command.
pub(crate) fn exit_of(code: Code) -> Exit {
    match code {
        Code::Unauthenticated => Exit::SignIn,
        Code::Forbidden => Exit::NotAllowed,
        Code::NotFound => Exit::NotFound,
        Code::Conflict | Code::Stale => Exit::Conflict,
        Code::Blocked => Exit::Blocked,
        Code::Unavailable => Exit::Unreachable,
        Code::Invalid | Code::Limited | Code::Internal => Exit::Failed,
    }
}

fn refused(refusal: Refusal) -> CliError {
    let exit = exit_of(refusal.code);
    let mut error = match (&refusal.kind, &refusal.name) {
        (Some(kind), Some(name)) if exit == Exit::NotFound => {
            CliError::not_found(kind, name, &refusal.candidates)
        }
        _ => CliError::new(exit, refusal.message),
    };
    refusal.code.as_str().clone_into(&mut error.code);
    error.details = refusal
        .violations
        .iter()
        .map(|violation| match violation.path.as_str() {
            "" => violation.message.clone(),
            path => format!("{path}: {}", violation.message),
        })
        .filter(|line| *line != error.message)
        .collect();
    error.gates = refusal.gates;
    error.request_id = refusal.request_id;
    error.hint = match (refusal.hint, refusal.retry_after_seconds) {
        (Some(hint), _) => Some(hint),
        (None, Some(seconds)) => Some(format!("try again in {seconds}s")),
        (None, None) => hint(exit, refusal.kind.as_deref()).map(str::to_owned),
    };
    error
}

/// Tells what something between here and the server answered in its place.
fn in_between(status: u16, retry_after: Option<String>, message: String) -> CliError {
    let address = "is the address right? `fgctl context list` shows it";
    match status {
        429 => {
            let mut error = CliError::new(Exit::Failed, message);
            Code::Limited.as_str().clone_into(&mut error.code);
            error.hint(match retry_after {
                Some(seconds) if seconds.parse::<u32>().is_ok() => {
                    format!("try again in {seconds}s (Retry-After)")
                }
                Some(date) => format!("try again after {date} (Retry-After)"),
                None => "there were too many requests; try again in a while".to_owned(),
            })
        }
        403 => CliError::new(Exit::NotAllowed, message)
            .hint(format!("does the proxy let this machine through? Otherwise, {address}")),
        _ => CliError::new(Exit::SignIn, message).hint(format!(
            "`fgctl login` does not sign in to a proxy, which wants its own; otherwise, {address}"
        )),
    }
}

/// Returns what to do about a refusal that says nothing of it.
fn hint(exit: Exit, kind: Option<&str>) -> Option<&'static str> {
    match (exit, kind) {
        (Exit::SignIn, _) => Some(match credentials::token_is_given() {
            // Signing in would not help: the variable goes before.
            true => {
                "is the token of FGCTL_TOKEN or FGCTL_TOKEN_FILE expired or revoked? Without them, `fgctl login` signs in"
            }
            false => "fgctl login",
        }),
        (Exit::NotFound, Some("feature")) => Some("fgctl feature list"),
        (Exit::NotFound, Some("environment")) => Some("fgctl env list"),
        (Exit::NotFound, Some("change")) => Some("fgctl change list --all"),
        (Exit::NotFound, Some("team")) => Some("fgctl team list"),
        (Exit::NotFound, Some("member")) => Some("fgctl member list"),
        (Exit::NotFound, Some("user")) => {
            Some("fgctl user list, for system administrators; fgctl member list for everybody")
        }
        (Exit::NotFound, Some("token")) => Some("fgctl token list"),
        (Exit::NotFound, Some("pipeline" | "stage")) => Some("fgctl pipeline list"),
        (Exit::NotFound, Some("context key")) => Some("fgctl context-key list"),
        (Exit::NotFound, Some("policy")) => Some("fgctl policy list"),
        (Exit::NotFound, Some("client")) => Some("fgctl client list"),
        (Exit::NotFound, Some("key")) => Some("fgctl client list -o wide"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::{Code, Error, Refusal};

    use super::CliError;
    use crate::exit::Exit;

    fn refusal(code: Code) -> CliError {
        let refusal = Refusal { code, message: "no".into(), ..Refusal::default() };
        CliError::from(Error::Server(Box::new(refusal)))
    }

    #[test]
    fn each_refusal_has_its_exit_code() {
        let expected = [
            (Code::Unauthenticated, 4),
            (Code::Forbidden, 5),
            (Code::NotFound, 6),
            (Code::Conflict, 7),
            (Code::Stale, 7),
            (Code::Blocked, 9),
            (Code::Invalid, 1),
            (Code::Limited, 1),
            (Code::Unavailable, 11),
            (Code::Internal, 1),
        ];
        for (code, exit) in expected {
            assert_eq!(refusal(code).exit.code(), exit, "{code:?}");
        }
    }

    #[test]
    fn a_wrong_name_gets_the_nearest() {
        let error = CliError::from(Error::Server(Box::new(Refusal {
            code: Code::NotFound,
            message: "not found".into(),
            kind: Some("feature".into()),
            name: Some("chekout-redesign".into()),
            candidates: vec!["BetaUsers".into(), "checkout-redesign".into()],
            ..Refusal::default()
        })));
        assert_eq!(error.message, "no feature \"chekout-redesign\". Did you mean checkout-redesign?");
        assert_eq!(error.exit, Exit::NotFound);
    }

    #[test]
    fn json_has_what_there_is() {
        let error = CliError::usage("x").hint("y");
        assert_eq!(
            error.to_json().to_string(),
            r#"{"error":{"code":"USAGE","exit":2,"hint":"y","message":"x"}}"#
        );
    }
}
