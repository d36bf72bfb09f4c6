//! Somebody signed in to the admin API.

use anyhow::bail;
use serde_json::{Value, json};

/// Somebody signed in to the admin API.
pub(crate) struct Admin {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Admin {
    pub(crate) async fn sign_in(backend: &str, password: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut admin = Self { http, url: format!("{backend}/graphql"), token: None };
        let input = json!({ "username": "admin", "password": password });
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
        let answer = admin.call(query, json!({ "input": input })).await?;
        admin.token = answer["signIn"]["accessToken"].as_str().map(str::to_owned);
        Ok(admin)
    }

    pub(crate) async fn call(&mut self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer: Value = request.send().await?.json().await?;
        match answer.get("errors") {
            Some(errors) => bail!("{errors}"),
            None => Ok(answer["data"].take()),
        }
    }
}
