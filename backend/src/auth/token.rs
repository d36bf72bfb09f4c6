//! Access tokens: JWTs of fifteen minutes, HS256, the key named by `kid` and kept sealed in the database.
//!
//! What signs is read from the table each time, so that a new key signs at once on every replica. What verifies is held in
//! memory and read again every few seconds, and when a token names a key that is not held: then the token waits for the
//! next reading, of which there are only so many a second, however many tokens name keys that do not exist.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    auth::seal::Sealer,
    clock,
    error::{Error, Result},
    store::{signing_key, user::User},
};

/// How long is an access token good?
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How much longer does a key verify that signs no more? Somebody may just have read it to sign with.
const LEEWAY: TimeDelta = TimeDelta::minutes(1);
/// How long are the keys held before they are read again? A key that was ended verifies nothing after that.
const HELD_FOR: Duration = Duration::from_secs(3);
/// How long between two readings at least?
const PAUSE: Duration = Duration::from_millis(250);
const ISSUER: &str = "fluxgate";
const TYPE: &str = "access";

/// Signs and checks access tokens.
pub struct TokenKeys {
    sealer: Sealer,
    held: RwLock<Held>,
    /// Held by whoever reads the table, one at a time.
    reading: Mutex<()>,
}

/// The keys as they were read.
struct Held {
    keys: HashMap<String, Key>,
    since: Instant,
}

#[derive(Clone)]
struct Key {
    verify: DecodingKey,
    until: Option<DateTime<Utc>>,
}

/// What a token says. Every field is required when it is checked.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    typ: String,
    /// The user's count of what ended all sessions, as it was.
    epoch: i32,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Whom a token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: Uuid,
    /// What `session_epoch` must be still.
    pub epoch: i32,
    /// When the token ends.
    pub until: DateTime<Utc>,
}

impl TokenKeys {
    /// Opens the keys in the database; the first start makes one. Call under the lock of a start.
    pub async fn load(conn: &mut PgConnection, sealer: Sealer) -> anyhow::Result<TokenKeys> {
        let since = Instant::now();
        if signing_key::signing(conn).await?.is_none() {
            let (kid, sealed) = new_key(&sealer)?;
            signing_key::insert(conn, (&kid, &sealed), clock::now()).await?;
        }
        let keys = open(conn, &sealer, clock::now()).await?;
        Ok(TokenKeys { sealer, held: RwLock::new(Held { keys, since }), reading: Mutex::default() })
    }

    /// Reads the keys again.
    pub async fn read(&self, pool: &PgPool, now: DateTime<Utc>) -> Result<()> {
        let since = Instant::now();
        let keys = open(&mut *pool.acquire().await?, &self.sealer, now).await?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        // A reading that began earlier knows no better.
        if held.since <= since {
            *held = Held { keys, since };
        }
        Ok(())
    }

    /// A new key's name, and the key sealed.
    pub fn new_key(&self) -> anyhow::Result<(String, Vec<u8>)> {
        new_key(&self.sealer)
    }

    /// Until when a key verifies that was retired.
    pub fn verifies_until(retired_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        retired_at.map(|at| at + ACCESS_LIFETIME + LEEWAY)
    }

    /// Makes a token for a user, and says until when it is good.
    pub async fn sign(
        &self,
        conn: &mut PgConnection,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>)> {
        let none = || anyhow::anyhow!("there is no signing key");
        let key = signing_key::signing(conn).await?.ok_or_else(none)?;
        let secret = self.sealer.open(&key.kid, &key.sealed)?;
        let token = sign(&key.kid, &EncodingKey::from_secret(&secret), user, now)?;
        Ok((token, now + ACCESS_LIFETIME))
    }

    /// Whom a token speaks for; any defect gives the same answer.
    ///
    /// # Errors
    /// The token is not valid, or the database cannot be asked for its key.
    pub async fn check(&self, pool: &PgPool, token: &str, now: DateTime<Utc>) -> Result<Bearer> {
        let refused = || {
            Error::Unauthenticated("the access token is not valid or has expired; sign in again".to_owned())
        };
        let kid = decode_header(token).ok().and_then(|header| header.kid).filter(|kid| is_kid(kid));
        let kid = kid.ok_or_else(refused)?;
        let asked = Instant::now();
        let key = match self.look(&kid) {
            (Some(key), since) if since.elapsed() < HELD_FOR => Some(key),
            // One reads; the others go on with what is held.
            (Some(key), _) => match self.reading.try_lock() {
                Ok(_reading) => {
                    self.read(pool, now).await?;
                    self.look(&kid).0
                }
                Err(_) => Some(key),
            },
            (None, _) => {
                self.read_after(pool, asked, now).await?;
                self.look(&kid).0
            }
        };
        key.and_then(|key| verify(token, &key, now)).ok_or_else(refused)
    }

