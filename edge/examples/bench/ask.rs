//! Asks an edge what `prepare` prepared, as soon as it is there.

use std::time::Duration;

use anyhow::{Context as _, bail};

/// How long may the edge take to have something to serve, in tenths of a second?
const PATIENCE: u32 = 150;

pub(crate) async fn run(edge: &str, folder: &str) -> anyhow::Result<()> {
    let key = std::env::var("BENCH_KEY").context("BENCH_KEY")?;
    let body = std::fs::read_to_string(format!("{folder}/body.json"))?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    for _ in 0..PATIENCE {
        let post = http.post(format!("http://{edge}/evaluate")).bearer_auth(&key);
        let post = post.header("content-type", "application/json").body(body.clone());
        if let Ok(answer) = post.send().await
            && let Ok(text) = answer.text().await
            && text.contains("\"reason\":\"SPLIT\"")
        {
            print(&text)?;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the edge at {edge} never served the prepared flag")
}

fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}")
}
