//! The keys that units are hashed with: one for each team, made from the master key, so that none of them rests anywhere.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use fluxgate_proto::unit::{UNIT_KEY_BYTES, UnitKey};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// Makes the key of any team.
#[derive(Clone)]
pub struct UnitKeys(Key);

impl UnitKeys {
    /// Prepares the master key. With another one, all units are strangers.
    pub fn new(master_key: &SecretString) -> UnitKeys {
        UnitKeys(Key::new(HMAC_SHA256, master_key.expose_secret().as_bytes()))
    }

    /// The key of a team.
    pub fn of(&self, team: Uuid) -> UnitKey {
        let made = sign(&self.0, &[b"units of a team/", &team.as_bytes()[..]].concat());
        let mut bytes = [0; UNIT_KEY_BYTES];
        bytes.copy_from_slice(&made.as_ref()[..UNIT_KEY_BYTES]);
        UnitKey::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_team_has_its_own_for_as_long_as_the_master_key_is_the_same() {
        let of = |master: &str, team| UnitKeys::new(&master.to_owned().into()).of(Uuid::from_u128(team));
        assert_eq!(of("one master key", 1), of("one master key", 1));
        assert_ne!(of("one master key", 1), of("one master key", 2));
        assert_ne!(of("one master key", 1), of("another master key", 1));
    }
}
