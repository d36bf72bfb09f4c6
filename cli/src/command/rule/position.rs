//! Where among the rules one stands.

use fluxgate_engine::FlagConfig;

use super::find;
use crate::error::CliError;

/// Where among the rules one is to stand.
#[derive(clap::Args, Clone, Debug, Default)]
#[group(id = "position", multiple = false)]
pub(super) struct Position {
    /// Before all other rules
    #[arg(long)]
    first: bool,

    /// After all other rules
    #[arg(long)]
    last: bool,

    /// As this number, from 1
    #[arg(long, value_name = "NUMBER")]
    to: Option<usize>,

    /// Before this rule: its number or its name
    #[arg(long, value_name = "RULE")]
    before: Option<String>,

    /// After this rule: its number or its name
    #[arg(long, value_name = "RULE")]
    after: Option<String>,
}

impl Position {
    /// Returns whether nothing is said.
    pub(super) fn is_unsaid(&self) -> bool {
        !self.first && !self.last && self.to.is_none() && self.before.is_none() && self.after.is_none()
    }

    /// Returns the index that a rule takes among those that there are, if anything is said.
    pub(super) fn of(&self, config: &FlagConfig) -> Result<Option<usize>, CliError> {
        let end = config.criteria.len();
        Ok(match self {
            Self { first: true, .. } => Some(0),
            Self { last: true, .. } => Some(end),
            Self { to: Some(number), .. } => match number.checked_sub(1) {
                Some(index) if index <= end => Some(index),
                _ => {
                    let message = format!("--to {number} is no place; there are 1 to {}", end + 1);
                    return Err(CliError::usage(message));
                }
            },
            Self { before: Some(rule), .. } => Some(find(config, rule)?),
            Self { after: Some(rule), .. } => Some(find(config, rule)? + 1),
            _ => None,
        })
    }
}
