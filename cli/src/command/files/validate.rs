//! `fgctl validate`

use std::path::PathBuf;

use crate::error::CliError;
use crate::files::{load, show_problems};
use crate::output::View;
use crate::shell::Shell;

/// Check files without any server, and show each problem with its place
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl validate -f flags/\n  fgctl export | fgctl validate -f - -o json\n\nEnds with 2 when something is wrong, with --strict also for warnings."
)]
pub(crate) struct Validate {
    /// A file, a folder with .yaml, .yml and .json files, or - for standard input; may be given again
    #[arg(short, long, required = true, value_name = "PATH")]
    file: Vec<PathBuf>,

    /// Take for wrong what is allowed but probably not meant
    #[arg(long)]
    strict: bool,
}

impl Validate {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, _: &Shell) -> Result<View, CliError> {
        Ok(show_problems(&load(&self.file)?, self.strict))
    }
}
