//! `fgctl feature edit`

use chrono::{DateTime, Utc};
use fluxgate_client::Lifecycle;
use fluxgate_client::feature::{self, EditFeatureInput};

use super::super::shared::Rehearsal;
use super::described;
use super::filter::lifecycle;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;
use crate::time;

/// Edit what is said of a feature; what it serves stays as it is
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("said").multiple(true).required(true).args(
    ["name", "description", "owner", "lifecycle", "removal_date", "tags", "no_tags"]
)))]
#[command(
    after_help = "Examples:\n  fgctl feature edit checkout --owner payments --lifecycle active\n  fgctl feature edit checkout --description \"One page instead of three\" --removal-date 2027-03-31\n\n--owner \"\" leaves it to nobody, --removal-date never lets it stay. For single tags: fgctl feature tag."
)]
pub(crate) struct Edit {
    /// The feature's key
    key: String,

    /// What people call it
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Who looks after it
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Where it stands: beta, active, permanent or deprecated
    #[arg(long, value_name = "LIFECYCLE", value_parser = lifecycle)]
    lifecycle: Option<Lifecycle>,

    /// When it should be gone, such as 2027-03-31; never lets it stay
    #[arg(long, value_name = "DAY", value_parser = removal)]
    removal_date: Option<Removal>,

    /// A tag, any number of times: all that it has from now on
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// No tags from now on
    #[arg(long, conflicts_with = "tags")]
    no_tags: bool,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// When a feature should be gone.
#[derive(Clone, Copy, Debug)]
enum Removal {
    Never,
    At(DateTime<Utc>),
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = EditFeatureInput {
            team,
            feature: self.key,
            name: self.name,
            description: self.description,
            lifecycle: self.lifecycle,
            owner: self.owner,
            removal_date: match self.removal_date {
                Some(Removal::At(at)) => Some(at),
                _ => None,
            },
            tags: (self.no_tags || !self.tags.is_empty()).then_some(self.tags),
            add_tags: None,
            remove_tags: None,
        };
        let emptied = match self.removal_date {
            Some(Removal::Never) => vec!["removalDate"],
            _ => Vec::new(),
        };
        Ok(described(&feature::edit(&api, input, &emptied).await?))
    }
}

fn removal(text: &str) -> Result<Removal, String> {
    match text {
        "never" => Ok(Removal::Never),
        _ => time::parse_moment(text).map(Removal::At),
    }
}
