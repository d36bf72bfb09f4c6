//! What is asked of a result is checked before something is done: fields that it cannot have are told while nothing was
//! sent. What shows only in the end loses nothing: the result is shown whole then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fluxgate_client::{Before, Fields, Hold};

use super::shape::Shape;
use crate::error::nearest;

/// What commands that change something make of an answer themselves, beside what the answer has.
const OURS: [&str; 22] = [
    "applied",
    "change",
    "context",
    "dryRun",
    "edges",
    "environments",
    "error",
    "failed",
    "feature",
    "gates",
    "items",
    "outcome",
    "password",
    "pending",
    "policies",
    "rescheduled",
    "revision",
    "state",
    "team",
    "unchanged",
    "user",
    "warnings",
];

/// How many fields are named where none is near?
const MOST: usize = 24;

/// Whether something was done, by any connection of this process.
#[derive(Clone, Default)]
pub(crate) struct Done(Arc<AtomicBool>);

impl Done {
    /// Notes that something is done from here on.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether something was done.
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Shape {
    /// Returns what a connection asks before it sends something that changes something.
    pub(crate) fn before(&self) -> Before {
        let (wanted, done) = (self.wanted(), self.done.clone());
        Box::new(move |fields| {
            // Of several the first one is what the result is made of; after it nothing is held up.
            if !done.is() {
                check(&wanted, fields)?;
            }
            done.note();
            Ok(())
        })
    }
}

/// Makes sure that each path may lead somewhere.
fn check(wanted: &[Vec<String>], fields: &Fields) -> Result<(), Hold> {
    let ours = |path: &[String]| path.first().is_some_and(|first| OURS.contains(&first.as_str()));
    match wanted.iter().find(|path| !fields.has(path) && !ours(path)) {
        None => Ok(()),
        Some(path) => Err(Hold::Usage(unknown(&path.join("."), &fields.paths()))),
    }
}

/// Says that there is no such field, and which one was probably meant, or which there are.
pub(super) fn unknown(field: &str, names: &[String]) -> String {
    let depth = |path: &str| path.matches('.').count();
    let alike: Vec<String> = names.iter().filter(|name| depth(name) == depth(field)).cloned().collect();
    let message = format!("the result has no field {field:?}");
    match nearest(field, &alike).or_else(|| nearest(field, names)) {
        Some(near) => format!("{message}. Did you mean {near}?"),
        None if (1..=MOST).contains(&alike.len()) => format!("{message}; there are {}", alike.join(", ")),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::{Fields, Hold};

    use super::{OURS, check};

    fn paths(list: &[&str]) -> Vec<Vec<String>> {
        list.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn what_a_result_cannot_have_is_told() {
        let fields = Fields::of(["client", "key"]);
        assert_eq!(check(&paths(&["key", "client.name", "edges.late"]), &fields), Ok(()));
        let held = check(&paths(&["key", "kee"]), &fields);
        let words = "the result has no field \"kee\". Did you mean key?";
        assert_eq!(held, Err(Hold::Usage(words.to_owned())));
    }

    /// Every object that a command makes itself has its fields in the table, else they would be refused.
    #[test]
    fn what_commands_add_is_known() {
        let sources = [
            include_str!("../command/user/create.rs"),
            include_str!("../command/user/reset_password.rs"),
            include_str!("../command/user/password.rs"),
            include_str!("../command/client/create.rs"),
            include_str!("../command/feature/stop.rs"),
            include_str!("../command/propose/finish.rs"),
            include_str!("../command/propose/show.rs"),
            include_str!("../command/login.rs"),
            include_str!("../command/logout.rs"),
            include_str!("../files/apply/show.rs"),
        ];
        for source in sources {
            // What makes the items of a list comes after what makes the result.
            let code = source.split("fn item(").next().unwrap();
            let code = code.split("#[cfg(test)]").next().unwrap();
            for (at, _) in code.match_indices("\":") {
                let name = code[..at].rsplit('"').next().unwrap();
                if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                    continue;
                }
                let answered = matches!(name, "client" | "key");
                assert!(answered || OURS.contains(&name), "{name}");
            }
        }
    }
}
