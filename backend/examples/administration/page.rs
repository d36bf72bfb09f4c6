//! A page of a hundred features out of thousands with their stages, versions and last changes, beside `SELECT 1`.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    FEATURES, TEAM,
    admin::Admin,
    figures::{Times, line, row},
};

/// How often is the page asked for?
const TURNS: i64 = 200;

/// Measures.
pub async fn run(admin: &Admin, pool: &PgPool) -> anyhow::Result<()> {
    let query = format!(
        r#"{{ team(key: "{TEAM}") {{ features(first: 100) {{ totalCount nodes {{ key name lifecycle tags
             stages {{ status live {{ number createdAt createdBy }} environment {{ key }} }}
             lastChange {{ number kind author appliedAt }} }} }} }} }}"#
    );
    let (mut page, mut one, mut bytes) = (Times::default(), Times::default(), 0);
    let before = transactions(pool).await?;
    for _ in 0..TURNS {
        let answer = page.take(admin.ask(&query, json!({}))).await?;
        anyhow::ensure!(answer["team"]["features"]["nodes"].as_array().is_some_and(|n| n.len() == 100));
        bytes = answer.to_string().len();
        one.take(async { Ok(sqlx::query("SELECT 1").execute(pool).await?) }).await?;
    }
    let what = format!("page of 100 of {FEATURES} features, p50 ms, of SELECT 1");
    row(&what, page.percentile(0.5), one.percentile(0.5), "")?;
    row("the same, p99 ms", page.percentile(0.99), one.percentile(0.99), "")?;
    // Outside of transactions each statement is one. Those of `SELECT 1` are taken off; the backend's few of its own are not.
    let statements = (transactions(pool).await? - before) / TURNS - 1;
    line(&format!("that page: {statements} SQL statements, {} KiB", bytes / 1024))
}

async fn transactions(pool: &PgPool) -> anyhow::Result<i64> {
    // Sessions report what they did a second later.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    Ok(sqlx::query_scalar(count).fetch_one(pool).await?)
}
