//! `fgctl feature tag`

use fluxgate_client::feature::{self, EditFeatureInput};

use super::described;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a feature tags, and take others away
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("some").multiple(true).required(true).args(["tags", "remove"])))]
#[command(
    after_help = "Examples:\n  fgctl feature tag checkout +q4 --remove q3\n  fgctl feature tag checkout -o json -- +q4 -q3"
)]
pub(crate) struct Tag {
    /// The feature's key
    key: String,

    /// A tag to add, with or without +; behind --, -TAG removes one
    #[arg(value_name = "TAG")]
    tags: Vec<String>,

    /// A tag to remove, any number of times
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

impl Tag {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (mut add, mut remove) = (Vec::new(), self.remove);
        for tag in &self.tags {
            match tag.strip_prefix('-') {
                Some(tag) => remove.push(tag.to_owned()),
                None => add.push(tag.strip_prefix('+').unwrap_or(tag).to_owned()),
            }
        }
        let (api, team) = (shell.api()?, shell.team()?);
        let input = EditFeatureInput {
            team,
            feature: self.key,
            name: None,
            description: None,
            lifecycle: None,
            owner: None,
            removal_date: None,
            tags: None,
            add_tags: Some(add),
            remove_tags: Some(remove),
        };
        Ok(described(&feature::edit(&api, input, &[]).await?))
    }
}
