//! Random text for passwords and keys.

use uuid::Uuid;

/// Returns 64 random hex digits, 244 bits of them by chance.
pub(crate) fn text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
