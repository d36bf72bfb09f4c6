//! The audit log.

mod export;
mod list;
mod tail;

use chrono::{DateTime, Utc};
use fluxgate_client::audit::{AuditEntry, Filter};

use crate::error::CliError;
use crate::output::{Showing, View};
use crate::shell::Shell;
use crate::time;

/// The audit log: who did what, when and why
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Audit {
    List(list::List),
    Tail(tail::Tail),
    Export(export::Export),
}

impl Audit {
    /// Refuses flags that would be passed over.
    pub(crate) fn check(&self, showing: &Showing) -> Result<(), CliError> {
        match self {
            Self::Export(_) => export::Export::check(showing),
            Self::List(_) | Self::Tail(_) => Ok(()),
        }
    }

    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Tail(command) => command.run(shell).await,
            Self::Export(command) => command.run(shell).await,
        }
    }
}

/// Which entries are wanted.
#[derive(clap::Args, Clone, Debug, Default)]
struct Wanted {
    /// Only what was done to this feature
    #[arg(long, value_name = "KEY")]
    feature: Option<String>,

    /// Only what was done in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Only what this person, token or client did
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,

    /// Only actions that begin like this: feature.kill, or change. for all that is done to changes
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
}

/// From when until when.
#[derive(clap::Args, Clone, Debug, Default)]
struct When {
    /// Not before: how long ago, a day, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time::parse_past)]
    since: Option<DateTime<Utc>>,

    /// Not after, as for --since
    #[arg(long, value_name = "TIME", value_parser = time::parse_past)]
    until: Option<DateTime<Utc>>,

    /// What was done outside of all teams: sign-ins, users, signing keys; for system administrators
    #[arg(long, conflicts_with_all = ["feature", "env"])]
    system: bool,
}

impl Wanted {
    fn filter(self, when: &When) -> Filter {
        Filter {
            feature: self.feature,
            environment: self.env,
            actor: self.actor,
            action: self.action,
            since: when.since,
            until: when.until,
        }
    }
}

/// Returns who did something; of a token with whose it is.
fn actor(entry: &AuditEntry) -> String {
    match &entry.owner {
        Some(owner) => format!("{} of {owner}", entry.actor),
        None => entry.actor.clone(),
    }
}
