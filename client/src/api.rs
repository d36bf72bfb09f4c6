//! Carries operations to a server: signs them, renews tokens, tries reads again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use graphql_client::GraphQLQuery;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::clock;
use crate::credentials::{Credentials, Keep, Tokens};
use crate::document;
use crate::error::{Code, Error, Refusal};
use crate::session::{RefreshSession, refresh_session};

/// How often is a read tried before the server counts as unreachable?
const TRIES: usize = 3;

/// A connection to a server's admin API.
pub struct Api {
    http: reqwest::Client,
    server: String,
    endpoint: reqwest::Url,
    // Held while tokens are renewed, so that requests at the same time renew them once.
    credentials: Mutex<Credentials>,
    keep: Option<Keep>,
}

/// One operation, ready to be sent any number of times.
struct Operation {
    body: Vec<u8>,
    is_query: bool,
}

impl Api {
    /// Prepares a connection; nothing is sent. A crypto provider must be installed before.
    ///
    /// `timeout` is for one request, from connecting to the last byte of the answer.
    pub fn new(server: &str, credentials: Credentials, timeout: Duration) -> Result<Self, Error> {
        let server = server.trim_end_matches('/').to_owned();
        let endpoint = reqwest::Url::parse(&format!("{server}/graphql"))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| Error::Setup(format!("{server:?} is no http or https address")))?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("fluxgate-client/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::Setup(innermost(&error)))?;
        Ok(Self { http, server, endpoint, credentials: Mutex::new(credentials), keep: None })
    }

    /// Keeps renewed tokens where `keep` says.
    #[must_use]
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// Returns the server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Signs the requests that follow with other credentials.
    pub async fn sign_with(&self, credentials: Credentials) {
        *self.credentials.lock().await = credentials;
    }

    /// Runs an operation.
    ///
    /// **Only queries are tried again** when the server cannot be reached: a mutation may have been done.
    pub async fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Error> {
        let operation = Operation::new::<Q>(variables)?;
        let bearer = self.bearer().await?;
        let first = self.deliver(&operation, bearer.as_ref()).await;
        let answer = match first {
            Err(error) if error.code() == Some(Code::Unauthenticated) => {
                match self.renew(bearer.as_ref()).await? {
                    Some(renewed) => self.deliver(&operation, Some(&renewed)).await?,
                    None => return Err(error),
                }
            }
            first => first?,
        };
        self.read(answer)
    }

    /// Returns what to sign with now, renewed first when it is over.
    async fn bearer(&self) -> Result<Option<SecretString>, Error> {
        let stale = {
            let credentials = self.credentials.lock().await;
            let bearer = credentials.bearer().map(SecretString::from);
            match &*credentials {
                Credentials::Session(tokens) if tokens.expired(clock::now()) => bearer,
                _ => return Ok(bearer),
            }
        };
        self.renew(stale.as_ref()).await
    }

    /// Renews the tokens, unless that has happened since `used` was taken from them.
    async fn renew(&self, used: Option<&SecretString>) -> Result<Option<SecretString>, Error> {
        let mut credentials = self.credentials.lock().await;
        let Credentials::Session(tokens) = &*credentials else {
            return Ok(None);
        };
        let is_used =
            |tokens: &Tokens| used.is_some_and(|used| used.expose_secret() == tokens.access.expose_secret());
        let mut current = tokens.clone();
        if !is_used(&current) {
            return Ok(Some(current.access));
        }
        // From here on, other processes wait until the new tokens are written.
        let kept = match &self.keep {
            Some(open) => Some(open().map_err(Error::Keep)?),
            None => None,
        };
        let save = kept.map(|kept| {
            if let Some(tokens) = kept.tokens {
                current = tokens;
            }
            kept.save
        });
        if is_used(&current) || current.expired(clock::now()) {
            current = self.refresh(&current).await?;
            if let Some(save) = save {
                save(&current).map_err(Error::Keep)?;
            }
        }
        let access = current.access.clone();
        *credentials = Credentials::Session(current);
        Ok(Some(access))
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Error> {
        let input =
            refresh_session::RefreshSessionInput { refresh_token: tokens.refresh.expose_secret().to_owned() };
        let operation = Operation::new::<RefreshSession>(refresh_session::Variables { input })?;
        let answer = self.deliver(&operation, None).await?;
        let data: refresh_session::ResponseData = self.read(answer)?;
        Ok(Tokens::from(&data.session))
    }

    async fn deliver(&self, operation: &Operation, bearer: Option<&SecretString>) -> Result<Value, Error> {
        if !operation.is_query {
            return self.send(operation, bearer).await;
        }
        let backoff = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(100))
            .with_max_times(TRIES - 1)
            .with_jitter();
        let answer = (|| self.send(operation, bearer))
            .retry(backoff)
            .when(|error| matches!(error, Error::Unreachable { .. }))
            .await;
        answer.map_err(|error| match error {
            Error::Unreachable { server, cause, .. } => Error::Unreachable { server, cause, tries: TRIES },
            error => error,
        })
    }

    async fn send(&self, operation: &Operation, bearer: Option<&SecretString>) -> Result<Value, Error> {
        let mut request = self
            .http
            .post(self.endpoint.clone())
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(operation.body.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        let status = response.status();
        if matches!(status.as_u16(), 502..=504) {
            return Err(Error::Unreachable {
                server: self.server.clone(),
                cause: format!("it answers {status}"),
                tries: 1,
            });
        }
        let body = response.bytes().await.map_err(|e| self.unreachable(&e))?;
        let mut answer: Value =
            serde_json::from_slice(&body).map_err(|_| self.bad_answer(format!("{status} without JSON")))?;
        if let Some(error) = answer.pointer("/errors/0") {
            return Err(Error::Server(Box::new(Refusal::from_answer(error))));
        }
        match answer.get_mut("data") {
            Some(data @ Value::Object(_)) => Ok(data.take()),
            _ => Err(self.bad_answer(format!("{status} without data"))),
        }
    }

    fn read<T: DeserializeOwned>(&self, data: Value) -> Result<T, Error> {
        serde_json::from_value(data).map_err(|error| self.bad_answer(error.to_string()))
    }

    fn bad_answer(&self, detail: String) -> Error {
        Error::BadAnswer { server: self.server.clone(), detail }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Error {
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { innermost(error) };
        Error::Unreachable { server: self.server.clone(), cause, tries: 1 }
    }
}

impl Operation {
    fn new<Q: GraphQLQuery>(variables: Q::Variables) -> Result<Self, Error> {
        let body = Q::build_query(variables);
        let text = document::only(body.query, body.operation_name);
        let is_query = document::is_query(body.query, body.operation_name);
        let body = serde_json::to_vec(&json!({
            "query": text,
            "variables": body.variables,
            "operationName": body.operation_name,
        }));
        Ok(Self { body: body.map_err(|error| Error::Setup(error.to_string()))?, is_query })
    }
}

/// Returns the cause at the bottom, which says what happened; those above say where.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
