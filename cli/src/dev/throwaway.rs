//! A cluster for one command: made, handed over as `DATABASE_URL`, and deleted when the command has ended.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::cluster::{Cluster, Purpose};
use super::fault::{Fault, OrFault};
use super::mark::Mark;
use super::owner::Owner;
use super::part::Part;
use super::service::end;
use super::{database, install, postgres, secret};

/// How long may the server take to come up?
const PATIENCE: Duration = Duration::from_secs(30);

/// How often is it asked?
const LOOK: Duration = Duration::from_millis(15);

/// Runs a command with a database of its own, and returns how it ended.
pub(crate) async fn with_database(command: &[String]) -> Result<ExitStatus, Fault> {
    let place = std::env::temp_dir().join(format!("fluxgate-{}", &secret::text()[..12]));
    DirBuilder::new().mode(0o711).create(&place).or_fault(|| format!("make {}", place.display()))?;
    let result = in_place(&place, command).await;
    std::fs::remove_dir_all(&place).or_fault(|| format!("delete {}", place.display()))?;
    result
}

async fn in_place(place: &Path, command: &[String]) -> Result<ExitStatus, Fault> {
    let mut interrupt = signal(SignalKind::interrupt()).or_fault(|| "listen for signals".to_owned())?;
    let mut terminate = signal(SignalKind::terminate()).or_fault(|| "listen for signals".to_owned())?;
    let mut server = None;
    let result = tokio::select! {
        result = run(place, command, &mut server) => result,
        // The terminal tells the command too; a plain `kill` tells only us, and dropping the command ends it.
        _ = interrupt.recv() => Err(Fault::stopped()),
        _ = terminate.recv() => Err(Fault::stopped()),
    };
    if let Some((child, _)) = &mut server {
        end(child, Part::Postgres).await;
    }
    result
}

async fn run(
    place: &Path,
    command: &[String],
    server: &mut Option<(Child, Option<Mark>)>,
) -> Result<ExitStatus, Fault> {
    let url = bring_up(place, server).await?;
    let (program, args) = command.split_first().ok_or_else(|| Fault::usage("no command to run"))?;
    let mut command = Command::new(program);
    command.args(args).env("DATABASE_URL", url).kill_on_drop(true);
    command.status().await.or_fault(|| format!("run {program}"))
}

/// Makes and starts the cluster, and returns its address.
async fn bring_up(place: &Path, server: &mut Option<(Child, Option<Mark>)>) -> Result<String, Fault> {
    let installation = installed(place).await?;
    let owner = Owner::needed()?;
    let cluster =
        Cluster::create(&installation, place.join("postgres"), owner, Purpose::Throwaway, &[]).await?;
    let service = database::server(&installation, &cluster, owner, &place.join("postgres.log"));
    let (child, mark) = server.insert(service.spawn()?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().or_fault(|| "watch PostgreSQL".to_owned())? {
            return Err(service.fault(&format!("ended before it was ready ({status})")));
        }
        if mark.as_ref().is_some_and(|mark| cluster.ready(mark.pid)) {
            return Ok(cluster.url());
        }
        if Instant::now() >= deadline {
            return Err(service.fault(&format!("was not ready after {} s", PATIENCE.as_secs())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn installed(place: &Path) -> Result<postgres::Installation, Fault> {
    if let Some(found) = postgres::find(None)? {
        return Ok(found);
    }
    if !install::possible() {
        return Err(install::missing());
    }
    let log: PathBuf = place.join("install.log");
    install::install(&log).await?;
    postgres::find(None)?.ok_or_else(install::missing)
}
