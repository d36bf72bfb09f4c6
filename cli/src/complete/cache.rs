//! The names that were seen last, a file for each team of a server. Anybody may delete it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use etcetera::BaseStrategy;
use fluxgate_client::names::Names;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::file;

/// How many names of a kind are kept?
const MOST: usize = 10_000;

/// What is known of a team's names; of a server's, where the team is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Known {
    server: String,
    team: String,
    /// When the server was asked last.
    pub(super) asked_at: Option<DateTime<Utc>>,
    features: Vec<String>,
    environments: Vec<String>,
    changes: Vec<String>,
    /// What only commands showed, by the word of its kind.
    learned: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Reads what is known; what cannot be read is nothing.
    pub(super) fn read(server: &str, team: &str) -> Self {
        let read = || -> Option<Self> {
            let bytes = std::fs::read(path(server, team)?).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        read().filter(|known| known.server == server && known.team == team).unwrap_or_else(|| Self {
            server: server.to_owned(),
            team: team.to_owned(),
            ..Self::default()
        })
    }

    /// Writes it, where that is possible.
    pub(super) fn write(&self) {
        if let (Some(path), Ok(bytes)) = (path(&self.server, &self.team), serde_json::to_vec(self)) {
            let _ = file::replace_soon(&path, &bytes);
        }
    }

    /// Returns the names of a kind.
    pub(super) fn of(&self, kind: Kind) -> &[String] {
        match kind {
            Kind::Feature | Kind::Watched => &self.features,
            Kind::Environment => &self.environments,
            Kind::Change => &self.changes,
            learned => self.learned.get(learned.word()).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Adds names, and returns whether any was new.
    pub(super) fn add(&mut self, names: &[(Kind, Vec<&str>)]) -> bool {
        let mut new = false;
        for (kind, names) in names {
            let list = match kind {
                Kind::Feature => &mut self.features,
                Kind::Environment => &mut self.environments,
                Kind::Change | Kind::Context | Kind::Watched => continue,
                learned => self.learned.entry(learned.word().to_owned()).or_default(),
            };
            for name in names {
                // Sorted, so that finding a name is quick among thousands.
                if let Err(at) = list.binary_search_by(|known| known.as_str().cmp(name))
                    && list.len() < MOST
                {
                    list.insert(at, (*name).to_owned());
                    new = true;
                }
            }
        }
        new
    }

    /// Forgets names that only commands showed, and returns whether any was known.
    pub(super) fn forget(&mut self, names: &[(Kind, Vec<&str>)]) -> bool {
        let mut known = false;
        for (kind, names) in names {
            if let Some(list) = self.learned.get_mut(kind.word()) {
                let before = list.len();
                list.retain(|name| !names.contains(&name.as_str()));
                known |= list.len() < before;
            }
        }
        known
    }

    /// Takes what the server says. Features that it did not tell of, for there are many, stay.
    pub(super) fn replace(&mut self, names: Names) {
        let all = names.features.len() >= names.features_in_all;
        let before = std::mem::take(&mut self.features);
        self.features = names.features;
        self.features.sort();
        if !all {
            let before: Vec<&str> = before.iter().map(String::as_str).collect();
            self.add(&[(Kind::Feature, before)]);
        }
        self.environments = names.environments;
        self.environments.sort();
        self.changes = names.changes;
    }
}

fn path(server: &str, team: &str) -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir().join("fluxgate");
    let host = server.split("://").last().unwrap_or(server);
    let name = format!("{host}.{team}").replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
    let name: String = name.chars().take(150).collect();
    Some(folder.join(format!("names.{name}.json")))
}

#[cfg(test)]
mod tests {
    use fluxgate_client::names::Names;

    use super::{Kind, Known};

    fn names(features: &[&str], in_all: usize) -> Names {
        Names {
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            features_in_all: in_all,
            environments: vec!["prod".into(), "dev".into()],
            changes: vec!["12".into()],
        }
    }

    #[test]
    fn what_the_server_says_replaces_what_was_known() {
        let mut known = Known::default();
        assert!(known.add(&[(Kind::Feature, vec!["old", "a"])]));
        assert!(!known.add(&[(Kind::Feature, vec!["old"])]));
        known.replace(names(&["b", "a"], 2));
        assert_eq!(known.of(Kind::Feature), ["a", "b"]);
        assert_eq!(known.of(Kind::Environment), ["dev", "prod"]);
        assert_eq!(known.of(Kind::Change), ["12"]);
    }

    #[test]
    fn what_ended_is_forgotten() {
        let mut known = Known::default();
        assert!(known.add(&[(Kind::Client, vec!["web", "app"]), (Kind::Token, vec!["ci"])]));
        assert_eq!(known.of(Kind::Client), ["app", "web"]);
        assert!(known.forget(&[(Kind::Client, vec!["web"])]));
        assert!(!known.forget(&[(Kind::Client, vec!["web"])]));
        known.replace(names(&["a"], 1));
        assert_eq!(
            (known.of(Kind::Client), known.of(Kind::Token)),
            (&["app".to_owned()][..], &["ci".to_owned()][..])
        );
    }

    #[test]
    fn a_first_page_of_many_replaces_nothing() {
        let mut known = Known::default();
        known.add(&[(Kind::Feature, vec!["z"])]);
        known.replace(names(&["a"], 500));
        assert_eq!(known.of(Kind::Feature), ["a", "z"]);
    }
}
