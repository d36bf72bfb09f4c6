//! An edge, asked as applications ask it: OFREP over HTTP.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::innermost;
use crate::error::{Code, Error, Refusal};
use crate::evaluation::Evaluation;

/// How many bytes may an answer have? A variant's value has at most 256 KiB.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// A connection to an edge.
pub struct Edge {
    http: reqwest::Client,
    url: reqwest::Url,
    key: Option<SecretString>,
}

/// What an edge answers, whatever the status.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    value: Option<Value>,
    variant: Option<String>,
    reason: Option<String>,
    metadata: Metadata,
    error_code: Option<String>,
    error_details: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    version: Option<i64>,
    criterion: Option<String>,
    kill_switch: bool,
    blocked_by: Option<String>,
}

impl Edge {
    /// Prepares a connection; nothing is sent. A crypto provider must be installed before.
    ///
    /// Without a client's key, only an edge that serves anybody answers.
    pub fn new(url: &str, key: Option<SecretString>, timeout: Duration) -> Result<Self, Error> {
        let url = reqwest::Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| Error::Setup(format!("{url:?} is no http or https address")))?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("fluxgate-client/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::Setup(innermost(&error)))?;
        Ok(Self { http, url, key })
    }

    /// Returns what the edge serves for a feature to a context.
    pub async fn evaluate(&self, feature: &str, context: &Value) -> Result<Evaluation, Error> {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["ofrep", "v1", "evaluate", "flags", feature]);
        }
        let mut request = self.http.post(url).json(&json!({ "context": context }));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let mut response = request.send().await.map_err(|error| self.unreachable(innermost(&error)))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(innermost(&error)))? {
            body.extend_from_slice(&part);
            if body.len() > MAX_ANSWER {
                return Err(self.bad_answer(status));
            }
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| self.bad_answer(status))?;
        match (status.as_u16(), answer.error_code.as_deref()) {
            (200, _) | (_, Some("FLAG_NOT_FOUND" | "TARGETING_KEY_MISSING")) => {
                Ok(answer.into_evaluation(feature))
            }
            (502..=504, _) => Err(self.unreachable(format!("it answers {status}"))),
            (status, Some(_)) => Err(answer.into_refusal(status)),
            (_, None) => Err(self.bad_answer(status)),
        }
    }

    fn unreachable(&self, cause: String) -> Error {
        Error::Unreachable { server: self.server(), cause, tries: 1 }
    }

    fn bad_answer(&self, status: reqwest::StatusCode) -> Error {
        Error::BadAnswer { server: self.server(), detail: format!("{status} without an evaluation") }
    }

    fn server(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }
}

impl Answer {
    fn into_evaluation(self, feature: &str) -> Evaluation {
        Evaluation {
            feature: feature.to_owned(),
            value: self.value,
            // OFREP wants one in any case.
            variant: self.variant.filter(|variant| !variant.is_empty()),
            reason: self.reason,
            version: self.metadata.version,
            criterion: None,
            criterion_name: self.metadata.criterion,
            kill_switch: self.metadata.kill_switch,
            blocked_by: self.metadata.blocked_by,
            error_code: self.error_code,
            error_details: self.error_details,
        }
    }

    fn into_refusal(self, status: u16) -> Error {
        let code = match status {
            401 => Code::Unauthenticated,
            403 => Code::Forbidden,
            429 => Code::Limited,
            400..500 => Code::Invalid,
            _ => Code::Internal,
        };
        let message = self.error_details.or(self.error_code).unwrap_or_default();
        Error::Server(Box::new(Refusal { code, message, ..Refusal::default() }))
    }
}
