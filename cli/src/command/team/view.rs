//! `fgctl team view`

use fluxgate_client::team::{self, Count};

use super::super::shared::facts;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Show a team and how much there is of everything
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl team view\n  fgctl team view payments -o json")]
pub(crate) struct ViewTeam {
    /// The team's key; the context's team when not given
    key: Option<String>,
}

impl ViewTeam {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let key = match self.key {
            Some(key) => key,
            None => shell.team()?,
        };
        let found = team::get(&shell.api()?, &key).await?;
        let team = &found.team;
        Ok(facts(
            View::of(&found).named(format!("team/{}", team.key)),
            [
                ("team", Cell::text(&team.key)),
                ("name", Cell::text(&team.name)),
                ("description", Cell::text(&team.description)),
                ("archived", Cell::Time(team.archived_at)),
                ("members", number(&found.members)),
                ("environments", names(&found.environments)),
                ("pipelines", names(&found.pipelines)),
                ("policies", names(&found.policies)),
                ("context keys", number(&found.context_keys)),
                ("clients", number(&found.clients)),
                ("tokens", number(&found.tokens)),
                ("features", number(&found.features)),
            ],
        ))
    }
}

fn number(count: &Count) -> Cell {
    Cell::text(count.total_count.to_string())
}

/// Returns the names, and how many more there are.
fn names(count: &Count) -> Cell {
    let names: Vec<&str> = count.nodes.iter().map(|node| node.key.as_str()).collect();
    let names = names.join(", ");
    match count.total_count - i64::try_from(count.nodes.len()).unwrap_or_default() {
        more if more > 0 => Cell::text(format!("{names} and {more} more")),
        _ => Cell::text(names),
    }
}
