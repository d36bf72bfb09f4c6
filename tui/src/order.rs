//! What may be sent that changes something, and the `fgctl` command that is the same.

use chrono::{DateTime, SecondsFormat, Utc};
use fluxgate_client::Decision;
use fluxgate_wording::text;
use serde_json::Value;

use crate::host::Place;

/// Something that changes something. **Only a dialog that was confirmed sends one.**
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Takes what is live in a stage to another.
    Promote {
        /// The feature's key.
        feature: String,
        /// The environment that it comes from.
        from: String,
        /// The one that it goes to.
        to: String,
        /// Why.
        reason: String,
    },
    /// Takes an earlier version of a stage.
    RollBack {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// Which version; the one before the live one when absent.
        version: Option<i64>,
        /// Why.
        reason: String,
    },
    /// Turns a feature off at once, or moves the end of a kill.
    Kill {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// Why.
        reason: String,
        /// When it ends by itself; never when absent.
        restore_at: Option<DateTime<Utc>>,
    },
    /// Takes a kill back.
    Restore {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// Why.
        reason: String,
    },
    /// Votes on changes, one after the other.
    Vote {
        /// Their numbers.
        changes: Vec<i64>,
        /// For or against.
        decision: Decision,
        /// What is said with it.
        comment: String,
    },
    /// Says something about a change.
    Comment {
        /// Its number.
        change: i64,
        /// What.
        text: String,
    },
    /// Takes a change back that is not applied yet.
    Cancel {
        /// Its number.
        change: i64,
    },
    /// Lets a change through without its approvals.
    Override {
        /// Its number.
        change: i64,
        /// Why.
        reason: String,
    },
    /// Proposes another document for a stage.
    Edit {
        /// The feature's key.
        feature: String,
        /// The environment's key.
        env: String,
        /// The whole document.
        config: Value,
        /// The version that it was made from.
        base: Option<i64>,
        /// Why.
        reason: String,
    },
    /// Creates a feature that is on or off.
    Create {
        /// Its key.
        feature: String,
        /// What people call it.
        name: String,
        /// Why.
        reason: String,
    },
}

impl Order {
    /// Returns the command that does the same, or several, one after the other.
    pub fn command(&self) -> String {
        self.joined("")
    }

    /// Returns the command that does the same at this place, whatever the shell's own is.
    pub(crate) fn command_at(&self, place: &Place) -> String {
        self.joined(&flags_of(place))
    }

    fn joined(&self, at: &str) -> String {
        // Where one vote is refused, the others are cast all the same.
        let between = if let Self::Vote { .. } = self { "; " } else { " && " };
        self.commands(at).join(between)
    }

