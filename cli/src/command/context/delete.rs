//! `fgctl context delete`

use crate::config::Config;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Forget a saved context and its sign-in
#[derive(clap::Args, Debug)]
#[command(visible_alias = "rm")]
#[command(after_help = "Examples:\n  fgctl context delete old\n  fgctl context delete old --yes")]
pub(crate) struct Delete {
    /// The context's name
    name: String,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

impl Delete {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        shell.may_change()?;
        let config = shell.config()?;
        let context = config.context(&self.name)?;
        let file = config.credentials(&self.name)?;
        if !self.yes {
            if !shell.ui.may_ask() {
                return Err(CliError::usage("deleting a context needs --yes when not run interactively")
                    .hint("nothing was changed"));
            }
            let question = format!("Forget {} ({}) and its sign-in?", context.name, context.server);
            shell.ui.confirm(&question)?;
        }
        let signed_in = file.read().is_ok_and(|saved| saved.is_some());
        Config::change(|config| {
            config.remove(&self.name);
            Ok(())
        })?;
        file.remove()?;
        let view = View::of(&context)
            .named(format!("context/{}", context.name))
            .row(vec![Cell::text(&context.name), Cell::text("deleted")]);
        Ok(match signed_in {
            true => view
                .note("the session on the server ends by itself; `fgctl logout` before would have ended it"),
            false => view,
        })
    }
}
