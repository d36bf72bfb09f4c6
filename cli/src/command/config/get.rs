//! `fgctl config get`

use super::setting::all;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Show one setting
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl config get team\n  fgctl config get server --context prod-eu")]
pub(crate) struct Get {
    /// The setting's name
    name: String,
}

impl Get {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let settings = all(shell)?;
        let names: Vec<String> = settings.iter().map(|setting| setting.name.to_owned()).collect();
        let Some(setting) = settings.into_iter().find(|setting| setting.name == self.name) else {
            return Err(CliError::not_found("setting", &self.name, &names).hint("fgctl config list"));
        };
        if setting.value.is_null() {
            let message = format!("{} is not set", setting.name);
            return Err(CliError::new(Exit::NotFound, message).hint("fgctl config list --origin"));
        }
        Ok(View::of(&setting).named(format!("setting/{}", setting.name)).line(setting.text()))
    }
}