    /// Returns the commands that do the same, each with the flags that say where.
    pub fn commands(&self, at: &str) -> Vec<String> {
        let one = match self {
            Self::Promote { feature, from, to, reason } => {
                let (from, to) = (quoted(from), quoted(to));
                let reason = flag("reason", reason);
                format!("fgctl promote {} --from {from} --to {to}{reason}{at}", quoted(feature))
            }
            Self::RollBack { feature, env, version, reason } => {
                let version = version.map_or_else(String::new, |version| format!(" --version {version}"));
                let reason = flag("reason", reason);
                format!("fgctl rollback {} -e {}{version}{reason}{at}", quoted(feature), quoted(env))
            }
            Self::Kill { feature, env, reason, restore_at } => {
                // Without a word, the end that a kill has already would stay.
                let end = match restore_at {
                    Some(at) => format!("--restore-at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
                    None => "--until-restored".to_owned(),
                };
                let reason = flag("reason", reason);
                format!("fgctl kill {} -e {} {end}{reason}{at}", quoted(feature), quoted(env))
            }
            Self::Restore { feature, env, reason } => {
                let reason = flag("reason", reason);
                format!("fgctl restore {} -e {}{reason}{at}", quoted(feature), quoted(env))
            }
            Self::Vote { changes, decision: Decision::Approve, comment } => {
                let numbers: Vec<String> = changes.iter().map(ToString::to_string).collect();
                format!("fgctl change approve {}{}{at}", numbers.join(" "), flag("comment", comment))
            }
            Self::Vote { changes, comment, .. } => {
                // It takes one, and why.
                let reject =
                    |number: &i64| format!("fgctl change reject {number}{}{at}", always("reason", comment));
                return changes.iter().map(reject).collect();
            }
            Self::Comment { change, text } => {
                format!("fgctl change comment {change}{}{at}", always("comment", text))
            }
            Self::Cancel { change } => format!("fgctl change cancel {change}{at}"),
            Self::Override { change, reason } => {
                format!("fgctl change override {change}{}{at}", always("reason", reason))
            }
            Self::Edit { feature, reason, .. } => {
                return vec![
                    format!("fgctl export --feature {}{at} > f.yaml", quoted(feature)),
                    "$EDITOR f.yaml".to_owned(),
                    format!("fgctl apply -f f.yaml{}{at}", flag("reason", reason)),
                ];
            }
            Self::Create { feature, name, reason } => {
                let (name, reason) = (flag("name", name), flag("reason", reason));
                format!("fgctl feature create {}{name} --type simple{reason}{at}", quoted(feature))
            }
        };
        vec![one]
    }
}

/// Returns the flags that lead a command to a place: to its server; and the team, which the shell, its folder or the
/// dashboard may have another one of than the context.
pub(crate) fn flags_of(place: &Place) -> String {
    format!("{}{}", flag_of_server(place), flag("team", &place.team))
}

/// Returns the flag that leads a command to a server: its context, or its address where it has none.
pub(crate) fn flag_of_server(place: &Place) -> String {
    let to = if place.context == place.server { "server" } else { "context" };
    flag(to, &place.context)
}

/// Returns a flag with its text, or nothing where there is none.
fn flag(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { always(name, text) }
}

fn always(name: &str, text: &str) -> String {
    // What begins like a flag is one, unless it hangs on its own.
    let joint = if text.starts_with('-') { "=" } else { " " };
    format!(" --{name}{joint}{}", quoted(text))
}

/// Quotes a word for a shell, where that is needed; what could steer the terminal that it is pasted into becomes visible.
pub(crate) fn quoted(word: &str) -> String {
    let word = text::clean(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    // For zsh, `=ls` is where the program `ls` is.
    match !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        true => word.into_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, flags_of, quoted};
    use crate::host::Place;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("checkout-2"), "checkout-2");
        assert_eq!(quoted("5xx spike; rm -rf"), "'5xx spike; rm -rf'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a=b"), "a=b");
        for word in ["=ls", "~", "~root", "!!", "#7", "*", "a b", "$(ls)"] {
            assert_eq!(quoted(word), format!("'{word}'"));
        }
        assert_eq!(quoted("a\u{1b}[201~b"), "'a\\u{1b}[201~b'");
    }

    #[test]
    fn a_command_says_where() {
        let context = Place {
            context: "prod eu".into(),
            server: "https://fluxgate.acme.io".into(),
            team: "payments".into(),
            ..Place::default()
        };
        assert_eq!(flags_of(&context), " --context 'prod eu' --team payments");
        let server = Place { context: context.server.clone(), ..context.clone() };
        assert_eq!(flags_of(&server), " --server https://fluxgate.acme.io --team payments");
        let order = Order::Edit {
            feature: "checkout".into(),
            env: "prod".into(),
            config: serde_json::Value::Null,
            base: None,
            reason: "more".into(),
        };
        assert_eq!(
            order.command_at(&context),
            "fgctl export --feature checkout --context 'prod eu' --team payments > f.yaml && $EDITOR f.yaml && \
             fgctl apply -f f.yaml --reason more --context 'prod eu' --team payments"
        );
    }

    #[test]
    fn what_takes_one_change_is_said_for_each() {
        let order = Order::Vote {
            changes: vec![12, 13],
            decision: fluxgate_client::Decision::Reject,
            comment: "-1, not on a Friday".into(),
        };
        assert_eq!(
            order.command(),
            "fgctl change reject 12 --reason='-1, not on a Friday'; fgctl change reject 13 --reason='-1, not on a Friday'"
        );
    }

    #[test]
    fn a_change_is_cancelled_or_let_through_by_a_command() {
        assert_eq!(Order::Cancel { change: 12 }.command(), "fgctl change cancel 12");
        let through = Order::Override { change: 12, reason: "nobody is awake".into() };
        assert_eq!(through.command(), "fgctl change override 12 --reason 'nobody is awake'");
    }

    #[test]
    fn an_order_is_a_command() {
        let order = Order::Kill {
            feature: "checkout".into(),
            env: "prod".into(),
            reason: "5xx spike".into(),
            restore_at: Some("2026-11-20T12:52:58Z".parse().unwrap()),
        };
        assert_eq!(
            order.command(),
            "fgctl kill checkout -e prod --restore-at 2026-11-20T12:52:58Z --reason '5xx spike'"
        );
    }
}
