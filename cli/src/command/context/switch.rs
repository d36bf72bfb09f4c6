//! `fgctl context use`

use crate::config::Config;
use crate::error::CliError;
use crate::output::{Cell, Tone, View};
use crate::screen::variable;
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
        let view = View::of(&context).named(format!("context/{}", context.name)).row(vec![
            Cell::State(Tone::Good, context.name.clone()),
            Cell::text(&context.server),
            Cell::text(context.team.as_deref().unwrap_or_default()),
            Cell::text(context.env.as_deref().unwrap_or_default()),
        ]);
        Ok(match overridden(shell)?.filter(|(_, name)| *name != context.name) {
            Some((by, name)) => view.note(format!("here {by} goes before it: commands use {name}")),
            None => view,
        })
    }
}

/// Returns what chooses the context here whatever is saved, and the context that it names.
fn overridden(shell: &Shell) -> Result<Option<(String, String)>, CliError> {
    if let Some(name) = variable("FGCTL_CONTEXT") {
        return Ok(Some(("FGCTL_CONTEXT".to_owned(), name)));
    }
    let folder = shell.folder()?;
    Ok(match (&folder.path, &folder.context) {
        (Some(path), Some(name)) => Some((path.display().to_string(), name.clone())),
        _ => None,
    })
}
