//! The database of a system: one that was given, or a cluster of our own, made at the first start and brought up at
//! each.

use std::path::Path;

use super::cluster::{self, Cluster, Purpose};
use super::detach::DATABASE_URL;
use super::fault::Fault;
use super::folder::Folder;
use super::install;
use super::owner::{self, Owner};
use super::part::Part;
use super::ports::{self, Ports};
use super::postgres::{self, Installation};
use super::report::Report;
use super::service::Service;
use super::settings::{Database, Settings};

/// What to do with a database that is not the folder's.
const ELSEWHERE: &str = "name another --data-dir for the database of --database-url";

/// A cluster's server, ready to be started.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) version: String,
}

/// Checks that what is asked for can be done with what a folder has: nothing is deleted that was given, and a folder
/// stays with its database.
pub(crate) fn agree(settings: Option<&Settings>, given: Option<&str>, reset: bool) -> Result<(), Fault> {
    if reset && given.is_some() {
        return Err(Fault::usage(
            "--reset and --database-url exclude each other: a given database is not emptied",
        )
        .hint(format!("leave one out; the variable {DATABASE_URL} counts as --database-url")));
    }
    let Some(settings) = settings else { return Ok(()) };
    match (&settings.database, given) {
        (Database::Given { .. }, _) if reset => {
            Err(Fault::usage("--reset does not empty a database that was given with --database-url")
                .hint("empty it yourself, or name another --data-dir"))
        }
        (_, Some(url)) if settings.database_url() == url => Ok(()),
        (Database::Given { .. }, Some(_)) => {
            Err(Fault::usage("this data folder belongs to another database").hint(ELSEWHERE))
        }
        (Database::Own(_), Some(_)) => {
            Err(Fault::usage("this data folder has a database of its own").hint(ELSEWHERE))
        }
        _ => Ok(()),
    }
}

/// Returns the settings of a folder, making its database when there is none; and what starts it, when it is ours.
pub(crate) async fn prepare(
    folder: &Folder,
    ports: Ports,
    given: Option<String>,
    report: &Report,
) -> Result<(Settings, Option<Server>), Fault> {
    let there = Settings::read(folder)?;
    agree(there.as_ref(), given.as_deref(), false)?;
    let mut settings = match (there, given) {
        (Some(settings), _) => settings,
        (None, Some(url)) => Settings { database: Database::Given { url }, demo: None },
        (None, None) => Settings { database: Database::Own(make(folder, ports, report).await?), demo: None },
    };
    // Once before its server is touched, so that a cluster that was made is never lost.
    settings.write(folder)?;
    let server = match &mut settings.database {
        Database::Given { .. } => None,
        Database::Own(cluster) => Some(own(folder, ports, cluster)?),
    };
    settings.write(folder)?;
    Ok((settings, server))
}

/// Makes the cluster of a folder.
async fn make(folder: &Folder, ports: Ports, report: &Report) -> Result<Cluster, Fault> {
    let installation = postgres::find(None)?.ok_or_else(install::missing)?;
    let owner = Owner::needed()?;
    let place = owner::place(folder.path(), owner);
    report.doing(format!("PostgreSQL {}: making a database cluster", installation.version));
    // Without settings that know it, what is there is what an interrupted start left.
    cluster::delete(&place)?;
    Cluster::create(&installation, place, owner, Purpose::Kept, &ports.all()).await
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

/// Returns what starts a cluster's server, on its usual port unless that is somebody else's.
fn own(folder: &Folder, ports: Ports, cluster: &mut Cluster) -> Result<Server, Fault> {
    let installation = postgres::find(Some(cluster.major))?.ok_or_else(install::missing)?;
    if !cluster.data().join("PG_VERSION").exists() {
        return Err(Fault::new(format!("the database in {} is gone", cluster.place.display()))
            .hint("fgctl dev --reset starts anew"));
    }
    cluster.port = ports::this_or_any_free(cluster.port, &ports.all())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stays_with_its_database() {
        let given = Settings { database: Database::Given { url: "postgres://a".to_owned() }, demo: None };
        let cluster = r#"{"place":"/x","port":1,"major":16,"password":"p"}"#;
        let own = Settings { database: Database::Own(serde_json::from_str(cluster).unwrap()), demo: None };
        let (given, own) = (Some(&given), Some(&own));
        let (a, b) = (Some("postgres://a"), Some("postgres://b"));
        for (settings, url, reset) in
            [(None, None, true), (None, a, false), (given, a, false), (given, None, false), (own, None, true)]
        {
            assert!(agree(settings, url, reset).is_ok(), "{settings:?} {url:?} {reset}");
        }
        for (settings, url, reset, said) in [
            (None, a, true, "exclude each other"),
            (own, a, true, "exclude each other"),
            (given, None, true, "does not empty"),
            (given, b, false, "another database"),
            (own, b, false, "of its own"),
        ] {
            let fault = agree(settings, url, reset).unwrap_err();
            assert!(fault.message.contains(said), "{fault}");
        }
    }
}
