//! What may be sent that changes something, and the `fgctl` command that is the same.

use chrono::{DateTime, SecondsFormat, Utc};
use fluxgate_client::Decision;
use serde_json::Value;

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
    /// Returns the command that does the same.
    pub(crate) fn command(&self) -> String {
        let reason = |reason: &str| match reason.is_empty() {
            true => String::new(),
            false => format!(" --reason {}", quoted(reason)),
        };
        match self {
            Self::Promote { feature, from, to, reason: why } => {
                format!("fgctl promote {} --from {from} --to {to}{}", quoted(feature), reason(why))
            }
            Self::RollBack { feature, env, version, reason: why } => {
                let to = version.map_or_else(String::new, |version| format!(" --to {version}"));
                format!("fgctl rollback {} -e {env}{to}{}", quoted(feature), reason(why))
            }
            Self::Kill { feature, env, reason: why, restore_at } => {
                let end = restore_at.map_or_else(String::new, |at| {
                    format!(" --restore-at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
                });
                format!("fgctl kill {} -e {env}{end}{}", quoted(feature), reason(why))
            }
            Self::Restore { feature, env, reason: why } => {
                format!("fgctl restore {} -e {env}{}", quoted(feature), reason(why))
            }
            Self::Vote { changes, decision, comment } => {
                let numbers: Vec<String> = changes.iter().map(ToString::to_string).collect();
                let (verb, flag) = match decision {
                    Decision::Approve => ("approve", "--comment"),
                    _ => ("reject", "--reason"),
                };
                let said =
                    if comment.is_empty() { String::new() } else { format!(" {flag} {}", quoted(comment)) };
                format!("fgctl change {verb} {}{said}", numbers.join(" "))
            }
            Self::Comment { change, text } => format!("fgctl change comment {change} {}", quoted(text)),
            Self::Edit { feature, env, .. } => {
                format!(
                    "fgctl export --feature {} > f.yaml; $EDITOR f.yaml; fgctl apply -f f.yaml  # stage {env}",
                    quoted(feature)
                )
            }
            Self::Create { feature, name, reason: why } => {
                let name = if name.is_empty() { String::new() } else { format!(" --name {}", quoted(name)) };
                format!("fgctl feature create {}{name} --type simple{}", quoted(feature), reason(why))
            }
        }
    }
}

/// Quotes a word for a shell, where that is needed.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, quoted};

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("checkout-2"), "checkout-2");
        assert_eq!(quoted("5xx spike; rm -rf"), "'5xx spike; rm -rf'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
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
