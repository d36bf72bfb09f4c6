//! Documents as the server has them now.

use fluxgate_client::Api;
use fluxgate_client::live::{self, LiveFeature};

use super::{Documents, read};
use crate::error::CliError;

impl Documents {
    /// Reads all that an environment serves, a request for each hundred features.
    pub(crate) async fn of_environment(api: &Api, team: &str, env: &str) -> Result<Self, CliError> {
        let features = live::features(api, team, Some(env)).await?;
        Ok(Self::of_features(&features.nodes, env))
    }

    /// Takes what features serve in one environment.
    pub(crate) fn of_features(features: &[LiveFeature], env: &str) -> Self {
        let mut documents = Self::default();
        for feature in features {
            let Some(stage) = feature.stages.iter().find(|stage| stage.environment.key == env) else {
                continue;
            };
            let live = stage.live.as_ref().map(|live| (live.number, &live.config));
            documents.put(&feature.key, env, live, stage.kill.is_some());
        }
        documents
    }

    /// Adds a feature as its stage is: its live document, and whether it is killed.
    pub(crate) fn put(
        &mut self,
        key: &str,
        env: &str,
        live: Option<(i64, &serde_json::Value)>,
        is_killed: bool,
    ) {
        self.held.remove(key);
        match is_killed {
            true => self.killed.insert(key.to_owned()),
            false => self.killed.remove(key),
        };
        let Some((number, config)) = live else {
            return;
        };
        let taken = read(config, (key, env)).and_then(|config| self.insert(key, config, Some(number)));
        if let Err(error) = taken {
            self.unreadable.insert(key.to_owned(), error);
        }
    }
}
