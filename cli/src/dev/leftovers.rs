//! What a run left behind that was killed itself: its servers go on without it, and keep the ports.

use super::fault::Fault;
use super::folder::Folder;
use super::journal::Run;
use super::part::Part;
use super::service::ending;
use super::settings::Settings;

/// Stops every process of an earlier run and returns their names. **The folder's lock must be held**: else these are
/// the processes of a run that is well.
pub(crate) async fn stop(folder: &Folder) -> Result<Vec<String>, Fault> {
    let run = Run::read(folder)?;
    let mut stopped = Vec::new();
    for part in [Part::Edge, Part::Backend, Part::Postgres] {
        let noted = run.as_ref().and_then(|run| run.mark(part).cloned());
        let found = match part {
            // The cluster knows its server itself, even one that was started again a moment before the end.
            Part::Postgres => Settings::read(folder)?.and_then(|settings| settings.cluster()?.server()),
            Part::Backend | Part::Edge => None,
        };
        for mark in noted.into_iter().chain(found) {
            // After the machine was started anew, number and moment may both be another's by chance.
            if !mark.alive() || !mark.mentions(part.program()) {
                continue;
            }
            let name = format!("{} (pid {})", part.title(), mark.pid);
            if !mark.stop(ending(part)).await {
                return Err(Fault::new(format!("{name} of an earlier run does not end")));
            }
            stopped.push(name);
        }
    }
    Ok(stopped)
}
