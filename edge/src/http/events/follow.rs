//! One open stream: it waits for word of a change, looks for itself what is served now, and tells only what differs.
//!
//! It is pulled: while a client does not read, nothing is written or kept for it, and later it is told of the newest.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::super::etag::version_text;
use super::grant::Grant;
use super::refetch;
use super::slots::Slot;
use crate::clock;
use crate::edge::Edge;

/// After how much silence does a comment show that the stream is alive?
const HEARTBEAT: Duration = Duration::from_secs(15);
/// For how long after an event do further changes wait, to be told as one?
const REST: Duration = Duration::from_millis(500);
/// How long may a client wait before it comes back, in milliseconds: at least, and by how much more at random?
const RETRY_MS: (f64, f64) = (1000.0, 4000.0);

/// Somebody who follows an environment.
pub(super) struct Follower {
    edge: Arc<Edge>,
    grant: Grant,
    /// Room among the streams, as long as this lives.
    _slot: Slot,
    word: watch::Receiver<()>,
    ended: watch::Receiver<bool>,
    /// The version that the client knows of; none when it did not say.
    told: Option<String>,
    greeted: bool,
    ends: Instant,
    rests_until: Instant,
    next_beat: Instant,
}

/// What a look at what is served came to.
enum Look {
    Same,
    Changed(String),
    /// There is nothing to follow any more.
    Over,
}

impl Follower {
    /// Begins to follow on behalf of a client that has seen the version `told`.
    pub(super) fn new(
        edge: &Arc<Edge>,
        (grant, slot): (Grant, Slot),
        told: Option<String>,
        unix_ms: i64,
    ) -> Self {
        let now = Instant::now();
        let left_ms = (grant.expires * 1000).saturating_sub(u64::try_from(unix_ms).unwrap_or_default());
        Self {
            // Before the first look, so that no change falls between them.
            word: edge.feeds().follow(grant.environment),
            ended: edge.feeds().ended(),
            edge: Arc::clone(edge),
            grant,
            _slot: slot,
            told,
            greeted: false,
            ends: now + Duration::from_millis(left_ms),
            rests_until: now,
            next_beat: now + HEARTBEAT,
        }
    }

    /// Returns what the client is sent; ends when it may follow no longer.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let text = follower.next().await?;
            Some((Ok(Bytes::from(text)), follower))
        })
    }

    async fn next(&mut self) -> Option<String> {
        if !self.greeted {
            self.greeted = true;
            return self.greeting();
        }
        loop {
            let (rests_until, word) = (self.rests_until, &mut self.word);
            let news = async {
                sleep_until(rests_until).await;
                word.changed().await
            };
            let has_news = tokio::select! {
                biased;
                _ = self.ended.wait_for(|ended| *ended) => return None,
                () = sleep_until(self.ends) => return None,
                word = news => word.is_ok(),
                () = sleep_until(self.next_beat) => false,
            };
            let text = match self.look() {
                Look::Over => return None,
                Look::Changed(version) => self.tell(version),
                Look::Same if has_news => continue,
                Look::Same => ":\n\n".to_owned(),
            };
            self.next_beat = Instant::now() + HEARTBEAT;
            return Some(text);
        }
    }

    /// Returns what a stream begins with: when to come back, where it stands, and whether the client missed something.
    fn greeting(&mut self) -> Option<String> {
        let retry = RETRY_MS.0 + RETRY_MS.1 * clock::chance();
        let begin = format!("retry: {retry:.0}\n");
        let known = self.told.is_some();
        match self.look() {
            Look::Over => None,
            Look::Changed(version) if known => Some(begin + &self.tell(version)),
            Look::Changed(version) => {
                let text = format!("{begin}id: {version}\n\n");
                self.told = Some(version);
                Some(text)
            }
            Look::Same => Some(format!("{begin}id: {}\n\n", self.told.as_deref().unwrap_or_default())),
        }
    }

    fn tell(&mut self, version: String) -> String {
        self.rests_until = Instant::now() + REST;
        let text = refetch(&version);
        self.told = Some(version);
        text
    }

    fn look(&self) -> Look {
        let state = self.edge.state();
        let Some(state) = state.as_deref() else { return Look::Over };
        let Ok(asker) = self.grant.check(state, clock::unix_ms()) else { return Look::Over };
        let Some((view, _)) = state.environment(self.grant.environment) else { return Look::Over };
        let version = version_text(view.listing().version(asker.sees_client_side_only()));
        if self.told.as_ref() == Some(&version) { Look::Same } else { Look::Changed(version) }
    }
}
