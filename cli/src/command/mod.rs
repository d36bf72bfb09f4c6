//! The command tree: `command/<noun>/<verb>.rs`, one file a verb.
//!
//! **How a command is made.** It is a `#[derive(clap::Args)] pub(crate) struct Verb` whose doc comment is its help and whose
//! `after_help` has two examples (a test asserts both), with
//! `pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError>`.
//! [`Shell`] gives it the settings (`shell.team()?`, `shell.env(…)?`), the connection (`shell.api()?`) and the person
//! (`shell.ui`: `step`, `note`, `confirm`; everything on stderr). It returns a [`View`], which says what is shown on stdout
//! in each format and how the process ends; only `main` prints it. `View::nothing()` shows nothing.
//! Failures are [`CliError`]s: `CliError::new(Exit::…, "what and why").hint("what to do")`.

mod actions;
mod analytics;
mod api;
mod audit;
mod change;
mod client;
mod completion;
mod config;
mod context;
mod context_key;
mod dashboard;
mod dependency;
pub(crate) mod dev;
mod doctor;
mod documents;
mod edge;
mod env;
mod exit_codes;
mod feature;
mod files;
mod key;
mod live;
mod login;
mod logout;
mod man;
mod member;
mod pipeline;
mod policy;
mod propose;
mod rule;
mod shared;
mod status;
mod team;
mod token;
mod user;
mod variant;
mod version;
mod wait;
mod watch;
mod whoami;
mod whom;
mod words;

pub(crate) use watch::kinds as watched;
pub(crate) use words::{as_value, said};

use crate::error::CliError;
use crate::output::{Showing, View};
use crate::shell::Shell;

/// What there is to do.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    Status(status::Status),
    #[command(visible_alias = "tui")]
    Dashboard(dashboard::Dashboard),
    Promote(feature::Promote),
    Kill(feature::Kill),
    Restore(feature::Restore),
    Rollback(feature::Rollback),
    Approve(change::Approve),
    Watch(watch::Watch),
    Explain(feature::Explain),
    Eval(feature::Eval),
    Drift(feature::Drift),
    Stale(feature::Stale),
    Lint(feature::Lint),
    Dev(dev::Dev),
    Api(api::Api),

    Login(login::Login),
    Logout(logout::Logout),
    Whoami(whoami::Whoami),
    #[command(subcommand, visible_alias = "contexts")]
    Context(context::Context),
    #[command(subcommand, visible_alias = "teams")]
    Team(team::Team),
    #[command(subcommand, visible_alias = "members")]
    Member(member::Member),
    #[command(subcommand, visible_alias = "users")]
    User(user::User),
    #[command(subcommand, visible_alias = "tokens")]
    Token(token::Token),
    #[command(subcommand, visible_alias = "keys")]
    Key(key::Key),
    #[command(subcommand)]
    Config(config::Config),

    #[command(subcommand, visible_aliases = ["envs", "environment"])]
    Env(env::Env),
    #[command(subcommand, visible_alias = "pipelines")]
    Pipeline(pipeline::Pipeline),
    #[command(subcommand, visible_aliases = ["attr", "context-keys"])]
    ContextKey(context_key::ContextKey),
    #[command(subcommand, visible_alias = "policies")]
    Policy(policy::Policy),
    #[command(subcommand, visible_alias = "clients")]
    Client(client::Client),

    #[command(subcommand, visible_alias = "features")]
    Feature(feature::Feature),
    #[command(subcommand, visible_aliases = ["rules", "criteria"])]
    Rule(rule::Rule),
    #[command(subcommand, visible_alias = "variants")]
    Variant(variant::Variant),
    #[command(subcommand, visible_alias = "dependencies")]
    Dependency(dependency::Dependency),

    #[command(subcommand, visible_aliases = ["changes", "approval", "cr"])]
    Change(change::Change),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand, visible_alias = "edges")]
    Edge(edge::Edge),
    #[command(subcommand)]
    Analytics(analytics::Analytics),

    Export(files::Export),
    Validate(files::Validate),
    Diff(files::Diff),
    Apply(files::Apply),

    Doctor(doctor::Doctor),
    Version(version::Version),
    Completion(completion::Completion),
    Man(man::Man),
    ExitCodes(exit_codes::ExitCodes),
}

impl Command {
    /// Refuses flags that a command would pass over.
    pub(crate) fn check(&self, showing: &Showing) -> Result<(), CliError> {
        match self {
            Self::Audit(command) => command.check(showing),
            _ => Ok(()),
        }
    }

    /// Returns whether it ends what it names, so that nobody means that any more.
    pub(crate) fn ends(&self) -> bool {
        matches!(
            self,
            Self::Client(client::Client::Delete(_))
                | Self::Policy(policy::Policy::Delete(_))
                | Self::Pipeline(pipeline::Pipeline::Delete(_))
                | Self::ContextKey(context_key::ContextKey::Delete(_))
                | Self::Token(token::Token::Revoke(_))
        )
    }

