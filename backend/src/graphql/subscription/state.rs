//! States that can be watched: told at once, and again whenever they are another. What was in between may be passed over.
//! Whatever else is watched like this has a function here, and its values in a `Lately`, so that all who watch read once.

use std::{sync::Arc, time::Instant};

use async_graphql::{Context, Result, SimpleObject};
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;
use uuid::Uuid;

use super::follow::{Events, Seat, presence};
use crate::{
    app::App,
    clock,
    delivery::edges::SILENCE,
    error::Error,
    feed::AGAIN,
    graphql::{app, caller, evaluation::Evaluations},
    service::{
        evaluation::{Figures, Watched},
        presence::Presence,
    },
    store::{self, edge::Edge},
};

/// The newest revision of what is served.
#[derive(Clone, PartialEq, Eq, SimpleObject)]
pub struct Head {
    /// Which database: revisions of two never compare.
    epoch: Uuid,
    revision: u64,
}

struct Revisions {
    app: Arc<App>,
    presence: Arc<Presence>,
    moved: watch::Receiver<()>,
    told: Option<Head>,
}

/// The newest revision, by what this server has read.
pub fn revision(ctx: &Context<'_>) -> Result<Events<Head>> {
    caller(ctx)?;
    let (app, presence) = (Arc::clone(app(ctx)?), presence(ctx)?);
    let revisions = Revisions { moved: app.delivery.moved(), app, presence, told: None };
    let heads = stream::try_unfold(revisions, |mut revisions| async move {
        let head = revisions.next().await;
        revisions.presence.caller().await?;
        revisions.told = Some(head.clone());
        Ok(Some((head, revisions)))
    });
    Ok(heads.boxed())
}

impl Revisions {
    async fn next(&mut self) -> Head {
        loop {
            self.moved.mark_unchanged();
            let at = self.app.delivery.read(|served| served.position());
            let head = Head { epoch: at.epoch, revision: at.revision };
            if self.told.as_ref() != Some(&head) {
                return head;
            }
            if self.moved.changed().await.is_err() {
                // The served state lives as long as the process.
                std::future::pending::<()>().await;
            }
        }
    }
}

struct EdgesOf {
    seat: Seat,
    told: Option<Arc<Vec<Edge>>>,
    looked: Option<Instant>,
}

/// The edges of a team.
pub fn edges(seat: Seat) -> Events<Vec<Edge>> {
    let edges = EdgesOf { seat, told: None, looked: None };
    let lists = stream::try_unfold(edges, |mut edges| async move {
        let list = edges.next().await?;
        edges.seat.presence.check(&edges.seat.team).await?;
        edges.told = Some(Arc::clone(&list));
        Ok(Some((list.to_vec(), edges)))
    });
    lists.boxed()
}

impl EdgesOf {
    async fn next(&mut self) -> Result<Arc<Vec<Edge>>, Error> {
        let lately = &self.seat.app.edges_lately;
        loop {
            if let Some(looked) = self.looked {
                tokio::time::sleep(lately.every().saturating_sub(looked.elapsed())).await;
            }
            self.looked = Some(Instant::now());
            let read = async {
                let mut conn = self.seat.app.read().await?;
                Ok(store::edge::all(&mut conn, self.seat.team.id, clock::now() - SILENCE).await?)
            };
            match lately.get(self.seat.team.id, read).await {
                Ok(list) if self.told.as_ref().is_some_and(|told| same(told, &list)) => {}
                Ok(list) => return Ok(list),
                Err(Error::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
                Err(other) => return Err(other),
            }
        }
    }
}

/// What was evaluated in the last minutes.
pub fn evaluations(seat: Seat, watched: Watched) -> Events<Evaluations> {
    let evaluations = EvaluationsOf { seat, watched, told: None, looked: None };
    let figures = stream::try_unfold(evaluations, |mut of| async move {
        let figures = of.next().await?;
        of.seat.presence.check(&of.seat.team).await?;
        of.told = Some(Arc::clone(&figures));
        Ok(Some((Evaluations::of_minutes(&figures, of.watched.grouping), of)))
    });
    figures.boxed()
}

struct EvaluationsOf {
    seat: Seat,
    watched: Watched,
    told: Option<Arc<Figures>>,
    looked: Option<Instant>,
}

impl EvaluationsOf {
    async fn next(&mut self) -> Result<Arc<Figures>, Error> {
        let lately = &self.seat.app.evaluations_lately;
        loop {
            if let Some(looked) = self.looked {
                tokio::time::sleep(lately.every().saturating_sub(looked.elapsed())).await;
            }
            self.looked = Some(Instant::now());
            let read = async { self.watched.figures(&mut *self.seat.app.read().await?, clock::now()).await };
            match lately.get(self.watched.clone(), read).await {
                Ok(figures) if self.told.as_ref().is_some_and(|told| *told == figures) => {}
                Ok(figures) => return Ok(figures),
                Err(Error::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
                Err(other) => return Err(other),
            }
        }
    }
}

/// Whether nothing is another but when they were last heard.
fn same(one: &[Edge], other: &[Edge]) -> bool {
    let heard =
        |edge: &Edge, like: &Edge| Edge { seen_at: like.seen_at, acked_at: like.acked_at, ..edge.clone() };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| heard(one, other) == *other)
}
