//! `scripts/bench administration`: reads the status of a development system from stdin, fills a team of its own,
//! and prints what administration costs beside bare commits and bare queries of the same run.

mod admin;
mod figures;
mod page;
mod write;

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;

use crate::admin::Admin;

/// The team that everything is measured in.
const TEAM: &str = "bench";
/// How many features does the team have that a page is taken from?
const FEATURES: usize = 5_000;
/// How many writers are at it at once?
const WRITERS: u32 = 8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let status: Value = serde_json::from_reader(std::io::stdin()).context("the status")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("the status lacks a part");
    let users = status["users"].as_array().context("the status lacks users")?;
    let admin = users.iter().find(|user| user["username"] == "admin").context("there is no admin")?;
    let admin = Admin::sign_in(&text(&status["backend"])?, &text(&admin["password"])?).await?;
    let pool = PgPoolOptions::new().max_connections(WRITERS).connect(&text(&status["databaseUrl"])?).await?;
    furnish(&admin).await?;
    write::run(&admin, &pool).await?;
    page::run(&admin, &pool).await
}

/// A team with one environment, where nobody has to be asked.
async fn furnish(admin: &Admin) -> anyhow::Result<()> {
    admin.run("createTeam", json!({"key": TEAM}), "key").await?;
    let environment = json!({"team": TEAM, "key": "dev", "type": "DEVELOPMENT"});
    admin.run("createEnvironment", environment, "key").await?;
    let pipeline = json!({"team": TEAM, "key": "main", "stages": [{"environment": "dev"}]});
    admin.run("createPipeline", pipeline, "key").await?;
    Ok(())
}
