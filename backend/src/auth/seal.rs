//! Sealing of secrets that the database keeps: AES-256-GCM under the master key, nonce first.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock;

/// The master key, ready for use.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// Derives the key from the master key's text, whatever its length.
    pub fn new(master_key: &SecretString) -> anyhow::Result<Sealer> {
        let key = digest(&SHA256, master_key.expose_secret().as_bytes());
        let key =
            UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| anyhow::anyhow!("no AES-256-GCM"))?;
        Ok(Sealer(LessSafeKey::new(key)))
    }

    /// Encrypts `plain`, bound to `name`: it opens only under the same name.
    pub fn seal(&self, name: &str, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = clock::random()?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| anyhow::anyhow!("cannot seal {name}"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what `seal` made under the same name and master key.
    pub fn open(&self, name: &str, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let wrong = || {
            anyhow::anyhow!("cannot open the sealed {name}: is FLUXGATE_MASTER_KEY another one than before?")
        };
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut body = body.to_vec();
        let plain =
            self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut body).map_err(|_| wrong())?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_under_the_same_name_and_key() {
        let sealer = Sealer::new(&"one master key".to_owned().into()).unwrap();
        let sealed = sealer.seal("kid-1", b"secret").unwrap();
        assert_eq!(sealer.open("kid-1", &sealed).unwrap(), b"secret");
        assert!(sealer.open("kid-2", &sealed).is_err());
        let other = Sealer::new(&"another master key".to_owned().into()).unwrap();
        assert!(other.open("kid-1", &sealed).is_err());
        assert!(sealer.open("kid-1", b"").is_err());
    }
}
