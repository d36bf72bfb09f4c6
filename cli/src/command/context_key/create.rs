//! `fgctl context-key create`

use fluxgate_client::context_key::{self, CreateContextKeyInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use super::value::{Type, values};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Declare an attribute; rules that are proposed from now on are checked against it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl context-key create appVersion --type version\n  fgctl attr create tier --type string --allow free --allow pro --description \"what they pay for\""
)]
pub(crate) struct Create {
    /// The attribute's key; a dotted path stands for itself
    key: String,

    /// What it holds
    #[arg(long = "type", value_name = "TYPE", value_enum, ignore_case = true)]
    kind: Type,

    /// A value that it may hold, any number of times; anything of its type when not given
    #[arg(long = "allow", value_name = "VALUE")]
    allowed: Vec<String>,

    /// What it is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Create {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let type_ = self.kind.into();
        let allowed_values = (!self.allowed.is_empty()).then(|| values(&type_, self.allowed));
        let hint = format!("fgctl context-key view {}", self.key);
        let input = CreateContextKeyInput {
            team,
            key: self.key,
            type_,
            description: self.description,
            allowed_values,
        };
        Ok(shown(&context_key::create(&api, input).await.map_err(on_conflict(hint))?))
    }
}
