//! Which arguments are names that the server knows.

use clap::{Arg, Command};
use clap_complete::ArgValueCandidates;

use super::candidates;

/// What a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Feature,
    Environment,
    Change,
    Context,
}

/// Nouns whose first argument is a feature's key; the empty one are the shortcuts at the top.
const ABOUT_FEATURES: [&str; 6] = ["", "feature", "rule", "variant", "dependency", "analytics"];

impl Kind {
    /// Returns how names of this kind begin in `-o name`.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Feature => "feature/",
            Self::Environment => "environment/",
            Self::Change => "change/",
            Self::Context => "context/",
        }
    }
}

/// Gives each argument that is a name its candidates.
pub(super) fn attach(root: Command) -> Command {
    below(root, "", 0)
}

fn below(command: Command, noun: &str, depth: usize) -> Command {
    // What is made has a name that is not taken.
    let new = command.get_name() == "create";
    let command =
        command.mut_args(|arg| match kind(noun, &arg).filter(|_| !new || arg.get_long().is_some()) {
            Some(kind) => arg.add(ArgValueCandidates::new(move || candidates(kind))),
            None => arg,
        });
    command.mut_subcommands(|sub| {
        let noun = match (depth, sub.has_subcommands()) {
            (0, true) => sub.get_name().to_owned(),
            _ => noun.to_owned(),
        };
        below(sub, &noun, depth + 1)
    })
}

/// Returns what an argument names, if it is a name.
fn kind(noun: &str, arg: &Arg) -> Option<Kind> {
    let id = arg.get_id().as_str();
    match (arg.get_long(), noun) {
        (Some("context"), _) => Some(Kind::Context),
        (Some("feature"), _) => Some(Kind::Feature),
        (Some("env"), _) => Some(Kind::Environment),
        (Some("from" | "to"), "" | "feature") => Some(Kind::Environment),
        (Some(_), _) => None,
        (None, "context") if id == "name" => Some(Kind::Context),
        (None, "env") if matches!(id, "key" | "keys") => Some(Kind::Environment),
        (None, noun) => match id {
            "number" | "numbers" => Some(Kind::Change),
            "key" | "keys" | "feature" | "features" if ABOUT_FEATURES.contains(&noun) => Some(Kind::Feature),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Kind, kind};

    fn of(path: &[&str], id: &str) -> Option<Kind> {
        let mut command = crate::Cli::command();
        for name in path {
            command = command.find_subcommand(name).unwrap_or_else(|| panic!("no {name}")).clone();
        }
        let noun = if path.len() > 1 { path[0] } else { "" };
        let arg = command.get_arguments().find(|arg| arg.get_id() == id).unwrap_or_else(|| panic!("no {id}"));
        kind(noun, arg)
    }

    #[test]
    fn everyday_names_complete() {
        assert_eq!(of(&["promote"], "to"), Some(Kind::Environment));
        assert_eq!(of(&["kill"], "env"), Some(Kind::Environment));
        assert_eq!(of(&["feature", "view"], "key"), Some(Kind::Feature));
        assert_eq!(of(&["rule", "list"], "key"), Some(Kind::Feature));
        assert_eq!(of(&["change", "view"], "number"), Some(Kind::Change));
        assert_eq!(of(&["approve"], "numbers"), Some(Kind::Change));
        assert_eq!(of(&["context", "use"], "name"), Some(Kind::Context));
        assert_eq!(of(&[], "context"), Some(Kind::Context));
        assert_eq!(of(&["audit", "list"], "feature"), Some(Kind::Feature));
    }

    #[test]
    fn other_words_do_not() {
        assert_eq!(of(&["feature", "create"], "variants"), None);
        assert_eq!(of(&["client", "create"], "name"), None);
    }
}
