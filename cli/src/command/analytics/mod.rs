//! How often features are evaluated.

mod series;
mod show;
mod summary;
mod top;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::{Resolution, clock};

pub(crate) use show::{lately, name_of};

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;
use crate::time;

/// How long is what is looked at, unless told?
const UNLESS_TOLD: TimeDelta = TimeDelta::hours(1);
/// For how long may each minute be told? A day of them is what an answer holds.
const BY_MINUTE: TimeDelta = TimeDelta::hours(24);

/// How often features are evaluated, where, and to what they come
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Analytics {
    Summary(summary::Summary),
    Top(top::Top),
    Series(series::Series),
}

impl Analytics {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::Summary(command) => command.run(shell).await,
            Self::Top(command) => command.run(shell).await,
            Self::Series(command) => command.run(shell).await,
        }
    }
}

/// Where and when is looked.
#[derive(clap::Args, Clone, Debug, Default)]
struct Range {
    /// Only in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// From when on: how long ago, a day, or RFC 3339; an hour before the end when absent
    #[arg(long, value_name = "TIME", value_parser = time::parse_past)]
    from: Option<DateTime<Utc>>,

    /// Until when, as for --from; now when absent
    #[arg(long, value_name = "TIME", value_parser = time::parse_past)]
    until: Option<DateTime<Utc>>,
}

impl Range {
    /// Returns from when until when.
    fn span(&self) -> Result<(DateTime<Utc>, DateTime<Utc>), CliError> {
        let until = self.until.unwrap_or_else(clock::now);
        let from = self.from.unwrap_or(until - UNLESS_TOLD);
        match from < until {
            true => Ok((from, until)),
            false => Err(CliError::usage(format!(
                "--from {} is not before --until {}",
                time::instant(from),
                time::instant(until)
            ))),
        }
    }
}

/// Returns how long a step is, unless that is said.
fn resolution((from, until): (DateTime<Utc>, DateTime<Utc>), longest: TimeDelta) -> Resolution {
    if until - from <= longest { Resolution::Minute } else { Resolution::Hour }
}
