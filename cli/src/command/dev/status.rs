//! What runs, where, and with which credentials.

use super::{Place, show};
use crate::dev::part::Part;
use crate::dev::status::{State, look};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};

/// Show what runs, where, and with which credentials; ends with 1 when not all of it runs
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl dev status\n  fgctl dev status -o json | jq -r .databaseUrl")]
pub(super) struct Status {}

impl Status {
    pub(super) async fn run(self, place: &Place) -> Result<View, CliError> {
        let state = match place.existing()? {
            Some(folder) => look(&folder).await?,
            None => State::Absent,
        };
        match state {
            State::Healthy(status) => Ok(show::view(&status, &place.command("stop"))),
            State::Failing(status, parts) => {
                let parts: Vec<&str> = parts.into_iter().map(Part::title).collect();
                let note = format!("not answering: {}", parts.join(", "));
                Ok(show::view(&status, &place.command("stop"))
                    .note(Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, note))
                    .exit(Exit::Failed))
            }
            State::Starting(doing) => {
                let doing = doing.map(|doing| format!(": {doing}")).unwrap_or_default();
                Err(CliError::new(Exit::Failed, format!("still starting{doing}"))
                    .hint(place.command("status")))
            }
            State::Absent => Err(CliError::new(Exit::Failed, "not running").hint(place.command("--detach"))),
        }
    }
}
