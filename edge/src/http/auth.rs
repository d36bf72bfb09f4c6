//! Who asks, how often and from where, and in which environment: decided by the client key, and only without one by what
//! the request names.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use fluxgate_engine::{Attribute, Context};
use uuid::Uuid;

use super::App;
use super::error::Problem;
use super::observe::note_client;
use crate::caller::{Caller, CallerKind, Credential, key_id};
use crate::clock;
use crate::state::{State, View};

/// The other header that a key may stand in.
static API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Somebody who may ask: a client, or anybody where that is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker<'s> {
    Client(&'s Credential),
    Anonymous,
}

/// Lets a request in: with credentials that hold, from where they may be used, and no more often than allowed.
pub(crate) fn admit<'s>(app: &App, request: &HttpRequest, state: &'s State) -> Result<Asker<'s>, Problem> {
    let asker = authenticate(request, state, app.allow_anonymous)?;
    check_use(app, request, asker)?;
    Ok(asker)
}

/// Says whether a request may be let in, before anything of its body is read. Nothing is counted.
pub(crate) fn may_enter(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let state = app.edge.state();
    let state = state.as_deref().ok_or(Problem::NotReady)?;
    let asker = authenticate(request, state, app.allow_anonymous)?;
    check_page(request.headers().get(ORIGIN), asker)
}

/// Checks from where credentials are used, and how often.
pub(crate) fn check_use(app: &App, request: &HttpRequest, asker: Asker<'_>) -> Result<(), Problem> {
    check_page(request.headers().get(ORIGIN), asker)?;
    let allowance = match asker {
        Asker::Client(credential) => &credential.caller.allowance,
        Asker::Anonymous => &app.anonymous,
    };
    let Some(limit) = &app.rate_limit else { return Ok(()) };
    limit.check(allowance).map_err(|seconds| Problem::TooOften { seconds })
}

/// Checks that a page, if it is one that asks, may use its credentials.
pub(crate) fn check_page(origin: Option<&HeaderValue>, asker: Asker<'_>) -> Result<(), Problem> {
    if let (Asker::Client(credential), Some(origin)) = (asker, origin)
        && !credential.caller.admits_page(origin.as_bytes())
    {
        return Err(Problem::Page(origin.to_str().unwrap_or("unreadable").to_owned()));
    }
    Ok(())
}

/// Checks the credentials of a request.
fn authenticate<'s>(
    request: &HttpRequest,
    state: &'s State,
    allow_anonymous: bool,
) -> Result<Asker<'s>, Problem> {
    let Some(key) = presented(request.headers()) else {
        return if allow_anonymous { Ok(Asker::Anonymous) } else { Err(Problem::NoCredentials) };
    };
    let credential = key_id(key).and_then(|id| state.credential(&id)).ok_or(Problem::BadCredentials)?;
    // Most keys never end, and for those nobody needs the time.
    let unix_ms = if credential.ends() { clock::unix_ms() } else { 0 };
    if credential.admits(key, unix_ms) {
        note_client(&credential.caller.name);
        Ok(Asker::Client(credential))
    } else {
        Err(Problem::BadCredentials)
    }
}

/// Returns the key that a request presents; another scheme of `Authorization` is a key that nobody has.
fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(value) = headers.get(&API_KEY) {
        return Some(value.as_bytes().trim_ascii());
    }
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    match value.split_first_chunk::<7>() {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => Some(key.trim_ascii()),
        _ => Some(b""),
    }
}

impl<'s> Asker<'s> {
    /// Returns whether only flags meant for browsers and apps are shown.
    pub(crate) fn sees_client_side_only(self) -> bool {
        matches!(self, Self::Client(credential) if credential.caller.kind == CallerKind::Frontend)
    }

    /// Returns under whose id evaluations are counted; nil, which is nobody's, where nobody said who asks.
    pub(crate) fn counted_as(self) -> Uuid {
        self.caller().map_or(Uuid::nil(), |caller| caller.id)
    }

    fn caller(self) -> Option<&'s Caller> {
        match self {
            Self::Client(credential) => Some(&credential.caller),
            Self::Anonymous => None,
        }
    }

    /// Returns the environment to evaluate in: the client's own, else the one that the request names.
    ///
    /// Another team's environment is answered like a missing one.
    pub(crate) fn environment(
        self,
        state: &'s State,
        beside_context: Option<&str>,
        context: &Context<'_>,
    ) -> Result<View<'s>, Problem> {
        if let Some(id) = self.caller().and_then(|caller| caller.environment) {
            let (view, _) = state.environment(id).ok_or_else(|| unknown(&id.to_string()))?;
            return Ok(view);
        }
        let named = match beside_context {
            Some(named) => Cow::Borrowed(named),
            None => named_in(context)?,
        };
        let mut found = None;
        let by_id = Uuid::try_parse(&named).ok();
        for id in by_id.as_slice().iter().chain(state.environments_named(&named)) {
            let Some((view, name)) = state.environment(*id) else { continue };
            if self.caller().is_some_and(|caller| caller.team != name.team) {
                continue;
            }
            if found.is_some() {
                return Err(Problem::Context(format!(
                    "several teams have an environment {named:?}: name it by its id"
                )));
            }
            found = Some(view);
        }
        found.ok_or_else(|| unknown(&named))
    }
}

fn named_in<'c>(context: &'c Context<'_>) -> Result<Cow<'c, str>, Problem> {
    for key in ["environment_id", "environment"] {
        if let Some(Attribute::Text(text)) = context.get(key) {
            return Ok(Cow::Borrowed(text));
        }
    }
    let details =
        "the environment is missing: name it by key or id in environment_id, or use a key of one environment";
    Err(Problem::Context(details.to_owned()))
}

fn unknown(environment: &str) -> Problem {
    Problem::Context(format!("no environment {environment:?} here"))
}
