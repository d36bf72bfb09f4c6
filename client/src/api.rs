//! Carries operations to a server: signs them, renews tokens, tries reads again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use graphql_client::GraphQLQuery;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock;
use crate::credentials::{Credentials, Keep, Tokens};
use crate::error::{Code, Error, Refusal};
use crate::fields::Fields;
use crate::request::Request;
use crate::session::{RefreshSession, refresh_session};

/// How many bytes may an answer have? A server reads less than this for one request.
const LARGEST: usize = 128 * 1024 * 1024;

/// How often is a read tried before the server counts as unreachable?
const TRIES: usize = 3;
/// How long is a request tried before the next try is worth a word?
const TOLD_AFTER: Duration = Duration::from_secs(2);
/// How little time makes no sense to try in?
const LEAST: Duration = Duration::from_millis(10);
/// What do we call ourselves?
pub(crate) const USER_AGENT: &str = concat!("fluxgate-client/", env!("CARGO_PKG_VERSION"));

/// A connection to a server's admin API.
pub struct Api {
    http: reqwest::Client,
    server: String,
    endpoint: reqwest::Url,
    // Held while tokens are renewed, so that requests at the same time renew them once.
    credentials: Mutex<Credentials>,
    keep: Option<Keep>,
    timeout: Duration,
    // Whom to trust beside those whom the machine knows, in PEM.
    authorities: Vec<u8>,
    dry_run: bool,
    hold: Option<Hold>,
    before: Option<Before>,
    retrying: Option<Retrying>,
}

/// Asked before something is sent that changes something, with the fields that its answer may have.
pub type Before = Box<dyn Fn(&Fields) -> Result<(), Hold> + Send + Sync>;

/// Told when a request that takes long is tried again: the number of the try, and of how many.
pub type Retrying = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Why nothing may be sent that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Somebody wanted it so, for good.
    ReadOnly(String),
    /// This call does not go with it.
    Usage(String),
}

impl Api {
    /// Prepares a connection; nothing is sent. A crypto provider must be installed before.
    ///
    /// `timeout` is for one request with all its tries, from connecting to the last byte of the answer.
    pub fn new(server: &str, credentials: Credentials, timeout: Duration) -> Result<Self, Error> {
        let server = server.trim_end_matches('/').to_owned();
        let endpoint = endpoint(&server)?;
        let http = http(timeout).build().map_err(|error| Error::Setup(innermost(&error)))?;
        let credentials = Mutex::new(credentials);
        Ok(Self {
            http,
            server,
            endpoint,
            credentials,
            keep: None,
            timeout,
            authorities: Vec::new(),
            dry_run: false,
            hold: None,
            before: None,
            retrying: None,
        })
    }

    /// Makes sure that text is a server's address; nothing is sent.
    pub fn check(server: &str) -> Result<(), Error> {
        endpoint(server).map(drop)
    }

