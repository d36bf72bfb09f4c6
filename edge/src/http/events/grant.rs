//! The token in a stream's address: what it lets its bearer follow, until when, and on whose behalf.
//!
//! It is signed with what every edge that knows the client holds, the hash of the key that the client asked with, so that
//! any edge accepts it and it ends with that key. It cannot evaluate anything.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::super::auth::Asker;
use super::super::error::Problem;
use crate::caller::{Credential, KeyId};
use crate::state::State;

/// What is signed begins with this, so that no other signature with the same key is one of a token.
const PURPOSE: &[u8] = b"fluxgate event stream 1";
/// For how many seconds do the answers for one client lend the same token? It holds between once and twice as long.
pub(super) const WINDOW_SECONDS: u64 = 3600;
/// How long is what is signed: a key's id, an environment, an end?
const BODY_BYTES: usize = 8 + 16 + 8;
/// How long is a token before it is written as text?
const TOKEN_BYTES: usize = BODY_BYTES + 32;

/// Leave to follow an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) environment: Uuid,
    /// In Unix seconds.
    pub(super) expires: u64,
    /// Whose key it came from, with the signature still to be checked; none where nobody needs one.
    signed: Option<(KeyId, [u8; 32])>,
}

/// Returns when a token ends that is lent now.
///
/// It stays the same for a while, so that clients need not change to another address with each answer, and differs
/// from client to client, so that not all come back at once.
pub(super) fn expiry(identity: u128, unix_ms: i64) -> u64 {
    let spread = u64::try_from(identity % u128::from(WINDOW_SECONDS)).unwrap_or_default();
    let now = seconds(unix_ms) + spread;
    (now / WINDOW_SECONDS + 2) * WINDOW_SECONDS - spread
}

impl Grant {
    /// Returns a token for whoever holds a credential.
    pub(super) fn lend(credential: &Credential, environment: Uuid, expires: u64) -> String {
        let mut token = body(credential.id(), environment, expires).to_vec();
        let tag = hmac::sign(&signing_key(credential), &signed(&token));
        token.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Returns what somebody may follow who needs no credentials.
    pub(super) fn anonymous(environment: Uuid, unix_ms: i64) -> Self {
        Self { environment, expires: seconds(unix_ms) + WINDOW_SECONDS, signed: None }
    }

    /// Reads a token; whether it holds is for `check` to say.
    pub(super) fn read(token: &str) -> Result<Self, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Problem::NoToken)?;
        let bytes: [u8; TOKEN_BYTES] = bytes.try_into().map_err(|_| Problem::NoToken)?;
        let (body, tag) = bytes.split_at(BODY_BYTES);
        let (key, rest) = body.split_at(8);
        let (environment, expires) = rest.split_at(16);
        let read = || {
            Some(Self {
                environment: Uuid::from_slice(environment).ok()?,
                expires: u64::from_be_bytes(expires.try_into().ok()?),
                signed: Some((key.try_into().ok()?, tag.try_into().ok()?)),
            })
        };
        read().ok_or(Problem::NoToken)
    }

    /// Returns on whose behalf somebody follows, if that still holds.
    pub(super) fn check<'s>(&self, state: &'s State, unix_ms: i64) -> Result<Asker<'s>, Problem> {
        let environment = state.environment(self.environment);
        let Some((key, tag)) = &self.signed else {
            let missing = || Problem::Context(format!("no environment \"{}\" here", self.environment));
            return environment.map(|_| Asker::Anonymous).ok_or_else(missing);
        };
        let credential = state.credential(key).ok_or(Problem::NoToken)?;
        let body = body(*key, self.environment, self.expires);
        hmac::verify(&signing_key(credential), &signed(&body), tag).map_err(|_| Problem::NoToken)?;
        let (_, name) = environment.ok_or(Problem::NoToken)?;
        let caller = &credential.caller;
        let sees = match caller.environment {
            Some(own) => own == self.environment,
            None => caller.team == name.team,
        };
        let over = seconds(unix_ms) >= self.expires || credential.has_ended(unix_ms);
        if sees && !over { Ok(Asker::Client(credential)) } else { Err(Problem::NoToken) }
    }
}

fn body(key: KeyId, environment: Uuid, expires: u64) -> [u8; BODY_BYTES] {
    let mut body = [0; BODY_BYTES];
    body[..8].copy_from_slice(&key);
    body[8..24].copy_from_slice(environment.as_bytes());
    body[24..].copy_from_slice(&expires.to_be_bytes());
    body
}

