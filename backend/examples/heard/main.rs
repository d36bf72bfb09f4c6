//! The floor beside which `scripts/bench edge` puts the way of a change: bare commits with a NOTIFY, until somebody hears.
//!
//! heard <database> <how many>: prints a line a commit, milliseconds since the database committed it.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{PgPool, query, query_scalar, raw_sql};

/// How long is the pause between two commits, so that each meets an idle system?
const PAUSE: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, commits] = &arguments[..] else { bail!("heard <database> <how many>") };
    let pool = PgPoolOptions::new().max_connections(2).connect(database).await?;
    raw_sql("DROP TABLE IF EXISTS bench_heard; CREATE TABLE bench_heard (n bigint)").execute(&pool).await?;
    let found = measure(&pool, commits.parse()?).await;
    raw_sql("DROP TABLE bench_heard").execute(&pool).await?;
    for milliseconds in found? {
        writeln!(std::io::stdout(), "{milliseconds}")?;
    }
    Ok(())
}

async fn measure(pool: &PgPool, commits: i64) -> anyhow::Result<Vec<f64>> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("bench_heard").await?;
    let mut found = Vec::new();
    for n in 0..commits {
        let mut transaction = pool.begin().await?;
        query("INSERT INTO bench_heard VALUES ($1)").bind(n).execute(&mut *transaction).await?;
        query("SELECT pg_notify('bench_heard', $1::text)").bind(n).execute(&mut *transaction).await?;
        let hear = async {
            listener.recv().await?;
            unix_ms()
        };
        let (committed, at) = tokio::join!(transaction.commit(), hear);
        committed?;
        let sql = "SELECT (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 FROM bench_heard WHERE n = $1";
        let committed: f64 = query_scalar(sql).bind(n).fetch_one(pool).await?;
        found.push(at? - committed);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(found)
}

#[expect(clippy::disallowed_methods, reason = "a measurement compares with the database's clock")]
fn unix_ms() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0)
}
