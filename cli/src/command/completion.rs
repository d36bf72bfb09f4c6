//! `fgctl completion`

use clap::CommandFactory;
use clap_complete::Shell as Script;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Print a script that completes fgctl's commands in a shell
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl completion bash > ~/.local/share/bash-completion/completions/fgctl\n  fgctl completion zsh > ~/.zfunc/_fgctl"
)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum)]
    shell: Script,
}

impl Completion {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::Cli::command(), "fgctl", &mut script);
        shell.ui.raw(&String::from_utf8_lossy(&script));
        Ok(View::nothing())
    }
}
