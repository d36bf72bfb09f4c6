//! `fgctl version`

use serde_json::json;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Show fgctl's version
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl version\n  fgctl version -o json")]
pub(crate) struct Version {}

impl Version {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, _shell: &Shell) -> Result<View, CliError> {
        let version = env!("CARGO_PKG_VERSION");
        Ok(View::of(&json!({ "version": version }))
            .named(format!("fgctl/{version}"))
            .line(format!("fgctl {version}")))
    }
}
