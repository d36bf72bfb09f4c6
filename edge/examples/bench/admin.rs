//! Somebody signed in to the admin API.

use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};

/// For how long is a connection used again?
const IDLE: Duration = Duration::from_secs(5);

/// Somebody signed in to the admin API.
#[derive(Clone)]
pub struct Admin {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Admin {
    /// Signs in as `admin`.
    pub async fn sign_in(backend: &str, password: &str) -> anyhow::Result<Admin> {
        // While something is measured nobody notices that the server ended a connection.
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE).build()?;
        let mut admin = Admin { http, url: format!("{backend}/graphql"), token: String::new() };
        let input = json!({"username": "admin", "password": password});
        let answer = admin.run("signIn", input, "accessToken").await?;
        admin.token = answer["accessToken"].as_str().unwrap_or_default().to_owned();
        Ok(admin)
    }

    /// Runs a mutation and gives what it gave.
    pub async fn run(&self, field: &str, input: Value, selection: &str) -> anyhow::Result<Value> {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let query = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}");
        Ok(self.ask(&query, json!({"input": input})).await?[field].take())
    }

    /// Asks and gives the data.
    pub async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let mut request = self.http.post(&self.url).json(&json!({"query": query, "variables": variables}));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let mut answer: Value = request.send().await?.json().await?;
        match answer.get("errors") {
            Some(errors) => bail!("{errors}"),
            None => Ok(answer["data"].take()),
        }
    }
}
