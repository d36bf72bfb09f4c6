//! What a data folder keeps from one start to the next: its database, and what the demo data were called there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cluster::Cluster;
use super::fault::{Fault, OrFault};
use super::folder::{Folder, read_if_there, write_private};

/// The settings of one data folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) database: Database,
    /// Absent until all of it is there.
    pub(crate) demo: Option<Demo>,
}

/// Where the data are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Database {
    /// In a cluster that we made, start and may delete.
    Own(Cluster),
    /// On a server that somebody else runs.
    Given {
        /// Its address, with the password.
        url: String,
    },
}

/// What a caller needs to know of the demo data; the secrets are in files of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Demo {
    pub(crate) environments: BTreeMap<String, Uuid>,
    /// The client that callers of the edge may use.
    pub(crate) client: Uuid,
}

impl Settings {
    /// Reads them; nothing before the first start.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, Fault> {
        let path = folder.settings();
        let Some(text) = read_if_there(&path)? else { return Ok(None) };
        let settings = serde_json::from_str(&text).map_err(|error| {
            Fault::new(format!("{} is not readable: {error}", path.display()))
                .hint("fgctl dev --reset starts anew")
        })?;
        Ok(Some(settings))
    }

    /// Writes them.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(self).or_fault(|| "write the settings".to_owned())?;
        write_private(&folder.settings(), &text)
    }

    /// Returns the address of the database.
    pub(crate) fn database_url(&self) -> String {
        match &self.database {
            Database::Own(cluster) => cluster.url(),
            Database::Given { url } => url.clone(),
        }
    }

    /// Returns the cluster, when it is ours.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        match &self.database {
            Database::Own(cluster) => Some(cluster),
            Database::Given { .. } => None,
        }
    }
}
