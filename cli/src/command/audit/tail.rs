//! `fgctl audit tail`

use super::Wanted;
use crate::command::watch;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Show what was done last, and what is done from now on, until Ctrl-C
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl audit tail\n  fgctl audit tail --action feature.kill -L 100 -o jsonl\n\nAn entry a line, the newest last; with -o jsonl an object a line. While the\nserver is away it is tried again, and nothing is missed."
)]
pub(crate) struct Tail {
    #[command(flatten)]
    wanted: Wanted,

    /// Begin with the latest N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 10)]
    limit: usize,
}

impl Tail {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let filter = self.wanted.filter(&super::When::default());
        watch::tail(shell, &filter, self.limit).await
    }
}
