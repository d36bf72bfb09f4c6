//! Starting a system, in the foreground or in the background.

use tokio::sync::mpsc::unbounded_channel;

use super::{Place, show};
use crate::dev::detach::{self, DATABASE_URL};
use crate::dev::ports::Ports;
use crate::dev::start::{Options, Outcome, run};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// What the saved connection is called, unless another name is given.
const CONTEXT: &str = "local";

#[derive(clap::Args, Debug)]
pub(super) struct Start {
    /// Start in the background and return when all of it is up
    #[arg(long)]
    detach: bool,

    /// Delete the data and begin anew
    #[arg(long)]
    reset: bool,

    /// Use this empty database instead of a cluster of our own
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Start {
    /// Tells whether any of this was asked for on the command line.
    pub(super) fn given(&self) -> bool {
        self.detach || self.reset || self.database_url.is_some()
    }

    pub(super) async fn run(self, shell: &Shell, place: &Place) -> Result<View, CliError> {
        let options = Options {
            data_dir: place.data_dir()?,
            ports: Ports::new(place.port_base)?,
            // Read here and not by the command line's parser: in the environment it says nothing about other commands.
            database_url: self
                .database_url
                .or_else(|| std::env::var(DATABASE_URL).ok())
                .filter(|url| !url.is_empty()),
            reset: self.reset,
            context: named(shell).unwrap_or(CONTEXT).to_owned(),
        };
        let (tell, lines) = unbounded_channel();
        if self.detach {
            let up = detach::start(&options, place.port_base, &tell);
            let stop = place.command("stop");
            let status = show::attend(&shell.ui, lines, &stop, up).await?;
            return Ok(show::view(&status, &stop));
        }
        match show::attend(&shell.ui, lines, "Ctrl-C", run(options, tell)).await? {
            Outcome::Stopped => Ok(View::nothing()),
            Outcome::RunsAlready(status) => {
                shell.ui.note("already running");
                Ok(show::view(&status, &place.command("stop")))
            }
        }
    }
}

/// Returns the name to save the connection under, when a flag gives one. The variable does not count: it says which
/// context other commands use, not that this one may be another system's from now on.
fn named(shell: &Shell) -> Option<&str> {
    let variable = std::env::var("FGCTL_CONTEXT").ok();
    shell.wanted_context().filter(|name| variable.as_deref() != Some(*name))
}
