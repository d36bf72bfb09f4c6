//! `fgctl context-key edit`

use fluxgate_client::ContextKeyType;
use fluxgate_client::context_key::{self, EditContextKeyInput};

use super::super::shared::{Rehearsal, on_conflict};
use super::shown;
use super::value::{Type, values};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Change what is said of an attribute; its type stays while a document would not fit it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl context-key edit tier --allow free --allow pro --allow enterprise\n  fgctl attr edit tier --allow-any --description \"\""
)]
pub(crate) struct Edit {
    /// The attribute's key
    key: String,

    #[command(flatten)]
    to: To,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// What it is to be.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// What it holds
    #[arg(long = "type", value_name = "TYPE", value_enum, ignore_case = true)]
    kind: Option<Type>,

    /// A value that it may hold, any number of times, instead of those so far
    #[arg(long = "allow", value_name = "VALUE", conflicts_with = "allow_any")]
    allowed: Vec<String>,

    /// Let it hold anything of its type
    #[arg(long)]
    allow_any: bool,

    /// What it is; an empty one removes it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Edit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let To { kind, allowed, allow_any, description } = self.to;
        let type_ = kind.map(ContextKeyType::from);
        let allowed_values = if allowed.is_empty() {
            allow_any.then(Vec::new)
        } else {
            // Whether 5 is a number or a text is up to the type.
            let of = match &type_ {
                Some(type_) => type_.clone(),
                None => context_key::get(&api, &team, &self.key).await?.type_,
            };
            Some(values(&of, allowed))
        };
        let hint = "fgctl change list".to_owned();
        let input = EditContextKeyInput { team, key: self.key, type_, description, allowed_values };
        Ok(shown(&context_key::edit(&api, input).await.map_err(on_conflict(hint))?))
    }
}
