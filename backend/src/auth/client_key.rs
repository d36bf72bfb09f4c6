//! Keys of clients: `fgc_<8-character id>_<32 random bytes>`, shown once, kept as a SHA-256 of the whole text.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use crate::clock;

/// What a new key consists of; `key` is shown once and then forgotten.
pub struct NewKey {
    /// The eight characters by which the key is looked up.
    pub id: String,
    /// The whole text.
    pub key: String,
    /// What is kept of it.
    pub sha256: Vec<u8>,
}

/// Makes a key.
pub fn new_key() -> anyhow::Result<NewKey> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let id: String =
        clock::random::<8>()?.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let key = format!("fgc_{id}_{}", URL_SAFE_NO_PAD.encode(clock::random::<32>()?));
    Ok(NewKey { sha256: sha256(&key), id, key })
}

/// The id inside a key's text, when it has the form of one.
pub fn key_id(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix("fgc_")?.split_once('_')?;
    (id.len() == 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()) && secret.len() == 43).then_some(id)
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
        let (a, b) = (new_key().unwrap(), new_key().unwrap());
        assert_eq!(key_id(&a.key), Some(a.id.as_str()));
        assert!(matches(&a.key, &a.sha256) && !matches(&b.key, &a.sha256));
        for broken in ["", "fgc_", "fgc_12345678_", "fgt_12345678_abc", "fgc_1234567_x"] {
            assert_eq!(key_id(broken), None, "{broken}");
        }
    }
}
