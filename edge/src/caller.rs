//! Who may ask an edge for evaluations, and how a key proves it.

use std::sync::Arc;

use fluxgate_proto::v1::{Client, ClientKind};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use uuid::Uuid;

use crate::limit::Allowance;

/// What every client key begins with.
pub const KEY_PREFIX: &str = "fgc_";

/// The part of a key that may be shown: it finds the key, the rest proves it.
pub type KeyId = [u8; 8];

/// What a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// Every flag.
    Backend,
    /// Only flags that are meant for browsers and apps.
    Frontend,
}

/// A client of kind BACKEND or FRONTEND.
#[derive(Debug)]
pub struct Caller {
    /// Identifies it.
    pub id: Uuid,
    /// What people call it.
    pub name: Box<str>,
    /// The team's key.
    pub team: Box<str>,
    /// What it may see.
    pub kind: CallerKind,
    /// The only environment that it may ask in; none for all of its team.
    pub environment: Option<Uuid>,
    pub(crate) allowance: Allowance,
    origins: Box<[Box<str>]>,
    keys: Box<[Key]>,
}

#[derive(Clone, Debug)]
struct Key {
    id: KeyId,
    sha256: [u8; 32],
    not_after_ms: Option<i64>,
}

/// One key of a caller.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    key: Key,
    pub(crate) caller: Arc<Caller>,
}

/// Why a delivered client cannot be understood.
#[derive(Debug, Error)]
pub enum CallerError {
    /// Neither BACKEND nor FRONTEND.
    #[error("the kind of client {0} is unknown to this version")]
    Kind(i32),
    /// The environment's id has the wrong length.
    #[error("the client's environment is no UUID")]
    Environment,
    /// The id of a key does not have eight characters.
    #[error("the id of a key does not have eight characters")]
    KeyId,
    /// The hash of a key does not have 32 bytes.
    #[error("the hash of the key {0:?} does not have 32 bytes")]
    Hash(String),
}

impl Caller {
    /// Reads a delivered client.
    pub fn from_wire(id: Uuid, client: &Client) -> Result<Self, CallerError> {
        let kind = match ClientKind::try_from(client.kind) {
            Ok(ClientKind::Backend) => CallerKind::Backend,
            Ok(ClientKind::Frontend) => CallerKind::Frontend,
            Ok(ClientKind::Unspecified) | Err(_) => return Err(CallerError::Kind(client.kind)),
        };
        let environment = match &client.environment_id {
            Some(id) => Some(Uuid::from_slice(id).map_err(|_| CallerError::Environment)?),
            None => None,
        };
        let keys = client.keys.iter().map(|key| {
            Ok(Key {
                id: key.id.as_bytes().try_into().map_err(|_| CallerError::KeyId)?,
                sha256: key.sha256[..].try_into().map_err(|_| CallerError::Hash(key.id.clone()))?,
                not_after_ms: key.not_after_ms,
            })
        });
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            name: client.name.as_str().into(),
            team: client.team.as_str().into(),
            kind,
            environment,
            allowance: Allowance::default(),
            origins: client.origins.iter().map(|origin| origin.as_str().into()).collect(),
            keys,
        })
    }

    /// Returns whether pages of an origin may ask with its keys, which only a FRONTEND client limits.
    pub(crate) fn admits_page(&self, origin: &[u8]) -> bool {
        self.kind == CallerKind::Backend || self.origins.iter().any(|allowed| allowed.as_bytes() == origin)
    }
}

impl Credential {
    /// Returns each key of a caller by its id.
    pub(crate) fn all(caller: &Arc<Caller>) -> impl Iterator<Item = (KeyId, Self)> {
        caller.keys.iter().map(|key| (key.id, Self { key: key.clone(), caller: Arc::clone(caller) }))
    }

    /// Returns whether the whole key proves to be this one and has not ended.
    ///
    /// Takes the same time wherever the first difference is.
    pub(crate) fn admits(&self, whole_key: &[u8], unix_ms: i64) -> bool {
        let same: bool = Sha256::digest(whole_key)[..].ct_eq(&self.key.sha256).into();
        same && !self.has_ended(unix_ms)
    }

    /// Returns the part of the key that may be shown.
    pub(crate) fn id(&self) -> KeyId {
        self.key.id
    }

    /// Returns what only those know who know the key or were told of it by the backend.
    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.key.sha256
    }

    /// Returns whether the key has ended.
    pub(crate) fn has_ended(&self, unix_ms: i64) -> bool {
        self.key.not_after_ms.is_some_and(|end| unix_ms >= end)
    }

    /// Returns whether somebody has to look at the clock to know.
    pub(crate) fn ends(&self) -> bool {
        self.key.not_after_ms.is_some()
    }
}

/// How long is the secret of a key: 32 bytes in base64?
const SECRET_CHARS: usize = 43;

/// Returns the id within the text of a key, when it has the form of one: `fgc_<id>_<secret>`, with an id of eight letters
/// and digits, and a secret of 43 characters of the URL-safe base64.
pub fn key_id(whole_key: &[u8]) -> Option<KeyId> {
    let rest = whole_key.strip_prefix(KEY_PREFIX.as_bytes())?;
    let (id, secret) = rest.split_first_chunk::<8>()?;
    let secret = secret.strip_prefix(b"_")?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let whole =
        id.iter().all(u8::is_ascii_alphanumeric) && secret.len() == SECRET_CHARS && secret.iter().all(plain);
    whole.then_some(*id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_until_its_end_and_needs_nobody_to_tell() {
        let whole = format!("fgc_abcd2345_{}", "x".repeat(43));
        let end = 1_577_836_800_000;
        let key = fluxgate_proto::v1::ClientKey {
            id: "abcd2345".to_owned(),
            sha256: Sha256::digest(&whole).to_vec(),
            not_after_ms: Some(end),
        };
        let client = Client { kind: ClientKind::Backend.into(), keys: vec![key], ..Client::default() };
        let caller = Arc::new(Caller::from_wire(Uuid::from_u128(1), &client).unwrap());
        let (_, credential) = Credential::all(&caller).next().unwrap();
        assert!(credential.ends(), "somebody looks at the clock");
        assert!(credential.admits(whole.as_bytes(), end - 1));
        assert!(!credential.admits(whole.as_bytes(), end));
    }

    #[test]
    fn a_key_has_exactly_one_form() {
        let secret = "aB3-_".repeat(9)[..43].to_owned();
        assert_eq!(key_id(format!("fgc_abcd2345_{secret}").as_bytes()), Some(*b"abcd2345"));
        for broken in [
            format!("fgt_abcd2345_{secret}"),
            format!("fgc_abcd234_{secret}"),
            format!("fgc_abcd234-_{secret}"),
            format!("fgc_abcd2345{secret}"),
            format!("fgc_abcd2345_{secret}x"),
            format!("fgc_abcd2345_{}", &secret[1..]),
            format!("fgc_abcd2345_+{}", &secret[1..]),
            "fgc_".to_owned(),
            String::new(),
        ] {
            assert_eq!(key_id(broken.as_bytes()), None, "{broken}");
        }
    }
}
