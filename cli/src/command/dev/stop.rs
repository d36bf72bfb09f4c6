//! Stopping a system from outside.

use super::Place;
use crate::dev::stop;
use crate::error::CliError;
use crate::output::View;

/// Stop the system; its data stay
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  fgctl dev stop\n  fgctl dev stop --port-base 18080")]
pub(super) struct Stop {}

impl Stop {
    pub(super) async fn run(self, place: &Place) -> Result<View, CliError> {
        let stopped = match place.existing()? {
            Some(folder) => stop::stop(&folder).await?,
            None => false,
        };
        let word = if stopped { "stopped" } else { "already stopped" };
        Ok(View::of(&serde_json::json!({ "state": "stopped" })).named("stopped").line(word))
    }
}
