//! The only place that reads the time or makes randomness; everything else gets them as arguments.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A new id that sorts by time.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Evenly distributed over 0.0..1.0, for what need not be secret.
pub fn chance() -> f64 {
    // The low 52 bits of a random UUID hold none of its fixed ones.
    let bits = Uuid::new_v4().as_u64_pair().1 & ((1 << 52) - 1);
    bits as f64 / (1_u64 << 52) as f64
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gave no random bytes"))?;
    Ok(bytes)
}
