//! `fgctl completion`

use clap::CommandFactory;
use clap_complete::Shell as Script;
use clap_complete::env::Shells;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Print a script that completes fgctl's commands in a shell
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl completion bash > ~/.local/share/bash-completion/completions/fgctl\n  fgctl completion zsh > ~/.zfunc/_fgctl\n\nThe script calls fgctl, which knows the keys of features and environments too. --static makes one that calls nothing."
)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum)]
    shell: Script,

    /// Commands and flags only, no names from the server
    #[arg(long = "static")]
    fixed: bool,
}

impl Completion {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let mut script = Vec::new();
        let name = self.shell.to_string();
        match Shells::builtins().completer(&name) {
            Some(completer) if !self.fixed => completer
                .write_registration("COMPLETE", "fgctl", "fgctl", "fgctl", &mut script)
                .map_err(|error| CliError::new(Exit::Failed, error.to_string()))?,
            _ => clap_complete::generate(self.shell, &mut crate::Cli::command(), "fgctl", &mut script),
        }
        shell.ui.raw(&String::from_utf8_lossy(&script))?;
        Ok(View::nothing())
    }
}
