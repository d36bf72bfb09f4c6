//! `fgctl feature tag`

use fluxgate_client::feature::{self, EditFeatureInput};

use super::described;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a feature tags, and take others away
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("some").multiple(true).required(true).args(["tags", "add", "remove"])))]
#[command(
    after_help = "Examples:\n  fgctl feature tag checkout +q4 -q3\n  fgctl feature tag checkout --add q4 --remove q3"
)]
pub(crate) struct Tag {
    /// The feature's key
    key: String,

    /// +TAG to add one, -TAG to remove one
    #[arg(value_name = "TAG", allow_hyphen_values = true)]
    tags: Vec<String>,

    /// A tag to add, any number of times
    #[arg(long, value_name = "TAG")]
    add: Vec<String>,

    /// A tag to remove, any number of times
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

impl Tag {
    pub(crate) async fn run(mut self, shell: &Shell) -> Result<View, CliError> {
        for tag in &self.tags {
            match (tag.strip_prefix('+'), tag.strip_prefix('-')) {
                (Some(tag), _) if !tag.is_empty() => self.add.push(tag.to_owned()),
                (_, Some(tag)) if !tag.is_empty() => self.remove.push(tag.to_owned()),
                _ => {
                    let message = format!("{tag:?} is neither +TAG nor -TAG");
                    return Err(CliError::usage(message).hint(format!("+{tag} adds it, -{tag} removes it")));
                }
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
            add_tags: Some(self.add),
            remove_tags: Some(self.remove),
        };
        Ok(described(&feature::edit(&api, input, Vec::new()).await?))
    }
}
