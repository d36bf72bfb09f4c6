//! Features that stay on the screen: one, or all of them.

use std::sync::Arc;

use fluxgate_client::feature;

use super::super::live;
use super::{list, view};
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Keeps a feature on the screen.
pub(crate) async fn watch(shell: &Shell, key: &str) -> Result<View, CliError> {
    let (api, team) = (Arc::new(shell.api()?), shell.team()?);
    let feed = live::everything(shell, &api, &team).await?;
    live::follow(shell, feed, async || feature::view(&api, &team, key).await, view::tree).await
}

/// Keeps all features on the screen.
pub(crate) async fn watch_all(shell: &Shell) -> Result<View, CliError> {
    let (api, team) = (Arc::new(shell.api()?), shell.team()?);
    let feed = live::everything(shell, &api, &team).await?;
    let ask = async || Ok(feature::list(&api, &team, None, None).await?.nodes);
    live::follow(shell, feed, ask, |features| list::table(features)).await
}
