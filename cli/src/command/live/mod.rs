//! Views that stay: drawn in place on a terminal, an object a line for scripts, for as long as somebody looks.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_client::subscribe::{self, Feed, News, Topics, WatchRevision, watch_revision};
use fluxgate_client::{Api, Code, Error, audit, clock, edge};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Line, Tone, View};
use crate::shell::Shell;
use crate::time;

/// How long is the shortest time between two drawings?
const BETWEEN: Duration = Duration::from_millis(200);
/// How often are ages and countdowns drawn anew?
const TICK: Duration = Duration::from_secs(1);
/// How often is asked without being told that there is something?
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Subscribes to everything that alters what a team's views show: what is done in it, how its edges are, revisions.
pub(crate) async fn everything(shell: &Shell, api: &Arc<Api>, team: &str) -> Result<Feed<()>, CliError> {
    shell.ui.has_reader()?;
    let after = Some(subscribe::cursor(api, team).await?);
    let done = audit::watch_audit::Variables { team: team.to_owned(), after, ..Default::default() };
    let edges = edge::watch_edges::Variables { team: team.to_owned() };
    let topics = Topics::new(Arc::clone(api))
        .with::<audit::WatchAudit>(done, |_| ())?
        .with::<edge::WatchEdges>(edges, |_| ())?
        .with::<WatchRevision>(watch_revision::Variables, |_| ())?;
    Ok(topics.start())
}

/// Returns the end of a watch that somebody stopped.
pub(crate) fn stopped() -> View {
    View::nothing().exit(Exit::Stopped)
}

/// Returns when `--timeout` is over; without one there is no end.
pub(crate) async fn over(shell: &Shell, since: Instant) {
    match shell.timeout() {
        Some(timeout) => sleep_until(since + timeout).await,
        None => std::future::pending().await,
    }
}

/// Returns whether a failure may be over in a moment.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Stopped { status: 429, .. })
        || matches!(error.code(), Some(Code::Unavailable | Code::Internal | Code::Limited))
}

/// Shows what `ask` gives, and again whenever the feed tells that it may be another, until Ctrl-C.
pub(crate) async fn follow<T>(
    shell: &Shell,
    feed: Feed<()>,
    ask: impl AsyncFn() -> Result<T, Error>,
    show: impl Fn(&T) -> View,
) -> Result<View, CliError> {
    let begun = Instant::now();
    let looking = async {
        let first = ask().await?;
        Watch { shell, feed, data: first, away: None, failing: None, printed: Value::Null, drawn: 0 }
            .run(&ask, &show)
            .await
    };
    tokio::select! {
        ended = looking => ended,
        _ = tokio::signal::ctrl_c() => Ok(stopped()),
        () = over(shell, begun) => Ok(View::nothing()),
    }
}

/// When something began, and why.
type Since = (DateTime<Utc>, String);

struct Watch<'s, T> {
    shell: &'s Shell,
    feed: Feed<()>,
    data: T,
    /// Since when nothing is told, and why.
    away: Option<Since>,
    /// Since when asking fails, and why.
    failing: Option<Since>,
    /// What was printed last where nothing is drawn.
    printed: Value,
    /// How many lines stand on the screen.
    drawn: usize,
}

impl<T> Watch<'_, T> {
    async fn run(
        mut self,
        ask: &impl AsyncFn() -> Result<T, Error>,
        show: &impl Fn(&T) -> View,
    ) -> Result<View, CliError> {
        let mut asked = Instant::now();
        loop {
            let now = Instant::now();
            if !self.show(show(&self.data))? {
                return Ok(View::nothing());
            }
            let impatient = self.failing.is_some() || self.shell.ui.in_place();
            let tick = now + if impatient { TICK } else { ASK_AGAIN };
            let mut another = false;
            tokio::select! {
                news = self.feed.next() => another = self.hear(news)?,
                () = sleep_until(tick) => {}
            }
            sleep_until(now + BETWEEN).await;
            let wait = if self.failing.is_some() { TICK } else { ASK_AGAIN };
            if another || (self.away.is_none() && asked.elapsed() >= wait) {
                asked = Instant::now();
                // What was told until now is in the answer.
                while let Ok(news) = tokio::time::timeout(Duration::ZERO, self.feed.next()).await {
                    self.hear(news)?;
                }
                self.ask(ask).await?;
            }
        }
    }

    /// Takes in news; returns whether it is worth asking.
    fn hear(&mut self, news: Option<Result<News<()>, Error>>) -> Result<bool, CliError> {
        match news {
            Some(Ok(News::Away { cause })) => {
                self.away = Some((clock::now(), cause));
                Ok(false)
            }
            Some(Ok(News::Connected { .. })) => {
                self.away = None;
                Ok(true)
            }
            Some(Ok(News::Lost | News::Event(()))) => Ok(true),
            Some(Err(error)) => Err(error.into()),
            None => Err(CliError::new(Exit::Failed, "the subscription ended")),
        }
    }

    async fn ask(&mut self, ask: &impl AsyncFn() -> Result<T, Error>) -> Result<(), CliError> {
        match ask().await {
            Ok(data) => {
                self.data = data;
                self.failing = None;
            }
            Err(error) if passes(&error) => {
                self.failing.get_or_insert_with(|| (clock::now(), error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Shows what is now; tells whether somebody still looks.
    fn show(&mut self, view: View) -> Result<bool, CliError> {
        let ui = &self.shell.ui;
        if ui.in_place() {
            self.drawn = ui.draw(&view.line("").line(self.state()), self.drawn);
            return Ok(true);
        }
        let mut value = view.value.clone();
        // The time of the answer alone is no news.
        if let Some(fields) = value.as_object_mut() {
            fields.remove("at");
        }
        if value == self.printed {
            return Ok(true);
        }
        let first = self.printed.is_null();
        self.printed = value;
        ui.item(&if first || ui.in_objects() { view } else { view.before("") })
    }

    fn state(&self) -> Line {
        match self.away.as_ref().or(self.failing.as_ref()) {
            None => Line::default().and(Tone::Good, "● live").and(Tone::Dim, "  Ctrl-C ends it"),
            Some((since, cause)) => Line::default()
                .and(Tone::Bad, "○ away")
                .and(Tone::Plain, format!(" {}: {cause}", time::ago(*since, clock::now())))
                .and(Tone::Dim, "; what is shown is from before, tried again"),
        }
    }
}
