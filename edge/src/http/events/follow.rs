//! One open stream: it waits for word of a change, looks for itself what is served now, and tells only what differs.
//!
//! It is pulled: while a client does not read, nothing is written or kept for it, and later it is told of the newest.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::super::auth::check_page;
use super::super::etag::version_text;
use super::grant::Grant;
use super::refetch;
use super::slots::Slot;
use crate::clock;
use crate::edge::Edge;

/// When a stream says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// After how much silence does a comment show that the stream is alive?
    heartbeat: Duration,
    /// For how long after an event do further changes wait, to be told as one?
    rest: Duration,
}

/// How streams are served.
pub(super) const RHYTHM: Rhythm =
    Rhythm { heartbeat: Duration::from_secs(15), rest: Duration::from_millis(500) };
/// How long may a client wait before it comes back, in milliseconds: at least, and by how much more at random?
const RETRY_MS: (f64, f64) = (1000.0, 4000.0);

/// Somebody who follows an environment.
pub(super) struct Follower {
    edge: Arc<Edge>,
    rhythm: Rhythm,
    grant: Grant,
    /// The page that follows; none where it is no browser that does.
    origin: Option<HeaderValue>,
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
        (edge, rhythm): (&Arc<Edge>, Rhythm),
        (grant, origin, slot): (Grant, Option<HeaderValue>, Slot),
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
            rhythm,
            grant,
            origin,
            _slot: slot,
            told,
            greeted: false,
            ends: now + Duration::from_millis(left_ms),
            rests_until: now,
            next_beat: now + rhythm.heartbeat,
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
            self.next_beat = Instant::now() + self.rhythm.heartbeat;
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
        self.rests_until = Instant::now() + self.rhythm.rest;
        let text = refetch(&version);
        self.told = Some(version);
        text
    }

    fn look(&self) -> Look {
        let state = self.edge.state();
        let Some(state) = state.as_deref() else { return Look::Over };
        let Ok(asker) = self.grant.check(state, clock::unix_ms()) else { return Look::Over };
        if check_page(self.origin.as_ref(), asker).is_err() {
            return Look::Over;
        }
        let Some((view, _)) = state.environment(self.grant.environment) else { return Look::Over };
        let version = version_text(view.listing().version(asker.sees_client_side_only()));
        if self.told.as_ref() == Some(&version) { Look::Same } else { Look::Changed(version) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{edge, grant, state};
    use super::super::slots::Slots;
    use super::*;

    const QUICK: Rhythm = Rhythm { heartbeat: Duration::from_millis(20), rest: Duration::from_millis(60) };
    const PATIENT: Rhythm = Rhythm { heartbeat: Duration::from_secs(60), ..QUICK };

    fn follower(edge: &Arc<Edge>, rhythm: Rhythm, grant: Grant, told: Option<&str>) -> Follower {
        let slot = Slots::default().take(None).unwrap();
        Follower::new((edge, rhythm), (grant, None, slot), told.map(str::to_owned), clock::unix_ms())
    }

    fn id(text: &str) -> &str {
        text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap()
    }

    #[tokio::test]
    async fn changes_in_a_row_are_told_as_one_and_the_newest() {
        let edge = edge(state(1));
        let mut follower = follower(&edge, PATIENT, grant(), None);
        let greeting = follower.next().await.unwrap();
        assert!(greeting.starts_with("retry: ") && !greeting.contains("data:"), "{greeting}");
        edge.serve(state(2));
        let second = follower.next().await.unwrap();
        assert!(
            second.contains("event: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":"),
            "{second}"
        );
        assert_ne!(id(&greeting), id(&second));
        edge.serve(state(3));
        edge.serve(state(4));
        let fourth = follower.next().await.unwrap();
        let mut newest = self::follower(&edge, PATIENT, grant(), None);
        assert_eq!(id(&fourth), id(&newest.next().await.unwrap()));
        edge.feeds().end();
        assert_eq!(follower.next().await, None, "nothing of the third is left");
    }

    #[tokio::test]
    async fn silence_is_broken_by_comments_that_are_no_events() {
        let edge = edge(state(1));
        let mut follower = follower(&edge, QUICK, grant(), None);
        follower.next().await.unwrap();
        for _ in 0..3 {
            assert_eq!(follower.next().await.unwrap(), ":\n\n");
        }
    }

    #[tokio::test]
    async fn a_state_that_comes_back_to_the_same_is_no_change() {
        let edge = edge(state(1));
        let mut follower = follower(&edge, PATIENT, grant(), None);
        let greeting = follower.next().await.unwrap();
        edge.serve(state(2));
        edge.serve(state(1));
        edge.serve(state(3));
        let next = follower.next().await.unwrap();
        assert_ne!(id(&greeting), id(&next));
        let mut knows = self::follower(&edge, PATIENT, grant(), Some(id(&next)));
        assert!(!knows.next().await.unwrap().contains("data:"));
        let mut missed = self::follower(&edge, PATIENT, grant(), Some(id(&greeting)));
        assert!(missed.next().await.unwrap().contains("data:"), "told at once");
    }

    #[tokio::test]
    async fn a_stream_ends_with_its_grant_and_with_its_environment() {
        let edge = edge(state(1));
        let mut over = grant();
        over.expires = u64::try_from(clock::unix_ms()).unwrap() / 1000;
        let mut ended = follower(&edge, PATIENT, over, None);
        ended.next().await.unwrap();
        assert_eq!(ended.next().await, None);
        let mut alone = follower(&edge, PATIENT, grant(), None);
        alone.next().await.unwrap();
        edge.serve(crate::state::State::default().share());
        assert_eq!(alone.next().await, None);
    }
}