    /// The key of that name, and when all of them were read.
    fn look(&self, kid: &str) -> (Option<Key>, Instant) {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        (held.keys.get(kid).cloned(), held.since)
    }

    /// Waits for a reading that began after `asked`; whoever comes first does it for all who wait.
    async fn read_after(&self, pool: &PgPool, asked: Instant, now: DateTime<Utc>) -> Result<()> {
        let _reading = self.reading.lock().await;
        let (_, since) = self.look("");
        if since >= asked {
            return Ok(());
        }
        if let Some(rest) = PAUSE.checked_sub(since.elapsed()) {
            tokio::time::sleep(rest).await;
        }
        self.read(pool, now).await
    }
}

fn new_key(sealer: &Sealer) -> anyhow::Result<(String, Vec<u8>)> {
    let kid = hex::encode(clock::random::<8>()?);
    let sealed = sealer.seal(&kid, &clock::random::<32>()?)?;
    Ok((kid, sealed))
}

/// Whether a text has the form of a key's name: what has not is no reason to ask the database.
fn is_kid(kid: &str) -> bool {
    kid.len() == 16 && kid.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Opens all keys that verify. Those whose tokens have ended are removed by whoever finds them.
async fn open(
    conn: &mut PgConnection,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> anyhow::Result<HashMap<String, Key>> {
    let (mut keys, mut ended) = (HashMap::new(), false);
    for row in signing_key::sealed(conn).await? {
        let until = TokenKeys::verifies_until(row.retired_at);
        if until.is_some_and(|until| until <= now) {
            ended = true;
            continue;
        }
        let verify = DecodingKey::from_secret(&sealer.open(&row.kid, &row.sealed)?);
        keys.insert(row.kid, Key { verify, until });
    }
    if ended {
        signing_key::remove(conn, now - ACCESS_LIFETIME - LEEWAY).await?;
    }
    Ok(keys)
}

fn sign(kid: &str, key: &EncodingKey, user: &User, now: DateTime<Utc>) -> Result<String> {
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: ISSUER.to_owned(),
        sub: user.id,
        typ: TYPE.to_owned(),
        epoch: user.session_epoch,
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: (now + ACCESS_LIFETIME).timestamp(),
    };
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
    encode(&header, &claims, key).map_err(|e| Error::Internal(e.into()))
}

fn verify(token: &str, key: &Key, now: DateTime<Utc>) -> Option<Bearer> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Times are checked here, against the time of the request, instead of a clock read by the library.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(token, &key.verify, &validation).ok()?.claims;
    let held = key.until.is_none_or(|until| now < until);
    let now = now.timestamp();
    let holds = held && claims.typ == TYPE && claims.nbf <= now + 5 && now < claims.exp;
    let until = DateTime::from_timestamp(claims.exp, 0)?;
    holds.then_some(Bearer { user: claims.sub, epoch: claims.epoch, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: clock::new_id(),
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            email: None,
            active: true,
            system_admin: false,
            must_change_password: false,
            session_epoch: 3,
        }
    }

    fn key(secret: u8, until: Option<DateTime<Utc>>) -> Key {
        Key { verify: DecodingKey::from_secret(&[secret; 32]), until }
    }

    fn signed(user: &User, now: DateTime<Utc>) -> String {
        sign("0123456789abcdef", &EncodingKey::from_secret(&[7; 32]), user, now).unwrap()
    }

    #[test]
    fn tokens_hold_until_their_end_and_their_keys() {
        let (user, now) = (user(), clock::now());
        let token = signed(&user, now);
        let holds = |key: &Key, at| verify(&token, key, at).is_some();
        let until = DateTime::from_timestamp((now + ACCESS_LIFETIME).timestamp(), 0).unwrap();
        assert_eq!(verify(&token, &key(7, None), now), Some(Bearer { user: user.id, epoch: 3, until }));
        assert!(holds(&key(7, None), now + ACCESS_LIFETIME - TimeDelta::seconds(1)));
        assert!(!holds(&key(7, None), now + ACCESS_LIFETIME));
        assert!(!holds(&key(7, None), now - TimeDelta::minutes(1)));
        let retired = TokenKeys::verifies_until(Some(now));
        assert!(holds(&key(7, retired), now + ACCESS_LIFETIME - TimeDelta::seconds(1)));
        assert!(!holds(&key(7, Some(now)), now));
    }

    #[test]
    fn refuses_other_keys_and_algorithms() {
        let (user, now) = (user(), clock::now());
        let token = signed(&user, now);
        assert!(verify(&token, &key(8, None), now).is_none());
        // {"alg":"none","kid":"k1"}
        let none = format!("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{}.", token.split('.').nth(1).unwrap());
        assert!(verify(&none, &key(7, None), now).is_none());
        assert!(verify("garbage", &key(7, None), now).is_none());
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0", "' OR true --    "] {
            assert!(!is_kid(wrong), "{wrong}");
        }
    }
}
