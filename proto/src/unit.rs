//! Units as they travel and rest: hashed under a key of their team, so that nobody who reads them can tell or try whom they mean.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

/// How long is a key?
pub const UNIT_KEY_BYTES: usize = 32;
/// How long is a hash? Long enough that no two units of a team share one.
pub const UNIT_HASH_BYTES: usize = 16;

/// A unit's keyed hash.
pub type UnitHash = [u8; UNIT_HASH_BYTES];

/// What the units of one team are hashed with.
#[derive(Clone)]
pub struct UnitKey {
    bytes: [u8; UNIT_KEY_BYTES],
    key: Key,
}

impl UnitKey {
    /// Prepares a key.
    pub fn new(bytes: [u8; UNIT_KEY_BYTES]) -> Self {
        Self { bytes, key: Key::new(HMAC_SHA256, &bytes) }
    }

    /// Returns the key as it travels.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    /// Returns the hash of a unit: the first half of HMAC-SHA256 over its text.
    pub fn hash(&self, unit: &str) -> UnitHash {
        let mut hash = [0; UNIT_HASH_BYTES];
        hash.copy_from_slice(&sign(&self.key, unit.as_bytes()).as_ref()[..UNIT_HASH_BYTES]);
        hash
    }
}

impl PartialEq for UnitKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for UnitKey {}

/// Shows nothing of it.
impl fmt::Debug for UnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_same_everywhere_and_needs_the_key() {
        let key = UnitKey::new([7; UNIT_KEY_BYTES]);
        assert_eq!(key.hash("user-1"), UnitKey::new([7; UNIT_KEY_BYTES]).hash("user-1"));
        assert_ne!(key.hash("user-1"), key.hash("user-2"));
        assert_ne!(key.hash("user-1"), UnitKey::new([8; UNIT_KEY_BYTES]).hash("user-1"));
        // RFC 4231, test case 2, whose key is shorter than ours and padded with zeros as HMAC does.
        let mut jefe = [0; UNIT_KEY_BYTES];
        jefe[..4].copy_from_slice(b"Jefe");
        let hash = UnitKey::new(jefe).hash("what do ya want for nothing?");
        assert_eq!(hash[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        assert!(!format!("{key:?}").contains('7'));
    }
}