    /// Trusts these certificates too, in PEM: those of an authority that the machine does not know.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, Error> {
        let setup = |error: &reqwest::Error| Error::Setup(innermost(error));
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| setup(&error))?;
        let http = http(self.timeout).tls_certs_merge(certificates).build();
        self.http = http.map_err(|error| setup(&error))?;
        self.authorities = pem.to_vec();
        Ok(self)
    }

    /// Returns whom to trust beside those whom the machine knows, in PEM.
    pub(crate) fn authorities(&self) -> &[u8] {
        &self.authorities
    }

    /// Sends nothing that changes something; rehearsals are let through.
    #[must_use]
    pub fn holding(mut self, hold: Hold) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Has the server check everything that it is sent, and take it back.
    #[must_use]
    pub fn rehearsing(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Asks before something is sent that changes something; what is refused then is not sent.
    #[must_use]
    pub fn asking(mut self, before: Before) -> Self {
        self.before = Some(before);
        self
    }

    /// Tells when a request that takes long is tried again.
    #[must_use]
    pub fn telling(mut self, retrying: Retrying) -> Self {
        self.retrying = Some(retrying);
        self
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

    /// Returns what time the server says it is, in any of its answers; none when it does not say.
    pub(crate) async fn date(&self) -> Option<String> {
        let answer = self.http.get(&self.server).send().await.ok()?;
        answer.headers().get("date")?.to_str().ok().map(str::to_owned)
    }

    /// Signs the requests that follow with other credentials.
    pub async fn sign_with(&self, credentials: Credentials) {
        *self.credentials.lock().await = credentials;
    }

    /// Runs an operation.
    ///
    /// **Only queries are tried again** when the server cannot be reached: a mutation may have been done.
    pub async fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Error> {
        self.run_removing::<Q>(variables, &[]).await
    }

    /// Runs a mutation whose input says null for some fields, which removes what is there; what is absent stays.
    pub(crate) async fn run_removing<Q: GraphQLQuery>(
        &self,
        variables: Q::Variables,
        removed: &[&str],
    ) -> Result<Q::ResponseData, Error> {
        let operation = Request::new::<Q>(variables, removed, self.dry_run)?;
        let answer = self.ask(&operation).await?;
        self.read(self.data(answer)?)
    }

    /// Runs a document as it is and returns the answer as it is, errors included.
    pub async fn run_text(
        &self,
        document: &str,
        variables: &serde_json::Map<String, Value>,
        operation: Option<&str>,
    ) -> Result<Value, Error> {
        self.ask(&Request::text(document, variables, operation, self.dry_run)?).await
    }

    /// Sends an operation, signed, and once more with renewed tokens when the server does not know the old ones.
    async fn ask(&self, operation: &Request) -> Result<Value, Error> {
        if let (true, Some(hold)) = (operation.changes, &self.hold) {
            return Err(Error::Held(hold.clone()));
        }
        if let (true, Some(before)) = (operation.changes, &self.before) {
            before(&operation.fields).map_err(Error::Held)?;
        }
        let end = Instant::now() + self.timeout;
        let bearer = self.bearer_until(end).await?;
        if operation.taken_back {
            // Whoever does not know what that is would do it.
            let answer = self.deliver(&Request::probe()?, bearer.as_ref(), end).await?;
            if answer.pointer("/extensions/dryRun") != Some(&Value::Bool(true)) {
                return Err(self.bad_answer("it knows no dry runs; nothing was tried".to_owned()));
            }
        }
        let answer = self.deliver(operation, bearer.as_ref(), end).await?;
        match refusal(&answer) {
            Some(refusal) if refusal.code == Code::Unauthenticated => {
                match self.renew_until(bearer.as_ref(), end).await? {
                    Some(renewed) => self.deliver(operation, Some(&renewed), end).await,
                    None => Ok(answer),
                }
            }
            _ => Ok(answer),
        }
    }

    /// Returns what to sign with now, renewed first when it is over.
    pub(crate) async fn bearer(&self) -> Result<Option<SecretString>, Error> {
        self.bearer_until(Instant::now() + self.timeout).await
    }

    async fn bearer_until(&self, end: Instant) -> Result<Option<SecretString>, Error> {
        let stale = {
            let credentials = self.credentials.lock().await;
            let bearer = credentials.bearer().map(SecretString::from);
            match &*credentials {
                Credentials::Session(tokens) if tokens.expired(clock::now()) => bearer,
                _ => return Ok(bearer),
            }
        };
        self.renew_until(stale.as_ref(), end).await
    }

    /// Renews the tokens, unless that has happened since `used` was taken from them.
    pub(crate) async fn renew(&self, used: Option<&SecretString>) -> Result<Option<SecretString>, Error> {
        self.renew_until(used, Instant::now() + self.timeout).await
    }

    async fn renew_until(
        &self,
        used: Option<&SecretString>,
        end: Instant,
    ) -> Result<Option<SecretString>, Error> {
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
            current = self.refresh(&current, end).await?;
            if let Some(save) = save {
                save(&current).map_err(Error::Keep)?;
            }
        }
        let access = current.access.clone();
        *credentials = Credentials::Session(current);
        Ok(Some(access))
    }

    async fn refresh(&self, tokens: &Tokens, end: Instant) -> Result<Tokens, Error> {
        let input =
            refresh_session::RefreshSessionInput { refresh_token: tokens.refresh.expose_secret().to_owned() };
        let operation = Request::new::<RefreshSession>(refresh_session::Variables { input }, &[], false)?;
        let answer = self.deliver(&operation, None, end).await.map_err(|error| match error {
            // What somebody asked for was not sent yet.
            Error::Unanswered { server, cause } => Error::Unreachable { server, cause, tries: 1 },
            error => error,
        })?;
        let data = self.data(answer).map_err(|error| match error {
            // One that holds is always let in: there are too many tries only of those that hold no more.
            Error::Server(refusal) if refusal.code == Code::Limited => Error::session_ended(),
            error => error,
        })?;
        let data: refresh_session::ResponseData = self.read(data)?;
        Ok(Tokens::from(&data.session))
    }

    /// Sends an operation until there is an answer, a query more than once, and all of that until `end`.
    async fn deliver(
        &self,
        operation: &Request,
        bearer: Option<&SecretString>,
        end: Instant,
    ) -> Result<Value, Error> {
        if !operation.is_query {
            return self.send(operation, bearer, end).await;
        }
        let begun = Instant::now();
        let tries = AtomicUsize::new(0);
        let backoff = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(100))
            .with_max_times(TRIES - 1)
            .with_jitter();
        let answer = (|| {
            let number = tries.fetch_add(1, Ordering::Relaxed) + 1;
            if let (Some(tell), 2.., true) = (&self.retrying, number, begun.elapsed() >= TOLD_AFTER) {
                tell(number, TRIES);
            }
            self.send(operation, bearer, end)
        })
        .retry(backoff)
        .when(|error| matches!(error, Error::Unreachable { .. }) && Instant::now() + LEAST < end)
        .await;
        answer.map_err(|error| match error {
            Error::Unreachable { server, cause, .. } => {
                Error::Unreachable { server, cause, tries: tries.into_inner() }
            }
            error => error,
        })
    }

    async fn send(
        &self,
        operation: &Request,
        bearer: Option<&SecretString>,
        end: Instant,
    ) -> Result<Value, Error> {
        let left = end.saturating_duration_since(Instant::now());
        if operation.changes && left.is_zero() {
            // Signing it took all the time: nobody would learn what became of it.
            let cause = "no time was left, nothing was sent".to_owned();
            return Err(Error::Unreachable { server: self.server.clone(), cause, tries: 1 });
        }
        let mut request = self
            .http
            .post(self.endpoint.clone())
            .timeout(left.max(LEAST))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(operation.body.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        let response = request.send().await.map_err(|e| self.unreachable(&e, operation.changes))?;
        let status = response.status();
        if matches!(status.as_u16(), 502..=504) {
            // Whoever answers 503 took nothing; the others do not know what became of it.
            let sent = operation.changes && status.as_u16() != 503;
            return Err(self.unanswered(format!("it answers {status}"), sent));
        }
        let stopped = stopped(&self.server, &response);
        let body = self.body(response, operation.changes).await?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let usable = |answer: &Value| {
            answer.get("data").is_some_and(Value::is_object) || answer.pointer("/errors/0").is_some()
        };
        match (answer, stopped) {
            (Some(answer), _) if usable(&answer) => Ok(answer),
            (_, Some(stopped)) => Err(stopped),
            (Some(_), None) => Err(self.bad_answer(format!("{status} without data"))),
            (None, None) => Err(self.bad_answer(format!("{status} without JSON"))),
        }
    }

    /// Reads an answer's body, as far as it can be one.
    async fn body(&self, mut response: reqwest::Response, changes: bool) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST => {
                    return Err(self.bad_answer(format!("more than {} MiB", LARGEST >> 20)));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => {
                    let cause = match error.is_timeout() {
                        true => "no whole answer came in time",
                        false => "the answer broke off",
                    };
                    return Err(self.unanswered(cause.to_owned(), changes));
                }
            }
        }
    }

    /// Returns an answer's data, or why there is none.
    fn data(&self, mut answer: Value) -> Result<Value, Error> {
        if let Some(refusal) = refusal(&answer) {
            return Err(Error::Server(Box::new(refusal)));
        }
        match answer.get_mut("data") {
            Some(data) => Ok(data.take()),
            None => Err(self.bad_answer("no data".to_owned())),
        }
    }

    fn read<T: DeserializeOwned>(&self, data: Value) -> Result<T, Error> {
        serde_json::from_value(data).map_err(|error| self.bad_answer(error.to_string()))
    }

    fn bad_answer(&self, detail: String) -> Error {
        Error::BadAnswer { server: self.server.clone(), detail }
    }

    fn unreachable(&self, error: &reqwest::Error, changes: bool) -> Error {
        let cause = match (error.is_timeout(), changes) {
            (false, _) => innermost(error),
            (true, true) => "no answer came in time".to_owned(),
            (true, false) => "no answer in time".to_owned(),
        };
        match (changes, error.is_connect()) {
            (true, true) => self.unanswered(format!("{cause}, nothing was sent"), false),
            (changes, _) => self.unanswered(cause, changes),
        }
    }

    /// Returns the error for what got no answer; `sent` is whether it may have changed something all the same.
    fn unanswered(&self, cause: String, sent: bool) -> Error {
        let server = self.server.clone();
        match sent {
            true => Error::Unanswered { server, cause },
            false => Error::Unreachable { server, cause, tries: 1 },
        }
    }
}

