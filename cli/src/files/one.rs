//! One of a team's things as the file that defines it, which is what YAML is of it.

use fluxgate_client::files::{self, FileFeature};
use fluxgate_client::{Api, Lifecycle};

use super::live::Live;
use super::manifest;
use super::reference::{Noun, Reference};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::View;

/// Shows a thing as the file that `apply` takes; an archived feature has none.
pub(crate) async fn one(api: &Api, team: &str, noun: Noun, key: &str) -> Result<Option<View>, CliError> {
    let manifest = match noun {
        Noun::Environment => manifest::environment(team, &files::environment(api, team, key).await?),
        Noun::Pipeline => manifest::pipeline(team, &files::pipeline(api, team, key).await?),
        Noun::ContextKey => manifest::context_key(team, &files::context_key(api, team, key).await?),
        Noun::Policy => manifest::policy(team, &files::policy(api, team, key).await?),
        Noun::Feature => match files::feature(api, team, key).await? {
            archived if archived.lifecycle == Lifecycle::Archived => return Ok(None),
            found => manifest::feature(team, &found)?,
        },
    };
    Ok(Some(View::file(manifest.to_yaml()).named(Reference::of(&manifest).to_string())))
}

/// Returns a feature as files have it; an archived one they do not.
pub(crate) async fn feature(api: &Api, team: &str, key: &str) -> Result<Live, CliError> {
    let found: FileFeature = files::feature(api, team, key).await?;
    if found.lifecycle == Lifecycle::Archived {
        let message = format!("{key} is archived, and files hold nothing of that");
        let hint = format!("bring it back first: fgctl feature unarchive {key}");
        return Err(CliError::new(Exit::Conflict, message).hint(hint));
    }
    Live::feature(team, &found)
}
