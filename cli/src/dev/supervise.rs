//! Keeping a part running: started again when it dies, ended when it is told to.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::process::Child;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::fault::Fault;
use super::mark::Mark;
use super::part::Part;
use super::report::Report;
use super::service::{Service, end};

/// How long before a part that died is started again, at first and at most?
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long must a part run for its next death to count as the first?
const HEALTHY: Duration = Duration::from_secs(10);

/// How many deaths in a row are told one by one?
const TOLD: u32 = 3;

/// What is known of a part from outside its task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    pub(crate) mark: Option<Mark>,
    /// How it ended last, if it ever did.
    pub(crate) ended: Option<String>,
}

/// A part that is being kept running.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) part: Part,
    pub(crate) life: watch::Receiver<Life>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Kept {
    /// Starts a part and keeps it running from here on.
    pub(crate) fn start(service: Service, report: Report) -> Result<Self, Fault> {
        let (child, mark) = service.spawn()?;
        report.journal().note(service.part, mark.clone())?;
        let (tell, life) = watch::channel(Life { mark, ended: None });
        let (stop, stopped) = oneshot::channel();
        let part = service.part;
        let keeper = Keeper { service, report, tell };
        let task = tokio::spawn(keeper.keep(child, stopped));
        Ok(Self { part, life, stop, task })
    }

    /// Ends the part and waits until it has ended.
    pub(crate) async fn stop(self) {
        // A keeper that is gone has nothing left to end.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

struct Keeper {
    service: Service,
    report: Report,
    tell: watch::Sender<Life>,
}

impl Keeper {
    async fn keep(self, mut child: Child, mut stop: oneshot::Receiver<()>) {
        let mut deaths = 0;
        loop {
            let since = Instant::now();
            let how = tokio::select! {
                _ = &mut stop => {
                    if end(&mut child, self.service.part).await {
                        self.note(None, None);
                    } else {
                        self.report.warn(format!("the {} does not end", self.service.part.title()));
                    }
                    return;
                }
                status = child.wait() => status.map_or_else(|error| error.to_string(), describe),
            };
            deaths = if since.elapsed() >= HEALTHY { 1 } else { deaths + 1 };
            self.note(None, Some(how.clone()));
            let mark;
            (child, mark) = loop {
                let pause = BACKOFF.1.min(BACKOFF.0 * 2_u32.saturating_pow(deaths - 1));
                tokio::select! {
                    _ = &mut stop => return,
                    () = tokio::time::sleep(pause) => {}
                }
                match self.service.spawn() {
                    Ok(running) => break running,
                    Err(fault) if deaths <= TOLD => self.report.warn(fault.message),
                    Err(_) => {}
                }
                deaths += 1;
            };
            self.note(mark.clone(), Some(how.clone()));
            self.say(&how, deaths, mark.as_ref());
        }
    }

    fn say(&self, how: &str, deaths: u32, mark: Option<&Mark>) {
        let title = self.service.part.title();
        let pid = mark.map(|mark| format!(" (pid {})", mark.pid)).unwrap_or_default();
        if deaths < TOLD {
            self.report.warn(format!("{title} {how}; started again{pid}"));
        } else if deaths == TOLD {
            let log = self.service.log.display();
            self.report
                .warn(format!("{title} {how}; it keeps ending, and is started again and again. See {log}"));
        }
    }

    fn note(&self, mark: Option<Mark>, ended: Option<String>) {
        // A journal that cannot be written must not end what it is about.
        let _ = self.report.journal().note(self.service.part, mark.clone());
        self.tell.send_replace(Life { mark, ended });
    }
}

/// Says how a process ended.
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(signal), _) => {
            let name =
                Signal::try_from(signal).map_or_else(|_| signal.to_string(), |known| known.to_string());
            format!("was ended by {name}")
        }
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}