    /// Does it.
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::Status(command) => command.run(shell).await,
            Self::Dashboard(command) => Box::pin(command.run(shell)).await,
            Self::Promote(command) => command.run(shell).await,
            Self::Kill(command) => command.run(shell).await,
            Self::Restore(command) => command.run(shell).await,
            Self::Rollback(command) => command.run(shell).await,
            Self::Approve(command) => command.run(shell).await,
            Self::Watch(command) => command.run(shell).await,
            Self::Explain(command) => command.run(shell).await,
            Self::Eval(command) => command.run(shell).await,
            Self::Drift(command) => command.run(shell).await,
            Self::Stale(command) => command.run(shell).await,
            Self::Lint(command) => command.run(shell).await,
            Self::Dev(command) => command.run(shell).await,
            Self::Api(command) => command.run(shell).await,
            Self::Login(command) => command.run(shell).await,
            Self::Logout(command) => command.run(shell).await,
            Self::Whoami(command) => command.run(shell).await,
            Self::Context(command) => command.run(shell).await,
            Self::Team(command) => command.run(shell).await,
            Self::Member(command) => command.run(shell).await,
            Self::User(command) => command.run(shell).await,
            Self::Token(command) => command.run(shell).await,
            Self::Key(command) => command.run(shell).await,
            Self::Config(command) => command.run(shell).await,
            Self::Env(command) => command.run(shell).await,
            Self::Pipeline(command) => command.run(shell).await,
            Self::ContextKey(command) => command.run(shell).await,
            Self::Policy(command) => command.run(shell).await,
            Self::Client(command) => command.run(shell).await,
            Self::Feature(command) => command.run(shell).await,
            Self::Rule(command) => command.run(shell).await,
            Self::Variant(command) => command.run(shell).await,
            Self::Dependency(command) => command.run(shell).await,
            Self::Change(command) => command.run(shell).await,
            Self::Audit(command) => command.run(shell).await,
            Self::Edge(command) => command.run(shell).await,
            Self::Analytics(command) => command.run(shell).await,
            Self::Doctor(command) => command.run(shell).await,
            Self::Export(command) => command.run(shell).await,
            Self::Validate(command) => command.run(shell).await,
            Self::Diff(command) => command.run(shell).await,
            Self::Apply(command) => command.run(shell).await,
            Self::Version(command) => command.run(shell).await,
            Self::Completion(command) => command.run(shell).await,
            Self::Man(command) => command.run(shell).await,
            Self::ExitCodes(command) => command.run(shell).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// Calls back with every command that does something, and how it is called.
    fn walk(command: &clap::Command, path: &str, visit: &mut impl FnMut(&str, &clap::Command)) {
        let mut leaf = true;
        for sub in command.get_subcommands() {
            leaf = false;
            walk(sub, &format!("{path} {}", sub.get_name()), visit);
        }
        if leaf {
            visit(path, command);
        }
    }

    #[test]
    fn the_tree_is_sound() {
        crate::Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_two_examples() {
        let root = crate::Cli::command();
        walk(&root, "fgctl", &mut |path, command| {
            assert!(command.get_about().is_some(), "{path} has no help");
            let after = command.get_after_help().map(ToString::to_string);
            let examples = after.unwrap_or_default().matches("  fgctl ").count();
            assert!(examples >= 2, "{path} has {examples} examples");
            for argument in command.get_arguments() {
                let help = argument.get_help().is_some();
                assert!(help, "{path}: {} has no help", argument.get_id());
            }
        });
    }

    #[test]
    fn what_is_broken_by_hand_is_not_broken_again() {
        let root = crate::Cli::command();
        walk(&root, "fgctl", &mut |path, command| {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = after.lines().collect();
            let text = |line: &str| !line.is_empty() && !line.starts_with(' ');
            for pair in lines.windows(2) {
                let goes_on = text(pair[0]) && text(pair[1]) && !pair[0].ends_with('.');
                let fits = pair.iter().all(|line| line.chars().count() <= 78);
                assert!(!goes_on || fits, "{path}: {pair:?}");
            }
        });
    }

    #[test]
    fn examples_parse() {
        let root = crate::Cli::command();
        walk(&root, "fgctl", &mut |path, command| {
            let after = command.get_after_help().map(ToString::to_string);
            for line in after.unwrap_or_default().lines() {
                let Some(example) = line.strip_prefix("  fgctl ") else {
                    continue;
                };
                let plain = example.split([';', '|', '<', '>', '#', '&']).next();
                let words = words(plain.unwrap_or_default());
                let words =
                    super::said(["fgctl".into()].into_iter().chain(words.into_iter().map(Into::into)));
                let parsed = crate::Cli::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{path}: {example}: {:?}", parsed.err());
            }
        });
    }

    /// Splits an example as a shell would, as far as quotes go.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in line.trim().chars() {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None, ' ') => words.push(String::new()),
                (_, c) => words.last_mut().unwrap().push(c),
            }
        }
        words
    }
}
