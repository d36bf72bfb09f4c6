//! `fgctl context use`

use crate::config::Config;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// Make a context the one that commands use
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl context use local\n  fgctl context use prod-eu")]
pub(crate) struct Use {
    /// The context's name
    name: String,
}

impl Use {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        shell.may_change()?;
        let context = shell.config()?.context(&self.name)?;
        Config::change(|config| config.use_context(&self.name))?;
        Ok(View::of(&context).named(format!("context/{}", context.name)).row(vec![
            Cell::State(Tone::Good, context.name.clone()),
            Cell::text(&context.server),
            Cell::text(context.team.as_deref().unwrap_or_default()),
            Cell::text(context.env.as_deref().unwrap_or_default()),
        ]))
    }
}
