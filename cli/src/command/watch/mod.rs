//! `fgctl watch`

mod edges;
mod evaluations;
mod happenings;
mod line;

use std::sync::Arc;

use fluxgate_client::subscribe::{self, Feed, News};
use fluxgate_client::{Error, clock};
use tokio::time::Instant;

pub(crate) use happenings::tail;

use super::{feature, live};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};
use crate::shell::Shell;
use crate::time;

/// Watch what happens, as it happens, until Ctrl-C
///
/// Without WHAT, all features with their state, kept up to date; with a feature's key, that one. The others tell an event a line:
/// what happens to changes, features and kill switches, and whatever is written into the audit. Edges and evaluations are
/// tables that are kept up to date, and elsewhere than on a terminal a line whenever one of them is another.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl watch\n  fgctl watch checkout\n  fgctl watch changes checkout -o jsonl\n  fgctl watch kills -e prod --timeout 1h\n\nWhile the server is away it is tried again, and what happened meanwhile is told then; nothing is missed.\nWith -o jsonl each event is an object on a line of its own; its cursor is what --after goes on from.\nEnds with 130 at Ctrl-C, with 0 when --timeout is over."
)]
pub(crate) struct Watch {
    /// changes, features, kills, audit, edges or evaluations; or a feature's key
    #[arg(value_name = "WHAT")]
    what: Option<String>,

    /// Only what happens to this feature, or to the change of this number
    #[arg(value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    only: Only,
}

/// What is wanted of all that happens.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Only {
    /// Only what happens in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Only actions that begin like this, such as feature.kill; with audit
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Begin behind this cursor of an earlier event, instead of now
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

/// What can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Changes,
    Features,
    Kills,
    Audit,
    Edges,
    Evaluations,
}

/// The words for it.
const WORDS: [(&str, What); 6] = [
    ("changes", What::Changes),
    ("features", What::Features),
    ("kills", What::Kills),
    ("audit", What::Audit),
    ("edges", What::Edges),
    ("evaluations", What::Evaluations),
];

/// Returns the words for what can be watched.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().map(|(word, _)| word)
}

impl Watch {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        // In the singular, too, as it stands in other commands.
        let is = |word: &str, name: &str| word == name || Some(word) == name.strip_suffix('s');
        let known = self.what.as_deref().and_then(|word| WORDS.iter().find(|(name, _)| is(word, name)));
        match (self.what.as_deref(), known) {
            (_, Some((word, what))) => {
                self.only.check(*what, word)?;
                run(shell, *what, self.key.as_deref(), &self.only).await
            }
            (_, None) if self.only.any() || self.key.is_some() => {
                let words: Vec<&str> = kinds().collect();
                Err(CliError::usage(format!("say what to watch first: {}", words.join(", ")))
                    .hint("such as `fgctl watch changes checkout -e prod`"))
            }
            (None, None) => feature::watch_all(shell).await,
            (Some(key), None) => feature::watch(shell, key).await,
        }
    }
}

impl Only {
    fn any(&self) -> bool {
        self.env.is_some() || self.action.is_some() || self.after.is_some()
    }

    /// Refuses what has no meaning there.
    fn check(&self, what: What, word: &str) -> Result<(), CliError> {
        let wrong = |flag: &str, meant: &str| {
            Err(CliError::usage(format!("{flag} has no meaning with {word}; it goes with {meant}")))
        };
        match what {
            What::Changes | What::Features | What::Kills if self.action.is_some() => {
                wrong("--action", "audit")
            }
            What::Audit if self.env.is_some() => wrong("--env", "changes, features, kills and evaluations"),
            What::Edges if self.any() => wrong("a filter", "what happens to features and changes"),
            What::Evaluations if self.after.is_some() || self.action.is_some() => {
                wrong("--after", "changes, features, kills and audit")
            }
            _ => Ok(()),
        }
    }
}

/// Watches until Ctrl-C.
pub(crate) async fn run(shell: &Shell, what: What, key: Option<&str>, only: &Only) -> Result<View, CliError> {
    shell.ui.has_reader()?;
    let (api, team) = (Arc::new(shell.api()?), shell.team()?);
    let place = (&api, team.as_str());
    match what {
        What::Edges if key.is_some() => {
            Err(CliError::usage("edges are watched all together").hint("fgctl edge view NAME -w shows one"))
        }
        What::Edges | What::Evaluations => {
            // A feed tries for ever; whoever cannot be reached to begin with is told at once.
            subscribe::cursor(&api, &team).await?;
            match what {
                What::Edges => edges::run(shell, place).await,
                _ => evaluations::run(shell, place, (key, only.env.as_deref())).await,
            }
        }
        happening => happenings::run(shell, place, (happening, key), only).await,
    }
}

/// Prints each event of a feed until Ctrl-C, and says when the server was away.
async fn print<E>(
    shell: &Shell,
    mut feed: Feed<E>,
    mut show: impl FnMut(E) -> Vec<View>,
) -> Result<View, CliError> {
    let begun = Instant::now();
    loop {
        let news = tokio::select! {
            news = feed.next() => news,
            _ = tokio::signal::ctrl_c() => return Ok(live::stopped()),
            () = live::over(shell, begun) => return Ok(View::nothing()),
        };
        match news {
            Some(Ok(News::Event(event))) => {
                for view in show(event) {
                    if !shell.ui.item(&view)? {
                        return Ok(View::nothing());
                    }
                }
            }
            Some(Ok(other)) => {
                if let Some(text) = said(&other) {
                    let now = clock::now();
                    let at = if shell.ui.in_place() { time::of_day(now) } else { time::instant(now) };
                    shell.ui.note(Line::default().and(Tone::Dim, format!("{at}  ({text})")));
                }
            }
            Some(Err(error)) => return Err(ended(error)),
            None => return Err(CliError::new(Exit::Failed, "the subscription ended")),
        }
    }
}

fn ended(error: Error) -> CliError {
    match error.refusal().and_then(|refusal| refusal.path.as_deref()) {
        Some("after") => CliError::from(error).hint("a cursor is what an event of -o jsonl has"),
        _ => error.into(),
    }
}

/// Says what there is to say of a connection.
fn said<E>(news: &News<E>) -> Option<String> {
    match news {
        News::Connected { away: None } | News::Event(_) => None,
        News::Connected { away: Some(away) } => {
            let away = chrono::TimeDelta::from_std(*away).unwrap_or_default();
            Some(format!("reconnected after {}, nothing missed", time::seconds(away)))
        }
        News::Away { cause } => Some(format!("the server is away, trying again: {cause}")),
        News::Lost => {
            Some("the server has other data than before; what happened in between is not told".to_owned())
        }
    }
}