fn signed(body: &[u8]) -> Vec<u8> {
    [PURPOSE, body].concat()
}

fn signing_key(credential: &Credential) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, credential.secret())
}

fn seconds(unix_ms: i64) -> u64 {
    u64::try_from(unix_ms).unwrap_or_default() / 1000
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fluxgate_proto::v1::{Client, ClientKey, ClientKind};

    use super::*;
    use crate::caller::Caller;
    use crate::state::{Content, EnvironmentName};

    const HERE: Uuid = Uuid::from_u128(1);
    const ELSEWHERE: Uuid = Uuid::from_u128(2);
    const NOW_MS: i64 = 1_700_000_000_000;

    /// A state with two environments and one client of a key whose hash is `sha256`.
    fn state(sha256: u8, environment: Option<Uuid>, not_after_ms: Option<i64>) -> State {
        let key = ClientKey { id: "abcd2345".to_owned(), sha256: vec![sha256; 32], not_after_ms };
        let client = Client {
            kind: ClientKind::Backend.into(),
            team: "demo".to_owned(),
            environment_id: environment.map(|id| id.as_bytes().to_vec()),
            keys: vec![key],
            ..Client::default()
        };
        let mut state = State::default();
        state.put(&Content::Caller(Arc::new(Caller::from_wire(Uuid::nil(), &client).unwrap())));
        for (id, team) in [(HERE, "demo"), (ELSEWHERE, "others")] {
            let name = EnvironmentName { key: "dev".into(), team: team.into() };
            state.put(&Content::Environment(id, Arc::new(name)));
        }
        state
    }

    fn lent(state: &State, environment: Uuid) -> Grant {
        let credential = state.credential(b"abcd2345").unwrap();
        Grant::read(&Grant::lend(credential, environment, expiry(0, NOW_MS))).unwrap()
    }

    #[test]
    fn any_edge_that_knows_the_key_accepts_a_token_until_it_ends() {
        let (here, there) = (state(7, Some(HERE), None), state(7, Some(HERE), None));
        let grant = lent(&here, HERE);
        assert!(grant.check(&there, NOW_MS).is_ok());
        let end = i64::try_from(grant.expires).unwrap() * 1000;
        assert!(grant.check(&there, end - 1).is_ok());
        assert_eq!(grant.check(&there, end).unwrap_err(), Problem::NoToken);
    }

    #[test]
    fn a_token_ends_with_its_key_and_never_shows_more_than_the_client_sees() {
        let one = state(7, Some(HERE), None);
        let refused =
            |grant: Grant, state: &State| grant.check(state, NOW_MS).unwrap_err() == Problem::NoToken;
        let grant = lent(&one, HERE);
        assert!(refused(grant, &state(8, Some(HERE), None)), "another key of that id");
        assert!(refused(grant, &state(7, Some(HERE), Some(NOW_MS))), "the key has ended");
        assert!(refused(grant, &State::default()), "the key is gone");
        assert!(refused(lent(&one, ELSEWHERE), &one), "another environment than the client's");
        let of_team = state(7, None, None);
        assert!(lent(&of_team, HERE).check(&of_team, NOW_MS).is_ok());
        assert!(refused(lent(&of_team, ELSEWHERE), &of_team), "another team's environment");
    }

    #[test]
    fn not_one_bit_of_a_token_may_change() {
        let state = state(7, Some(HERE), None);
        let token = Grant::lend(state.credential(b"abcd2345").unwrap(), HERE, expiry(0, NOW_MS));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let grant = Grant::read(&URL_SAFE_NO_PAD.encode(changed)).unwrap();
            assert!(grant.check(&state, NOW_MS).is_err(), "bit {bit}");
        }
        for broken in ["", "x", &token[1..], &format!("{token}A"), "ü"] {
            assert_eq!(Grant::read(broken), Err(Problem::NoToken), "{broken}");
        }
    }

    #[test]
    fn tokens_stay_the_same_for_a_while_and_end_at_different_times() {
        let second = |n: u64| NOW_MS + i64::try_from(n * 1000).unwrap();
        for identity in [0, 1, 1800, 3599, u128::MAX] {
            for at in 0..2 * WINDOW_SECONDS {
                let left = expiry(identity, second(at)) - seconds(second(at));
                assert!((WINDOW_SECONDS + 1..=2 * WINDOW_SECONDS).contains(&left), "{identity} {at} {left}");
            }
        }
        let ends = |identity| expiry(identity, NOW_MS);
        assert_ne!(ends(0) % WINDOW_SECONDS, ends(1) % WINDOW_SECONDS);
    }
}
