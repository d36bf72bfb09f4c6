//! The database of a system: one that was given, or a cluster of our own, made at the first start and brought up at
//! each.

use std::path::Path;

use super::cluster::{self, Cluster, Purpose};
use super::fault::Fault;
use super::folder::Folder;
use super::owner::{self, Owner};
use super::part::Part;
use super::postgres::{self, Installation};
use super::report::Report;
use super::service::Service;
use super::settings::{Database, Settings};
use super::{install, ports};

/// A cluster's server, ready to be started.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) version: String,
}

/// Returns the settings of a folder, making its database when there is none; and what starts it, when it is ours.
pub(crate) async fn prepare(
    folder: &Folder,
    given: Option<String>,
    report: &Report,
) -> Result<(Settings, Option<Server>), Fault> {
    let mut settings = match (Settings::read(folder)?, given) {
        (Some(settings), None) => settings,
        (Some(settings), Some(url)) if settings.database_url() == url => settings,
        (Some(_), Some(_)) => {
            return Err(Fault::usage("this data folder belongs to another database")
                .hint("--data-dir FOLDER for this database, or --reset to start anew"));
        }
        (None, Some(url)) => Settings { database: Database::Given { url }, demo: None },
        (None, None) => Settings { database: Database::Own(make(folder, report).await?), demo: None },
    };
    // Once before its server is touched, so that a cluster that was made is never lost.
    settings.write(folder)?;
    let server = match &mut settings.database {
        Database::Given { .. } => None,
        Database::Own(cluster) => Some(own(folder, cluster)?),
    };
    settings.write(folder)?;
    Ok((settings, server))
}

/// Makes the cluster of a folder.
async fn make(folder: &Folder, report: &Report) -> Result<Cluster, Fault> {
    let installation = postgres::find(None)?.ok_or_else(install::missing)?;
    let owner = Owner::needed()?;
    let place = owner::place(folder.path(), owner);
    report.doing(format!("PostgreSQL {}: making a database cluster", installation.version));
    // Without settings that know it, what is there is what an interrupted start left.
    cluster::delete(&place)?;
    Cluster::create(&installation, place, owner, Purpose::Kept).await
}

/// Installs PostgreSQL where it is needed, missing, and that is possible.
pub(crate) async fn install(folder: &Folder, given: Option<&str>, report: &Report) -> Result<(), Fault> {
    if given.is_some() || Settings::read(folder)?.is_some() || postgres::find(None)?.is_some() {
        return Ok(());
    }
    if !install::possible() {
        return Err(install::missing());
    }
    let since = report.doing("installing PostgreSQL (apt-get install postgresql)");
    install::install(&folder.path().join("install.log")).await?;
    report.done("PostgreSQL is installed", since);
    Ok(())
}

/// Returns what starts a cluster's server, on its usual port unless somebody else took that.
fn own(folder: &Folder, cluster: &mut Cluster) -> Result<Server, Fault> {
    let installation = postgres::find(Some(cluster.major))?.ok_or_else(install::missing)?;
    if !cluster.data().join("PG_VERSION").exists() {
        return Err(Fault::new(format!("the database in {} is gone", cluster.place.display()))
            .hint("fgctl dev --reset starts anew"));
    }
    if !ports::is_free(cluster.port) {
        cluster.port = ports::any_free()?;
    }
    cluster.forgive_stale_lock()?;
    let service = server(&installation, cluster, Owner::needed()?, &folder.log(Part::Postgres));
    Ok(Server { service, version: installation.version })
}

/// Returns what starts a cluster's server.
pub(crate) fn server(
    installation: &Installation,
    cluster: &Cluster,
    owner: Option<Owner>,
    log: &Path,
) -> Service {
    Service {
        part: Part::Postgres,
        program: installation.program("postgres"),
        args: cluster.server_args(),
        env: Vec::new(),
        folder: cluster.place.clone(),
        owner,
        log: log.to_owned(),
    }
}
