//! `fgctl man`

use std::path::PathBuf;

use clap::CommandFactory;
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Write the manual, a page for each command
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl man --dir ~/.local/share/man/man1\n  fgctl man --dir /usr/local/share/man/man1 -o json"
)]
pub(crate) struct Man {
    /// The folder, which is made when it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Man {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, _shell: &Shell) -> Result<View, CliError> {
        let place = self.dir.display().to_string();
        let unwritable =
            |error: std::io::Error| CliError::new(Exit::Failed, format!("cannot write {place}: {error}"));
        std::fs::create_dir_all(&self.dir).map_err(unwritable)?;
        let command = crate::Cli::command();
        let pages = count(&command);
        clap_mangen::generate_to(command, &self.dir).map_err(unwritable)?;
        Ok(View::of(&json!({ "dir": place, "pages": pages }))
            .named(place.clone())
            .line(format!("{pages} pages in {place}")))
    }
}

/// Returns how many commands there are, those that only hold others included.
fn count(command: &clap::Command) -> usize {
    1 + command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(count).sum::<usize>()
}
