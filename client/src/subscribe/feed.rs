//! The life of a feed: connecting, telling, and connecting again.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::stream::{self, BoxStream, StreamExt};
use graphql_ws_client::{Client, ConnectionActor};
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::News;
use super::socket::{self, Closed};
use super::topic::{Answer, Topic};
use crate::api::Api;
use crate::error::{Code, Error};

/// How long is the longest pause before the next try?
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long must a connection have lasted for its end to be nothing special, as when a token ends?
const LASTED: Duration = Duration::from_secs(5);
/// How long is a place that we asked for looked at before it counts as good? A refusal comes within that.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

type Tell<E> = Sender<Result<News<E>, Error>>;
/// What the topic of a number got; nothing is its end.
type Answers = BoxStream<'static, (usize, Option<Value>)>;

/// Why a connection ended.
enum End {
    /// It is tried again.
    Closed(Closed),
    /// It is tried again, from now on.
    Lost,
    /// It is not.
    Fatal(Error),
    /// Nobody listens any more.
    Unheard,
}

/// What is remembered from one connection to the next.
struct Feed<E> {
    api: Arc<Api>,
    topics: Vec<Topic<E>>,
    tell: Tell<E>,
    /// Whether there ever was a connection.
    known: bool,
    /// Since when there is none.
    away: Option<Instant>,
    /// Whether that was told.
    away_told: bool,
    pauses: ExponentialBackoff,
}

/// Runs a feed until nobody listens, or until it makes no sense to go on.
pub(super) async fn run<E: Send + 'static>(api: Arc<Api>, topics: Vec<Topic<E>>, tell: Tell<E>) {
    let mut feed = Feed { api, topics, tell, known: false, away: None, away_told: false, pauses: pauses() };
    loop {
        let begun = Instant::now();
        let end = feed.connection().await;
        let lasted = feed.away.is_none() && begun.elapsed() >= LASTED;
        if feed.after(end, lasted).await.is_err() {
            return;
        }
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
        .without_max_times()
        .build()
}

/// The feed is over.
struct Over;

impl<E: Send + 'static> Feed<E> {
    /// Decides what comes after a connection. A first end of one that had lasted is not even told when the next try works.
    async fn after(&mut self, end: End, lasted: bool) -> Result<(), Over> {
        let cause = match end {
            End::Unheard => return Err(Over),
            End::Fatal(error) => {
                let _ = self.tell.send(Err(error)).await;
                return Err(Over);
            }
            End::Lost => return self.say(News::Lost).await,
            // Whoever never had subscriptions there will not have them in a moment.
            End::Closed(Closed::Unable(why)) if !self.known => {
                let error = Closed::Unable(why).into_error(&self.api);
                let _ = self.tell.send(Err(error)).await;
                return Err(Over);
            }
            End::Closed(Closed::Gone(cause) | Closed::Unable(cause) | Closed::Unauthorized(cause)) => cause,
        };
        self.away.get_or_insert_with(Instant::now);
        if lasted {
            self.pauses = pauses();
            return Ok(());
        }
        if !self.away_told {
            self.away_told = true;
            self.say(News::Away { cause }).await?;
        }
        let pause = self.pauses.next().unwrap_or(LONGEST_PAUSE);
        tokio::select! {
            () = self.tell.closed() => Err(Over),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    async fn say(&self, news: News<E>) -> Result<(), Over> {
        self.tell.send(Ok(news)).await.map_err(|_| Over)
    }

    /// One connection from its beginning to its end.
    async fn connection(&mut self) -> End {
        let (client, actor) = match self.open().await {
            Ok(opened) => opened,
            Err(end) => return end,
        };
        // Ends with this function, and the socket with it.
        let mut actors = JoinSet::new();
        actors.spawn(actor.into_future());
        let mut answers: Vec<Answers> = Vec::new();
        for (number, topic) in self.topics.iter().enumerate() {
            match client.subscribe(topic.request()).await {
                Ok(stream) => {
                    let items = stream.map(move |item| (number, item.ok()));
                    answers.push(items.chain(stream::iter([(number, None)])).boxed());
                }
                Err(error) => return End::Closed(Closed::Gone(error.to_string())),
            }
        }
        self.listen(stream::select_all(answers)).await
    }

    /// Opens a socket; a token that is refused is renewed, once.
    async fn open(&self) -> Result<(Client, ConnectionActor), End> {
        let bearer = self.api.bearer().await.map_err(End::without_token)?;
        let mut opened = socket::open(&self.api, bearer.as_ref()).await;
        if let Err(Closed::Unauthorized(_)) = opened
            && let Some(renewed) = self.api.renew(bearer.as_ref()).await.map_err(End::without_token)?
        {
            opened = socket::open(&self.api, Some(&renewed)).await;
        }
        opened.map_err(|closed| match closed {
            closed @ Closed::Unauthorized(_) => End::Fatal(closed.into_error(&self.api)),
            closed => End::Closed(closed),
        })
    }

    /// Tells what comes until the connection ends.
    async fn listen(&mut self, mut answers: stream::SelectAll<Answers>) -> End {
        let settled = Instant::now() + SETTLED_AFTER;
        let mut begun = false;
        loop {
            let next = async {
                if begun {
                    return Ok(answers.next().await);
                }
                timeout_at(settled, answers.next()).await
            };
            let next = tokio::select! {
                next = next => next,
                () = self.tell.closed() => return End::Unheard,
            };
            let event = match next {
                Ok(Some((number, Some(answer)))) => match self.read(number, answer) {
                    Ok(event) => Some(event),
                    Err(end) => return end,
                },
                Ok(_) => return End::Closed(Closed::Gone("the connection ended".to_owned())),
                Err(_) => None,
            };
            if !begun {
                begun = true;
                if self.connected().await.is_err() {
                    return End::Unheard;
                }
            }
            if let Some(event) = event
                && self.say(News::Event(event)).await.is_err()
            {
                return End::Unheard;
            }
        }
    }

    /// Tells that it works, unless nobody was told that it did not.
    async fn connected(&mut self) -> Result<(), Over> {
        let away = self.away.take().map(|since| since.elapsed());
        let told = !self.known || self.away_told;
        // Whoever heard of it hears of its end, even before there was a first connection.
        let away = away.filter(|_| self.known || self.away_told);
        self.known = true;
        self.away_told = false;
        match told {
            true => self.say(News::Connected { away }).await,
            false => Ok(()),
        }
    }

    /// Reads an answer; a refusal ends the connection.
    fn read(&mut self, number: usize, answer: Value) -> Result<E, End> {
        let topic = &mut self.topics[number];
        let refusal = match topic.read(answer) {
            Answer::Event(event) => return Ok(event),
            Answer::Unreadable(detail) => {
                let server = self.api.server().to_owned();
                return Err(End::Fatal(Error::BadAnswer { server, detail }));
            }
            Answer::Refused(refusal) => refusal,
        };
        Err(match refusal.code {
            Code::Stale => {
                topic.forget();
                End::Lost
            }
            Code::Unavailable | Code::Internal | Code::Limited => End::Closed(Closed::Gone(refusal.message)),
            _ => End::Fatal(Error::Server(refusal)),
        })
    }
}

impl End {
    /// What it means that there is no token to come with.
    fn without_token(error: Error) -> Self {
        match error {
            Error::Unreachable { cause, .. } => Self::Closed(Closed::Gone(cause)),
            error => Self::Fatal(error),
        }
    }
}
