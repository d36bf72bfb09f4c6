//! Logs to stderr, as text or JSON, with a filter that can be changed while the program runs.

use std::{
    io::IsTerminal as _,
    sync::{Arc, Mutex, PoisonError},
};

use thiserror::Error;
use tracing::{Dispatch, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    reload,
};

/// How long may a filter be?
const MAX_FILTER: usize = 1000;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Why a filter is not taken, or no log begun.
#[derive(Debug, Error)]
pub enum LogError {
    /// It is no filter.
    #[error("{0}")]
    Filter(String),
    /// Somebody else was first, or the log is gone.
    #[error("{0}")]
    Log(String),
}

/// A running log, whose filter can be changed.
#[derive(Clone)]
pub struct Logs(Arc<Shared>);

struct Shared {
    handle: reload::Handle<EnvFilter, Registry>,
    configured: String,
    filter: Mutex<String>,
}

impl Logs {
    /// Starts the process's log on stderr.
    pub fn start(filter: &str, format: LogFormat) -> Result<Logs, LogError> {
        let (logs, dispatch) = Logs::new(filter, format, std::io::stderr)?;
        tracing::dispatcher::set_global_default(dispatch)
            .map_err(|_| LogError::Log("another log is running".to_owned()))?;
        Ok(logs)
    }

    /// Makes a log; **it lasts as long as the dispatcher that comes with it.**
    pub fn new<W>(filter: &str, format: LogFormat, writer: W) -> Result<(Logs, Dispatch), LogError>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let (filtered, handle) = reload::Layer::new(read(filter)?);
        let lines = fmt::layer().with_writer(writer).with_ansi(coloured());
        let lines = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let dispatch = Dispatch::new(Registry::default().with(filtered).with(lines));
        let filter = filter.to_owned();
        let shared = Shared { handle, configured: filter.clone(), filter: Mutex::new(filter) };
        Ok((Logs(Arc::new(shared)), dispatch))
    }

    /// The filter that holds now.
    pub fn filter(&self) -> String {
        self.0.filter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The filter that the settings named at the start.
    pub fn configured(&self) -> &str {
        &self.0.configured
    }

    /// Takes another filter, and gives the former. **A bad one changes nothing.**
    pub fn set(&self, filter: &str) -> Result<String, LogError> {
        let read = read(filter)?;
        let mut held = self.0.filter.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.handle.reload(read).map_err(|error| LogError::Log(error.to_string()))?;
        Ok(std::mem::replace(&mut held, filter.to_owned()))
    }

    /// Takes the filter that the settings name now, after they were read again.
    pub fn follow(&self, settings: Result<String, String>) {
        let set = settings.and_then(|filter| {
            self.set(&filter).map(|before| (before, filter)).map_err(|error| error.to_string())
        });
        match set {
            Ok((before, filter)) => tracing::info!(before, filter, "the settings were read again"),
            Err(error) => tracing::error!(error, "the settings cannot be used; the log goes on as before"),
        }
    }
}

/// Checks a filter.
pub fn check(filter: &str) -> Result<(), LogError> {
    read(filter).map(drop)
}

/// Reads a filter. Tracing takes a bare word for the name of a part, and would fall silent over a level with a slip.
fn read(filter: &str) -> Result<EnvFilter, LogError> {
    let wrong = |why: &str| {
        let shown: String = filter.chars().take(100).collect();
        LogError::Filter(format!("{shown:?} is not a log filter: {why}"))
    };
    if filter.len() > MAX_FILTER {
        return Err(wrong("it is too long"));
    }
    for word in filter.split(',').map(str::trim) {
        if word.is_empty() {
            return Err(wrong("a part of it is empty"));
        }
        if !word.contains(['=', '[']) && word.parse::<LevelFilter>().is_err() {
            return Err(wrong(&format!(
                "{word} is none of off, error, warn, info, debug, trace; a part of the program is named like {word}=debug"
            )));
        }
    }
    // No regexes: a filter is matched on every line.
    EnvFilter::builder().with_regex(false).parse(filter).map_err(|error| wrong(&error.to_string()))
}

fn coloured() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !unwanted
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn filters_are_checked() {
        for good in [
            "info",
            "off",
            "WARN,fluxgate_edge=debug",
            "info,sqlx::query=off",
            "fluxgate_backend[request]=trace",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "inof", "info,", "=[", "a=loud", &"info,".repeat(300), "x[{y=("] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_filter_changes_while_it_runs_and_a_bad_one_changes_nothing() {
        let lines = Lines::default();
        let writer = lines.clone();
        let (logs, dispatch) = Logs::new("info", LogFormat::Json, move || writer.clone()).unwrap();
        tracing::dispatcher::with_default(&dispatch, || {
            tracing::debug!("first");
            assert_eq!(logs.set("debug").unwrap(), "info");
            tracing::debug!("second");
            assert!(logs.set("inof").is_err());
            assert_eq!(logs.filter(), "debug");
            tracing::debug!("third");
            logs.follow(Err("unreadable".to_owned()));
            logs.follow(Ok("off".to_owned()));
            tracing::error!("fourth");
        });
        let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let told: Vec<bool> =
            ["first", "second", "third", "unreadable", "fourth"].map(|word| said.contains(word)).into();
        assert_eq!(told, [false, true, true, true, false], "{said}");
    }
}