fn http(timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(timeout)
        // Shorter than all of it: what gets no answer until then was sent.
        .connect_timeout((timeout * 9 / 10).min(Duration::from_secs(10)))
        .redirect(reqwest::redirect::Policy::none())
}

fn endpoint(server: &str) -> Result<reqwest::Url, Error> {
    reqwest::Url::parse(&format!("{server}/graphql"))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| Error::Setup(format!("{server:?} is no http or https address")))
        .and_then(|url| match url.username().is_empty() && url.password().is_none() {
            true => Ok(url),
            // Not repeated: it is a secret.
            false => Err(Error::Setup("the server's address must hold no user and no password".to_owned())),
        })
}

/// Returns the error for an answer by which something in between stops a request, should it be no FluxGate server's.
fn stopped(server: &str, response: &reqwest::Response) -> Option<Error> {
    let status = response.status();
    let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    matches!(status.as_u16(), 401 | 403 | 407 | 429).then(|| Error::Stopped {
        server: server.to_owned(),
        status: status.as_u16(),
        answer: status.to_string(),
        retry_after: after.map(str::to_owned),
    })
}

/// Returns the first error of an answer.
fn refusal(answer: &Value) -> Option<Refusal> {
    answer.pointer("/errors/0").map(Refusal::from_answer)
}

/// Returns the cause at the bottom, which says what happened; those above say where.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
