//! Writes JSON into a buffer by hand, so that an answer is built without an intermediate tree.

use serde::Serialize;

/// Appends a value as JSON.
pub(crate) fn put(buffer: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Writing to memory cannot fail, and everything written here has string keys.
    let written = serde_json::to_writer(buffer, value);
    debug_assert!(written.is_ok(), "only values with string keys are written");
}
