//! Keys that programs present: `fgc_<8-character id>_<32 random bytes>` of clients, `fgt_…` of tokens. Shown once, kept as
//! a SHA-256 of the whole text.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use crate::clock;

/// Whose key it is, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A client's.
    Client,
    /// A token's.
    Token,
}

impl KeyKind {
    /// How its keys begin.
    const fn prefix(self) -> &'static str {
        match self {
            KeyKind::Client => "fgc_",
            KeyKind::Token => "fgt_",
        }
    }

    /// Whether a text says that it is such a key, well formed or not.
    pub fn is_of(self, text: &str) -> bool {
        text.starts_with(self.prefix())
    }

    /// The id inside a key's text, when it has the form of one.
    pub fn id_in(self, key: &str) -> Option<&str> {
        let (id, secret) = key.strip_prefix(self.prefix())?.split_once('_')?;
        (id.len() == 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()) && secret.len() == 43).then_some(id)
    }

    /// Makes a key.
    pub fn new_key(self) -> anyhow::Result<NewKey> {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let id: String =
            clock::random::<8>()?.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        let key = format!("{}{id}_{}", self.prefix(), URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
        Ok(NewKey { sha256: sha256(&key), id, key })
    }
}

/// What a new key consists of; `key` is shown once and then forgotten.
pub struct NewKey {
    /// The eight characters by which the key is looked up.
    pub id: String,
    /// The whole text.
    pub key: String,
    /// What is kept of it.
    pub sha256: Vec<u8>,
}

/// What is kept of a secret text.
pub fn sha256(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Compares in constant time.
pub fn matches(text: &str, kept: &[u8]) -> bool {
    sha256(text).ct_eq(kept).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_form_and_match_only_themselves() {
        for (kind, other) in [(KeyKind::Client, KeyKind::Token), (KeyKind::Token, KeyKind::Client)] {
            let (a, b) = (kind.new_key().unwrap(), kind.new_key().unwrap());
            assert_eq!(kind.id_in(&a.key), Some(a.id.as_str()));
            assert_eq!((kind.is_of(&a.key), other.is_of(&a.key), other.id_in(&a.key)), (true, false, None));
            assert!(matches(&a.key, &a.sha256) && !matches(&b.key, &a.sha256));
        }
        for broken in ["", "fgc_", "fgc_12345678_", "fgt_12345678_abc", "fgc_1234567_x", "fgt_1234567_x"] {
            assert_eq!(
                (KeyKind::Client.id_in(broken), KeyKind::Token.id_in(broken)),
                (None, None),
                "{broken}"
            );
        }
    }
}
