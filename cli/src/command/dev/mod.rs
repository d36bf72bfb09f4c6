//! `fgctl dev`: a whole system on this machine.

mod cluster;
mod show;
mod start;
mod status;
mod stop;

use std::path::PathBuf;

use crate::dev::fault::{Fault, Kind};
use crate::dev::folder::Folder;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Run PostgreSQL, backend, edge and demo data on this machine, until Ctrl-C
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl dev                       on ports 8080, 8081 and 50051\n  fgctl dev --detach --port-base 18080\n  fgctl dev --reset               with new data"
)]
pub(crate) struct Dev {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    start: start::Start,

    #[command(flatten)]
    place: Place,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Status(status::Status),
    Stop(stop::Stop),
    Cluster(cluster::Cluster),
}

/// Which system is meant.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Place {
    /// Where its data, secrets and logs are
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// Use the ports N, N+1 (edge) and N+2 (gRPC); each N has data of its own
    #[arg(long, global = true, value_name = "N")]
    port_base: Option<u16>,
}

impl Dev {
    /// Does it.
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        if self.verb.is_some() && self.start.given() {
            return Err(CliError::usage("--detach, --reset and --database-url are for starting"));
        }
        match self.verb {
            None => self.start.run(shell, &self.place).await,
            Some(Verb::Status(command)) => command.run(&self.place).await,
            Some(Verb::Stop(command)) => command.run(&self.place).await,
            Some(Verb::Cluster(command)) => command.run().await,
        }
    }
}

impl Place {
    /// Returns the data folder.
    fn data_dir(&self) -> Result<PathBuf, Fault> {
        match &self.data_dir {
            Some(path) => Ok(path.clone()),
            None => Folder::default_path(self.port_base),
        }
    }

    /// Returns the data folder, when there is one.
    fn existing(&self) -> Result<Option<Folder>, Fault> {
        Folder::existing(&self.data_dir()?)
    }

    /// Returns a command about this very system, such as `stop`.
    fn command(&self, rest: &str) -> String {
        let mut command = format!("fgctl dev {rest}");
        if let Some(folder) = &self.data_dir {
            command.push_str(&format!(" --data-dir {}", folder.display()));
        }
        if let Some(base) = self.port_base {
            command.push_str(&format!(" --port-base {base}"));
        }
        command
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        let exit = match fault.kind {
            Kind::Failed => Exit::Failed,
            Kind::Usage => Exit::Usage,
            Kind::Stopped => Exit::Stopped,
        };
        let error = Self::new(exit, fault.message).details(fault.details);
        match fault.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn commands_are_about_the_same_system() {
        let place = |data_dir: Option<&str>, port_base| {
            Place { data_dir: data_dir.map(Into::into), port_base }.command("stop")
        };
        assert_eq!(place(None, None), "fgctl dev stop");
        assert_eq!(place(None, Some(18080)), "fgctl dev stop --port-base 18080");
        assert_eq!(place(Some("/x"), Some(18080)), "fgctl dev stop --data-dir /x --port-base 18080");
    }
}
