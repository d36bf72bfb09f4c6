//! Subscriptions: what happens, as it happens, for as long as anybody listens.
//!
//! A [`Feed`] holds one socket for all of its topics. When that ends it connects again, with a renewed token, and each topic
//! that tells what happened goes on behind the last event that it told: nothing is missed and nothing is told twice.

mod feed;
mod socket;
mod topic;

use std::sync::Arc;
use std::time::Duration;

use graphql_client::GraphQLQuery;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::topic::Topic;
use crate::api::Api;
use crate::error::Error;

mod generated {
    #![expect(missing_docs, reason = "the schema documents what is generated from it")]

    use crate::operation::operation;
    use crate::words::{ChangeKind, ChangeStatus, Decision};

    operation!(GetCursor, "graphql/subscribe.graphql");
    operation!(WatchChanges, "graphql/subscribe.graphql");
    operation!(WatchFeatures, "graphql/subscribe.graphql");
    operation!(WatchKills, "graphql/subscribe.graphql");
    operation!(WatchRevision, "graphql/subscribe.graphql");
}

pub use generated::watch_changes::{ChangeEvent, ToldChange};
pub use generated::watch_features::FeatureEvent;
pub use generated::watch_kills::KillEvent;
pub use generated::{GetCursor, WatchChanges, WatchFeatures, WatchKills, WatchRevision};
pub use generated::{get_cursor, watch_changes, watch_features, watch_kills, watch_revision};

/// How many events wait for a slow listener before the server waits?
const WAITING: usize = 64;

/// What a feed tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News<E> {
    /// Connected: at first, or again after so long. What happened meanwhile follows as events.
    Connected {
        /// For how long it was not; nothing at first.
        away: Option<Duration>,
    },
    /// Not connected any more; it is tried again until it works.
    Away {
        /// Why.
        cause: String,
    },
    /// The server has other data than before, as after a restore: what happened in between is not told.
    Lost,
    /// Something happened, or is now so.
    Event(E),
}

/// Subscriptions that were not begun yet.
pub struct Topics<E> {
    api: Arc<Api>,
    topics: Vec<Topic<E>>,
}

/// Subscriptions that go on until it is dropped.
#[derive(Debug)]
pub struct Feed<E> {
    news: Receiver<Result<News<E>, Error>>,
    task: JoinHandle<()>,
}

impl<E: Send + 'static> Topics<E> {
    /// Begins with none.
    pub fn new(api: Arc<Api>) -> Self {
        Self { api, topics: Vec::new() }
    }

    /// Adds a subscription; `event` makes of an answer what the feed tells.
    ///
    /// One that takes `after` should be given a cursor, of [`cursor`] for what happens from now on: without, it knows no
    /// place to go on from until its first event.
    pub fn with<Q: GraphQLQuery>(
        mut self,
        variables: Q::Variables,
        event: impl Fn(Q::ResponseData) -> E + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        self.topics.push(Topic::new::<Q>(variables, event)?);
        Ok(self)
    }

    /// Begins to listen.
    pub fn start(self) -> Feed<E> {
        let (tell, news) = channel(WAITING);
        Feed { news, task: tokio::spawn(feed::run(self.api, self.topics, tell)) }
    }
}

impl<E> Feed<E> {
    /// Waits for what is next. After an error nothing follows. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Option<Result<News<E>, Error>> {
        self.news.recv().await
    }
}

impl<E> Drop for Feed<E> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the place in a team's feed from which `after` tells what happens from now on.
pub async fn cursor(api: &Api, team: &str) -> Result<String, Error> {
    let variables = get_cursor::Variables { team: team.to_owned() };
    Ok(api.run::<GetCursor>(variables).await?.team.cursor)
}

/// Opens a socket and closes it again; returns how long it took until the server let us in.
pub async fn probe(api: &Api) -> Result<Duration, Error> {
    let begun = Instant::now();
    let bearer = api.bearer().await?;
    match socket::open(api, bearer.as_ref()).await {
        Ok(_) => Ok(begun.elapsed()),
        Err(refused) => Err(refused.into_error(api)),
    }
}
