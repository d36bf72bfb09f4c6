//! Who is at a socket: let in by a token, and looked at again for as long as they stay.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    access::{self, Action},
    app::App,
    auth::{Caller, Request},
    clock,
    error::{Error, Result},
    feed::AGAIN,
    service::identity::identify,
    store::team::Team,
};

/// How old may what is known of somebody be when they are told something?
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Somebody at a socket.
pub struct Presence {
    app: Arc<App>,
    token: SecretString,
    address: Option<String>,
    user: Uuid,
    until: DateTime<Utc>,
    known: Mutex<(Caller, Instant)>,
    over: watch::Sender<Option<String>>,
}

impl Presence {
    /// Lets somebody in.
    pub async fn admit(app: Arc<App>, token: String, address: Option<String>) -> Result<Presence> {
        let request =
            Request { now: clock::now(), id: clock::new_id(), address: address.clone(), dry_run: false };
        let asked = Instant::now();
        let caller = identify(&app, &token, &request).await?;
        let (user, until) = (caller.user.id, caller.until);
        let known = Mutex::new((caller, asked));
        let (over, _) = watch::channel(None);
        Ok(Presence { app, token: token.into(), address, user, until, known, over })
    }

    /// Whose socket it is.
    pub fn user(&self) -> Uuid {
        self.user
    }

    /// When their token ends by itself.
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// From where they came.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The caller as they are now: asked with the token again, whatever kind it is, unless that was a moment ago. It
    /// waits while the database is away.
    ///
    /// # Errors
    /// The session has ended, which ends the socket.
    pub async fn caller(&self) -> Result<Caller> {
        let mut known = self.known.lock().await;
        let request = || Request {
            now: clock::now(),
            id: known.0.request.id,
            address: self.address.clone(),
            dry_run: false,
        };
        if known.1.elapsed() < KNOWN_FOR {
            return Ok(Caller { request: request(), ..known.0.clone() });
        }
        loop {
            let asked = Instant::now();
            match identify(&self.app, self.token.expose_secret(), &request()).await {
                Ok(caller) => {
                    *known = (caller.clone(), asked);
                    return Ok(caller);
                }
                Err(Error::Unauthenticated(why)) => {
                    self.over.send_replace(Some(why.clone()));
                    return Err(Error::Unauthenticated(why));
                }
                Err(Error::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
                Err(other) => return Err(other),
            }
        }
    }

    /// Makes sure that they may still read a team.
    ///
    /// # Errors
    /// They may not, for whom there is no such team, or the session has ended.
    pub async fn check(&self, team: &Team) -> Result<()> {
        let caller = self.caller().await?;
        if caller.sees(team.id) {
            return access::require(&caller, team, Action::Read);
        }
        let candidates = caller.memberships.into_iter().map(|membership| membership.team_key).collect();
        Err(Error::not_found("team", &team.key, candidates))
    }

    /// Waits until their session is found to have ended, and says why.
    pub async fn over(&self) -> String {
        let mut over = self.over.subscribe();
        match over.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The sender is in here, so this does not happen.
            Err(_) => std::future::pending().await,
        }
    }
}
