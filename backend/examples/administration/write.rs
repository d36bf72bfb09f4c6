//! P12: creating and toggling a feature, one by one and with several writers, beside bare commits.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    FEATURES, TEAM, WRITERS,
    admin::Admin,
    figures::{Times, line, row},
};

/// How many features are made and toggled one after the other?
const TURNS: u64 = 400;
/// How long do several writers write?
const FOR: Duration = Duration::from_secs(6);

/// Measures, and leaves a team of [`FEATURES`] features.
pub async fn run(admin: &Admin, pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS bench_commit;
         CREATE TABLE bench_commit (writer int PRIMARY KEY, n bigint NOT NULL);
         INSERT INTO bench_commit SELECT w, 0 FROM generate_series(0, 63) AS w;",
    )
    .execute(pool)
    .await?;
    let (mut bare, mut create, mut toggle) = (Times::default(), Times::default(), Times::default());
    for n in 0..TURNS {
        bare.take(commit(pool, 0)).await?;
        create.take(make(admin, &format!("one-{n}"))).await?;
        toggle.take(switch(admin, &format!("one-{n}"))).await?;
    }
    let (bare_rate, create_rate) = (
        rate(|writer, _| commit(pool, writer)).await?,
        rate(|writer, n| async move { make(admin, &format!("many-{writer}-{n}")).await }).await?,
    );
    sqlx::raw_sql("DROP TABLE bench_commit").execute(pool).await?;
    line(&format!(
        "{:<52} {:>10} {:>10} {:>8}   {}",
        "administration", "reached", "floor", "ratio", "wanted"
    ))?;
    let floor = bare.percentile(0.5);
    row("create a feature, p50 ms, of a bare commit", create.percentile(0.5), floor, "P12 must 10, aim 5")?;
    row("toggle a feature, p50 ms, of a bare commit", toggle.percentile(0.5), floor, "P12 must 10, aim 5")?;
    let what = format!("creates/s, {WRITERS} writers, of bare commits/s");
    row(&what, create_rate, bare_rate, "P12 must 0.2, aim 0.5")?;
    fill(admin).await
}

async fn commit(pool: &PgPool, writer: u32) -> anyhow::Result<()> {
    let writer = i32::try_from(writer)?;
    sqlx::query("UPDATE bench_commit SET n = n + 1 WHERE writer = $1").bind(writer).execute(pool).await?;
    Ok(())
}

fn config(enabled: bool) -> Value {
    json!({"enabled": enabled, "variants": {"on": true, "off": false}, "default": "on", "off": "off"})
}

async fn make(admin: &Admin, key: &str) -> anyhow::Result<()> {
    let input = json!({"team": TEAM, "key": key, "kind": "SIMPLE", "config": config(true)});
    admin.run("createFeature", input, "outcome").await?;
    Ok(())
}

async fn switch(admin: &Admin, key: &str) -> anyhow::Result<()> {
    let input = json!({"team": TEAM, "feature": key, "environment": "dev", "config": config(false)});
    let made = admin.run("editStage", input, "outcome").await?;
    anyhow::ensure!(made["outcome"] == "APPLIED", "a toggle was not applied: {made}");
    Ok(())
}

/// How often a second several writers succeed.
async fn rate<F: Future<Output = anyhow::Result<()>>>(write: impl Fn(u32, u64) -> F) -> anyhow::Result<f64> {
    let began = Instant::now();
    let write = &write;
    let written = try_join_all((0..WRITERS).map(|writer| async move {
        let mut n = 0;
        while began.elapsed() < FOR {
            write(writer, n).await?;
            n += 1;
        }
        anyhow::Ok(n)
    }));
    let written: u64 = written.await?.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Ok(written as f64 / began.elapsed().as_secs_f64())
}

/// Makes as many more features as the team is to have.
async fn fill(admin: &Admin) -> anyhow::Result<()> {
    let query = format!(r#"{{ team(key: "{TEAM}") {{ features(first: 1) {{ totalCount }} }} }}"#);
    let have = admin.ask(&query, json!({})).await?["team"]["features"]["totalCount"].as_u64();
    let missing = FEATURES.saturating_sub(usize::try_from(have.context("no count")?)?);
    let writers = usize::try_from(WRITERS)?;
    try_join_all((0..writers).map(|writer| async move {
        for n in (writer..missing).step_by(writers) {
            make(admin, &format!("fill-{n}")).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}
