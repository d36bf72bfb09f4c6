//! `fgctl context list`

use serde::Serialize;

use crate::config::Context;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, Tone, View};
use crate::shell::Shell;

/// List the saved contexts
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  fgctl context list\n  fgctl context list -o name")]
pub(crate) struct List {}

/// A context as it is listed.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    context: Context,
    current: bool,
    username: Option<String>,
}

impl List {
    #[expect(clippy::unused_async, reason = "all commands are called alike")]
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let config = shell.config()?;
        // A context that is wanted and not there is in use nowhere, and no reason to hide the rest.
        let in_force = shell.context().ok().flatten().map(|context| context.name);
        let mut rows = Vec::new();
        for context in config.contexts() {
            let saved = config.credentials(&context.name).and_then(|file| file.read());
            rows.push(Row {
                current: in_force.as_ref() == Some(&context.name),
                // What cannot be read is nobody signed in, and no reason to hide the rest.
                username: saved.ok().flatten().map(|saved| saved.username),
                context,
            });
        }
        let columns = [
            Column::new("CONTEXT", |row: &Row| match row.current {
                true => Cell::State(Tone::Good, row.context.name.clone()),
                false => Cell::text(&row.context.name),
            }),
            Column::new("SERVER", |row: &Row| Cell::text(&row.context.server)),
            Column::new("TEAM", |row: &Row| Cell::text(row.context.team.as_deref().unwrap_or_default())),
            Column::new("ENV", |row: &Row| Cell::text(row.context.env.as_deref().unwrap_or_default())),
            Column::new("USER", |row: &Row| Cell::text(row.username.as_deref().unwrap_or_default())),
            Column::new("IN USE", |row: &Row| Cell::text(if row.current { "yes" } else { "no" }))
                .stays(Stays::Short),
        ];
        let view = View::list(&rows, &columns, |row| format!("context/{}", row.context.name));
        Ok(match rows.is_empty() {
            true => view.note("no contexts yet").next("fgctl login --server URL"),
            false => view,
        })
    }
}
