//! A system in the background: a process of its own runs it, and this one waits until all of it is up.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::{Child, Command};

use super::fault::{Fault, OrFault};
use super::folder::{Folder, last_lines};
use super::journal::{Phase, Run};
use super::mark::Mark;
use super::report::{Line, Tell};
use super::settings::Settings;
use super::start::{Claim, Options, claim, healthy};
use super::status::{self, Status};

/// The variable that hands the database's address over: arguments can be seen by everyone on the machine.
pub(crate) const DATABASE_URL: &str = "FGCTL_DEV_DATABASE_URL";

/// How often is the background process looked at?
const LOOK: Duration = Duration::from_millis(25);

/// Starts a system in the background and returns once all of it is up.
pub(crate) async fn start(
    options: &Options,
    port_base: Option<u16>,
    tell: &Tell,
) -> Result<Box<Status>, Fault> {
    let folder = Folder::open(&options.data_dir)?;
    options.agree(&folder)?;
    if !options.reset
        && let Claim::Theirs(status) = claim(&folder).await?
    {
        let _ = tell.send(Line::Note("already running".to_owned()));
        return Ok(status);
    }
    let mut child = spawn(&folder, options, port_base)?;
    let mark = Mark::of_child(child.id());
    tokio::select! {
        result = follow(&folder, &mut child, mark.as_ref(), tell) => result,
        _ = tokio::signal::ctrl_c() => {
            if let Some(mark) = mark {
                mark.signal(Signal::SIGTERM);
            }
            let _ = child.wait().await;
            Err(Fault::stopped())
        }
    }
}

fn spawn(folder: &Folder, options: &Options, port_base: Option<u16>) -> Result<Child, Fault> {
    let doing = || "start the background process".to_owned();
    let log = File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(folder.own_log())
        .or_fault(doing)?;
    let errors = log.try_clone().or_fault(doing)?;
    let mut command = Command::new(std::env::current_exe().or_fault(doing)?);
    command.args(["dev", "--context", &options.context, "--data-dir"]).arg(folder.path());
    if let Some(base) = port_base {
        command.arg("--port-base").arg(base.to_string());
    }
    if options.reset {
        command.arg("--reset");
    }
    if let Some(url) = &options.database_url {
        command.env(DATABASE_URL, url);
    }
    // What formats the result here must not format the log there.
    command.env_remove("FGCTL_OUTPUT").current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
    command.spawn().or_fault(doing)
}

/// Passes on what the background process reports, until it is ready or has ended.
async fn follow(
    folder: &Folder,
    child: &mut Child,
    mark: Option<&Mark>,
    tell: &Tell,
) -> Result<Box<Status>, Fault> {
    let mut told = 0;
    let mut doing = None;
    loop {
        let ended = child.try_wait().or_fault(|| "watch the background process".to_owned())?;
        let run = Run::read(folder)?.filter(|run| Some(&run.supervisor) == mark);
        if let Some(run) = run {
            for step in run.steps.iter().skip(told) {
                let text = step.text.clone();
                let line = match step.took {
                    Some(took) => Line::Done(text, took),
                    None => Line::Warning(text),
                };
                let _ = tell.send(line);
            }
            told = told.max(run.steps.len());
            if run.doing != doing {
                doing.clone_from(&run.doing);
                let _ = doing.clone().map(|doing| tell.send(Line::Doing(doing)));
            }
            match &run.phase {
                Phase::Ready => {
                    let settings =
                        Settings::read(folder)?.ok_or_else(|| Fault::new("the settings are gone"))?;
                    return status::describe(folder, &settings, &run).map(Box::new);
                }
                Phase::Failed(fault) if ended.is_some() => return Err(fault.clone()),
                Phase::Starting | Phase::Failed(_) => {}
            }
        }
        match ended {
            // Another process was faster; its system is as good as ours.
            Some(status) if status.success() => {
                return healthy(folder)
                    .await?
                    .ok_or_else(|| Fault::new("the system that was running has just ended"));
            }
            Some(status) => return Err(unheard(folder, status)),
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Returns the fault of a background process that ended before it could say why.
fn unheard(folder: &Folder, status: ExitStatus) -> Fault {
    Fault::new(format!("the background process ended ({status})"))
        .details(last_lines(&folder.own_log(), 5))
        .hint(format!("its log is {}", folder.own_log().display()))
}
