//! What the running server consists of, and how a request gets a transaction.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use fluxgate_server::logs::Logs;
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use uuid::Uuid;

use crate::{
    auth::{Caller, password::Passwords, seal::Sealer, token::TokenKeys, unit::UnitKeys},
    delivery::Delivery,
    error::{COMMIT_UNKNOWN, Error, Result},
    feed::{Feed, lately::Lately},
    hints::Hints,
    metrics::Metrics,
    service::{
        self,
        evaluation::{Figures, Watched},
        retention::Retention,
    },
    store::{self, edge::Edge},
};

/// How long does a request wait for a connection before it hears that the database is away?
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long may a connection be idle and count as being there?
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How often are the edges of a team read that is watched?
const EDGES_EVERY: Duration = Duration::from_secs(1);
/// How often are evaluations added up that are watched?
const EVALUATIONS_EVERY: Duration = Duration::from_secs(2);

/// The running server.
pub struct App {
    /// Connections to PostgreSQL.
    pub pool: PgPool,
    /// Signs and checks access tokens.
    pub tokens: TokenKeys,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// What is served, in memory.
    pub delivery: Arc<Delivery>,
    /// How long things are kept.
    pub retention: Retention,
    /// What happened, for those who listen.
    pub feed: Arc<Feed>,
    /// The edges of teams that somebody watches.
    pub edges_lately: Lately<Uuid, Vec<Edge>>,
    /// What was evaluated, as far as somebody watches it.
    pub evaluations_lately: Lately<Watched, Figures>,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// The log, whose filter system administrators may change.
    pub logs: Logs,
}

/// Opens the pool, each connection with the limits that keep one request from holding up others.
pub async fn connect(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = url
        .parse()
        .context("DATABASE_URL is no address of PostgreSQL, like postgres://user@localhost/fluxgate")?;
    let options = options.application_name("fluxgate-backend").options([
        ("statement_timeout", "5s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
    ]);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|conn, about| Box::pin(still_there(conn, about)))
        .connect_with(options)
        .await
        .context("cannot connect to PostgreSQL")
}

/// Whether a connection is still there, asked only of one that was idle for a while: each question is a round trip.
async fn still_there(conn: &mut PgConnection, about: PoolConnectionMetadata) -> sqlx::Result<bool> {
    if about.idle_for >= TRUSTED_FOR {
        conn.ping().await?;
    }
    Ok(true)
}

impl App {
    /// Loads keys and the served state from a migrated database.
    pub async fn start(
        pool: PgPool,
        (sealer, unit_keys): (Sealer, UnitKeys),
        retention: Retention,
        logs: Logs,
    ) -> anyhow::Result<Arc<App>> {
        let tokens = {
            let mut tx = pool.begin().await?;
            service::start::lock(&mut tx).await?;
            let tokens = TokenKeys::load(&mut tx, sealer).await?;
            tx.commit().await?;
            tokens
        };
        let hints = Hints::start(pool.clone());
        let delivery = Delivery::start(pool.clone(), Arc::clone(&hints), unit_keys).await?;
        let feed = Feed::start(pool.clone(), hints).await?;
        Ok(Arc::new(App {
            pool,
            tokens,
            passwords: Passwords::default(),
            delivery,
            retention,
            feed,
            edges_lately: Lately::new(EDGES_EVERY),
            evaluations_lately: Lately::new(EVALUATIONS_EVERY),
            metrics: Metrics::start(),
            logs,
        }))
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction for writing; `finish` ends it.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx(self.pool.begin().await?))
    }

    /// Commits what succeeded, or in a dry run takes it back, and rolls back what did not; a refusal is recorded on its own.
    pub async fn finish<T>(&self, tx: Tx, caller: &Caller, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => {
                match caller.request.dry_run {
                    true => tx.rehearse().await?,
                    false => tx.commit().await?,
                }
                Ok(value)
            }
            Err(error) => {
                drop(tx);
                self.record_denial(caller, Err(error)).await
            }
        }
    }

    /// Passes a result on; a refusal is recorded.
    pub async fn record_denial<T>(&self, caller: &Caller, result: Result<T>) -> Result<T> {
        if let Err(error @ Error::Forbidden { team, .. }) = &result {
            let mut conn = self.read().await?;
            service::audit::denied(&mut conn, caller, *team, &error.to_string()).await?;
        }
        result
    }
}

/// A transaction. Dropped without `commit`, it never happened.
pub struct Tx(Transaction<'static, Postgres>);

impl Tx {
    /// Checks what a commit would check, and takes everything back.
    pub async fn rehearse(mut self) -> Result<()> {
        store::constraint::check(&mut self.0).await?;
        Ok(self.0.rollback().await?)
    }

    /// Makes it happen.
    pub async fn commit(self) -> Result<()> {
        self.0.commit().await.map_err(|cause| match cause {
            sqlx::Error::Io(_) => Error::Unavailable(COMMIT_UNKNOWN),
            other => other.into(),
        })
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
