//! Exit codes: what a script can rely on. This table is the only one; `fgctl exit-codes` prints it.
//!
//! A new kind of failure gets a code from here, or 1.

use serde::Serialize;

/// How a command ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Exit {
    #[default]
    Ok,
    Failed,
    Usage,
    Different,
    SignIn,
    NotAllowed,
    NotFound,
    Conflict,
    Pending,
    Blocked,
    Rejected,
    Unreachable,
    Stopped,
    Terminated,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Row {
    #[serde(skip)]
    exit: Exit,
    pub(crate) code: u8,
    pub(crate) name: &'static str,
    pub(crate) when: &'static str,
}

const fn row(exit: Exit, code: u8, name: &'static str, when: &'static str) -> Row {
    Row { exit, code, name, when }
}

/// All exit codes, in the order of [`Exit`].
#[rustfmt::skip]
pub(crate) const TABLE: [Row; 14] = [
    row(Exit::Ok, 0, "ok", "done, or already so"),
    row(Exit::Failed, 1, "failed", "nothing below fits; a server error; input that the server found invalid"),
    row(Exit::Usage, 2, "usage", "a wrong flag, a missing argument, a broken file, a question without a terminal"),
    row(Exit::Different, 3, "no / different", "only where a flag asks for it: the answer is no"),
    row(Exit::SignIn, 4, "sign in", "not signed in, or the sign-in expired or was revoked"),
    row(Exit::NotAllowed, 5, "not allowed", "the role lacks the permission; one's own change"),
    row(Exit::NotFound, 6, "not found", "no such feature, environment, change or context"),
    row(Exit::Conflict, 7, "conflict", "something moved in between; the key is taken"),
    row(Exit::Pending, 8, "pending", "a change waits for approval"),
    row(Exit::Blocked, 9, "blocked", "a gate is closed: stage, dependency, policy"),
    row(Exit::Rejected, 10, "rejected", "the change was rejected, cancelled or has become stale"),
    row(Exit::Unreachable, 11, "unreachable", "no connection to the server or its database, TLS failure, or 502, 503 or 504 after retries"),
    row(Exit::Stopped, 130, "stopped", "Ctrl-C, or no at a question"),
    row(Exit::Terminated, 143, "terminated", "SIGTERM; as with Ctrl-C in a wait, only the wait has ended"),
];

impl Exit {
    /// Returns whether somebody stopped it.
    pub(crate) fn is_stop(self) -> bool {
        matches!(self, Self::Stopped | Self::Terminated)
    }

    /// Returns the number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        TABLE.iter().find(|row| row.exit == self).map_or(1, |row| row.code)
    }
}

/// Returns the table as text, for `--help`.
pub(crate) fn table() -> String {
    let rows = TABLE.iter().map(|row| format!("  {:>3}  {:<14}  {}", row.code, row.name, row.when));
    rows.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Exit, TABLE};

    #[test]
    fn every_way_to_end_is_in_the_table_once() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.exit as usize, index, "{}", row.name);
        }
        assert_eq!(TABLE.len(), Exit::Terminated as usize + 1);
    }

    #[test]
    fn codes_are_those_of_the_documentation() {
        assert_eq!(Exit::Pending.code(), 8);
        assert_eq!(Exit::Blocked.code(), 9);
        assert_eq!(Exit::Stopped.code(), 130);
        assert_eq!(Exit::Terminated.code(), 143);
    }
}
