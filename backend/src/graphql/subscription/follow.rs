//! Somebody who listens to a team: from their place in the feed to events, each of which they may still have when it is
//! sent.

use std::{collections::VecDeque, sync::Arc};

use async_graphql::{Context, Result};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::event::Event;
use crate::{
    access::Action,
    app::App,
    error::Error,
    feed::{AGAIN, Reader, cursor},
    graphql::{app, caller},
    service::{self, presence::Presence},
    store::{change, environment::Environment, feed::Told, team::Team},
};

/// What a subscription gives; an error ends it.
pub type Events<T> = BoxStream<'static, Result<T>>;

/// Somebody who listens to a team.
pub struct Seat {
    pub app: Arc<App>,
    pub presence: Arc<Presence>,
    pub team: Team,
}

/// Which entries are wanted: all of what is said must hold.
#[derive(Default)]
pub struct Wanted {
    /// Only those of changes.
    pub changes: bool,
    /// Only those of features.
    pub features: bool,
    /// Of this feature.
    pub feature: Option<Uuid>,
    /// Of this change.
    pub change: Option<Uuid>,
    /// Of this environment, or of none in particular.
    pub environment: Option<Environment>,
    /// Beginning like one of these; none: any.
    pub actions: Vec<String>,
}

impl Seat {
    /// Lets a caller listen who may read the team.
    pub async fn find(ctx: &Context<'_>, team: &str) -> Result<Seat> {
        let (app, presence) = (Arc::clone(app(ctx)?), presence(ctx)?);
        let mut conn = app.read().await?;
        let team = service::team::find(&mut conn, caller(ctx)?, team, Action::Read).await?;
        drop(conn);
        Ok(Seat { app, presence, team })
    }

    /// What a filter asks for, by names that must exist.
    pub async fn wanted(&self, feature: Option<String>, environment: Option<String>) -> Result<Wanted> {
        let mut conn = self.app.read().await?;
        let feature = service::feature::find_if(&mut conn, self.team.id, feature).await?;
        let environment = service::environment::find_if(&mut conn, self.team.id, environment).await?;
        Ok(Wanted { feature: feature.map(|feature| feature.id), environment, ..Wanted::default() })
    }
}

/// The socket of which a field is subscribed to.
pub fn presence(ctx: &Context<'_>) -> Result<Arc<Presence>, Error> {
    let presence = ctx.data::<Arc<Presence>>().map(Arc::clone);
    presence.map_err(|e| Error::Internal(anyhow::anyhow!("no socket: {}", e.message)))
}

impl Wanted {
    /// Whether the entry itself is wanted. One of a change of several stages names none of them, so that such a change
    /// is looked at in `touching`.
    fn holds(&self, told: &Told) -> bool {
        let in_place =
            |environment: &Environment| told.environment.as_ref().is_none_or(|key| *key == environment.key);
        (!self.changes || told.change_id.is_some())
            && (!self.features || told.feature_id.is_some())
            && (self.changes || self.feature.is_none() || told.feature_id == self.feature)
            && (self.change.is_none() || told.change_id == self.change)
            && (self.changes || self.environment.as_ref().is_none_or(in_place))
            && (self.actions.is_empty() || self.actions.iter().any(|action| told.action.starts_with(action)))
    }

    /// Of a batch of changes' entries those whose change is where it is wanted.
    async fn touching(&self, conn: &mut PgConnection, told: &mut Vec<Arc<Told>>) -> Result<(), Error> {
        if !self.changes || (self.feature.is_none() && self.environment.is_none()) {
            return Ok(());
        }
        let changes: Vec<Uuid> = told.iter().filter_map(|told| told.change_id).collect();
        let environment = self.environment.as_ref().map(|environment| environment.id);
        let found = change::list::touching(conn, &changes, self.feature, environment).await?;
        told.retain(|told| told.change_id.is_some_and(|id| found.contains(&id)));
        Ok(())
    }
}

struct Following<E> {
    seat: Seat,
    reader: Reader,
    wanted: Wanted,
    /// What was loaded and not sent yet.
    ready: VecDeque<E>,
}

/// Follows the feed from a cursor on, or from now.
pub async fn follow<E: Event>(seat: Seat, wanted: Wanted, after: Option<String>) -> Result<Events<E>> {
    let start = cursor::start(seat.app.delivery.epoch(), after.as_deref())?;
    let reader = Reader::start(&seat.app.feed, seat.team.id, start).await?;
    let following = Following { seat, reader, wanted, ready: VecDeque::new() };
    let events = stream::try_unfold(following, |mut following| async move {
        let event = following.next().await?;
        Ok(Some((event, following)))
    });
    Ok(events.boxed())
}

impl<E: Event> Following<E> {
    async fn next(&mut self) -> Result<E, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                // A batch may have waited for a slow client; nobody is told what they may not know by now.
                self.seat.presence.check(&self.seat.team).await?;
                return Ok(event);
            }
            let mut told = self.reader.next().await;
            told.retain(|told| self.wanted.holds(told));
            if !told.is_empty() {
                self.ready = self.load(told).await?.into();
            }
        }
    }

    /// Loads what a batch tells of; as long as the database is away it waits.
    async fn load(&self, mut told: Vec<Arc<Told>>) -> Result<Vec<E>, Error> {
        let epoch = self.seat.app.delivery.epoch();
        loop {
            let loaded = async {
                let mut conn = self.seat.app.read().await?;
                self.wanted.touching(&mut conn, &mut told).await?;
                E::load(&mut conn, (self.seat.team.id, epoch), &told).await
            };
            match loaded.await {
                Err(Error::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
                loaded => return loaded,
            }
        }
    }
}
