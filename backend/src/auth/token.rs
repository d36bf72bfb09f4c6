//! Access tokens: JWTs of fifteen minutes, HS256, the key named by `kid` and kept sealed in the database.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::seal::Sealer,
    clock,
    error::{Error, Result},
    store::signing_key,
};

/// How long is an access token good?
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(15);
const ISSUER: &str = "fluxgate";
const TYPE: &str = "access";

/// Signs and checks access tokens.
pub struct TokenKeys {
    newest: String,
    keys: HashMap<String, (EncodingKey, DecodingKey)>,
}

/// What a token says. Every field is required when it is checked.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    typ: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl TokenKeys {
    /// Opens the keys in the database; the first start makes one. Call under the lock of a start.
    pub async fn load(conn: &mut PgConnection, sealer: &Sealer) -> anyhow::Result<TokenKeys> {
        let mut rows = signing_key::list(conn).await?;
        if rows.is_empty() {
            let kid = hex::encode(clock::random::<8>()?);
            let sealed = sealer.seal(&kid, &clock::random::<32>()?)?;
            signing_key::insert(conn, &kid, &sealed).await?;
            rows = signing_key::list(conn).await?;
        }
        let newest = rows.first().map(|row| row.kid.clone()).unwrap_or_default();
        let mut keys = HashMap::new();
        for row in rows {
            let secret = sealer.open(&row.kid, &row.sealed)?;
            keys.insert(row.kid, (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret)));
        }
        Ok(TokenKeys { newest, keys })
    }

    /// Makes a token for a user, and says until when it is good.
    pub fn sign(&self, user: Uuid, now: DateTime<Utc>) -> Result<(String, DateTime<Utc>)> {
        let expires = now + ACCESS_LIFETIME;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user,
            typ: TYPE.to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires.timestamp(),
        };
        let header = Header { kid: Some(self.newest.clone()), ..Header::new(Algorithm::HS256) };
        let (key, _) =
            self.keys.get(&self.newest).ok_or_else(|| anyhow::anyhow!("there is no signing key"))?;
        let token = encode(&header, &claims, key).map_err(|e| Error::Internal(e.into()))?;
        Ok((token, expires))
    }

    /// The user that a token speaks for; any defect gives the same answer.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Uuid> {
        self.try_check(token, now).ok_or_else(|| {
            Error::Unauthenticated("the access token is not valid or has expired; sign in again".to_owned())
        })
    }

    fn try_check(&self, token: &str, now: DateTime<Utc>) -> Option<Uuid> {
        let kid = decode_header(token).ok()?.kid?;
        let (_, key) = self.keys.get(&kid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked here, against the time of the request, instead of a clock read by the library.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
        let now = now.timestamp();
        (claims.typ == TYPE && claims.nbf <= now + 5 && now < claims.exp).then_some(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> TokenKeys {
        let secret = [7; 32];
        let pair = (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret));
        TokenKeys { newest: "k1".to_owned(), keys: HashMap::from([("k1".to_owned(), pair)]) }
    }

    #[test]
    fn signs_and_checks_until_the_end() {
        let (keys, user, now) = (keys(), clock::new_id(), clock::now());
        let (token, expires) = keys.sign(user, now).unwrap();
        assert_eq!(keys.check(&token, now).unwrap(), user);
        assert!(keys.check(&token, expires).is_err());
        assert!(keys.check(&token, now - TimeDelta::minutes(1)).is_err());
    }

    #[test]
    fn refuses_other_keys_algorithms_and_types() {
        let (keys, user, now) = (keys(), clock::new_id(), clock::now());
        let (token, _) = keys.sign(user, now).unwrap();
        let mut other = super::tests::keys();
        let secret = [8; 32];
        other
            .keys
            .insert("k1".to_owned(), (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret)));
        assert!(other.check(&token, now).is_err());
        // {"alg":"none","kid":"k1"}
        let none = format!("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{}.", token.split('.').nth(1).unwrap());
        assert!(keys.check(&none, now).is_err());
        assert!(keys.check("garbage", now).is_err());
    }
}
