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
    Team,
    /// A user, or a member of a team.
    Person,
    Token,
    Client,
    Policy,
    Pipeline,
    ContextKey,
    Edge,
    /// What `watch` takes: a word, or a feature's key.
    Watched,
}

/// Kinds that are learned from what commands showed; of the first two the server is asked, too.
pub(super) const LEARNED: [Kind; 10] = [
    Kind::Feature,
    Kind::Environment,
    Kind::Team,
    Kind::Person,
    Kind::Token,
    Kind::Client,
    Kind::Policy,
    Kind::Pipeline,
    Kind::ContextKey,
    Kind::Edge,
];

/// Nouns whose first argument is a feature's key; the empty one are the shortcuts at the top.
const ABOUT_FEATURES: [&str; 6] = ["", "feature", "rule", "variant", "dependency", "analytics"];

impl Kind {
    /// Returns what names of this kind begin with in `-o name`, before a slash.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Feature | Self::Watched => "feature",
            Self::Environment => "environment",
            Self::Change => "change",
            Self::Context => "context",
            Self::Team => "team",
            Self::Person => "user",
            Self::Token => "token",
            Self::Client => "client",
            Self::Policy => "policy",
            Self::Pipeline => "pipeline",
            Self::ContextKey => "context-key",
            Self::Edge => "edge",
        }
    }

    /// Returns what a name names of this kind, as `-o name` has it.
    pub(super) fn named(self, name: &str) -> Option<&str> {
        let (word, rest) = name.split_once('/')?;
        (word == self.word() || self == Self::Person && word == "member").then_some(rest)
    }

    /// Returns whether a name means the same in all teams.
    pub(super) fn is_of_server(self) -> bool {
        matches!(self, Self::Team | Self::Person)
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
        (Some("env"), _) | (Some("after"), "pipeline") => Some(Kind::Environment),
        (Some("team"), _) => Some(Kind::Team),
        (Some("client"), _) => Some(Kind::Client),
        (Some("pipeline"), _) => Some(Kind::Pipeline),
        (Some("bucket-by"), _) => Some(Kind::ContextKey),
        (Some("from" | "to"), "" | "feature") => Some(Kind::Environment),
        (Some(_), _) => None,
        (None, "context") if id == "name" => Some(Kind::Context),
        (None, "env") if matches!(id, "key" | "keys") => Some(Kind::Environment),
        (None, noun) => match id {
            "what" if noun.is_empty() => Some(Kind::Watched),
            "pipeline" => Some(Kind::Pipeline),
            "environment" => Some(Kind::Environment),
            "number" | "numbers" => Some(Kind::Change),
            "key" | "keys" | "feature" | "features" if ABOUT_FEATURES.contains(&noun) => Some(Kind::Feature),
            _ => of_noun(noun, id),
        },
    }
}

/// Returns what the first argument of a noun's verbs names.
fn of_noun(noun: &str, id: &str) -> Option<Kind> {
    match (noun, id) {
        ("team", "key") => Some(Kind::Team),
        ("member" | "user", "username") => Some(Kind::Person),
        ("token", "name") => Some(Kind::Token),
        ("client", "name") => Some(Kind::Client),
        ("policy", "name") => Some(Kind::Policy),
        ("policy", "feature") => Some(Kind::Feature),
        ("pipeline", "key") => Some(Kind::Pipeline),
        ("context-key", "key") => Some(Kind::ContextKey),
        ("edge", "name") => Some(Kind::Edge),
        _ => None,
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
    fn names_of_the_structure_complete() {
        for (path, id, kind) in [
            (&["team", "view"], "key", Kind::Team),
            (&["member", "remove"], "username", Kind::Person),
            (&["user", "view"], "username", Kind::Person),
            (&["token", "rotate"], "name", Kind::Token),
            (&["client", "view"], "name", Kind::Client),
            (&["policy", "edit"], "name", Kind::Policy),
            (&["policy", "test"], "feature", Kind::Feature),
            (&["pipeline", "view"], "key", Kind::Pipeline),
            (&["pipeline", "add-stage"], "pipeline", Kind::Pipeline),
            (&["pipeline", "add-stage"], "environment", Kind::Environment),
            (&["context-key", "delete"], "key", Kind::ContextKey),
            (&["edge", "view"], "name", Kind::Edge),
        ] {
            assert_eq!(of(path, id), Some(kind), "{path:?} {id}");
        }
        assert_eq!(of(&["watch"], "what"), Some(Kind::Watched));
        assert_eq!(of(&[], "team"), Some(Kind::Team));
    }

    #[test]
    fn other_words_do_not() {
        assert_eq!(of(&["feature", "create"], "variants"), None);
        assert_eq!(of(&["client", "revoke-key"], "key"), None);
    }
}
