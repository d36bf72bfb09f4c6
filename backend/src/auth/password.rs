//! Passwords: Argon2id (19 MiB, t = 2, p = 1), computed off the async threads and never more than a few at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

use crate::{
    clock,
    error::{Error, Result},
};

/// How many hashes are computed at once: each takes 19 MiB and a core.
const SLOTS: usize = 2;
/// How many may wait? Each takes some 30 ms; who comes later hears so at once.
const MAX_WAITING: usize = 64;
/// How short may a password be, in characters?
pub const MIN_PASSWORD: usize = 8;
/// How long, in bytes, so that hashing stays bounded?
const MAX_PASSWORD: usize = 512;

/// Hashes and checks, a few at once.
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// How many wait for a slot.
    waiting: Arc<AtomicUsize>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords { slots: Arc::new(Semaphore::new(SLOTS)), waiting: Arc::default() }
    }
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl Passwords {
    /// Hashes a new password; refuses one that is too short or too long, at the input's `path`.
    pub async fn hash(&self, path: &str, password: String) -> Result<String> {
        if password.chars().count() < MIN_PASSWORD {
            return Err(Error::invalid(path, format!("must have at least {MIN_PASSWORD} characters")));
        }
        if password.len() > MAX_PASSWORD {
            return Err(Error::invalid(path, format!("must have at most {MAX_PASSWORD} bytes")));
        }
        self.blocking(move || hash_now(&password)).await
    }

    /// Says whether the password is the user's. `stored` is absent for an unknown user, which costs the same.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        if password.len() > MAX_PASSWORD {
            return Ok(false);
        }
        self.blocking(move || {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => nobodys_hash()?.to_owned(),
            };
            let parsed = PasswordHash::new(&stored)
                .map_err(|e| anyhow::anyhow!("a stored password hash is broken: {e}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    /// Runs off the async threads. The slot goes with the work, which outlives a caller that went away.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = Waiting::enter(&self.waiting)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|e| Error::Internal(e.into()))?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(slot);
            result
        });
        done.await.map_err(|e| Error::Internal(e.into()))?.map_err(Error::Internal)
    }
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let salt: [u8; 16] = clock::random()?;
    let hash = argon2()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(hash.to_string())
}

/// A hash that no password matches in practice, so that unknown users take as long as known ones.
fn nobodys_hash() -> anyhow::Result<&'static str> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let made = hash_now(&hex::encode(clock::random::<32>()?))?;
    Ok(HASH.get_or_init(|| made))
}

/// A place in the queue for a slot, given back when it is left in whatever way.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(queue: &Arc<AtomicUsize>) -> Result<Waiting> {
        let place = Waiting(Arc::clone(queue));
        if queue.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            return Err(Error::limited("too many people are signing in at once; try again", 1));
        }
        Ok(place)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_passes() {
        let passwords = Passwords::default();
        let stored = passwords.hash("password", "correct horse".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse".to_owned(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".to_owned(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("correct horse".to_owned(), None).await.unwrap());
    }
}
