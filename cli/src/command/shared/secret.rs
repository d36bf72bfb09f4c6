//! Secrets that are shown once.

use serde::Serialize;

use crate::output::View;

/// Shows a secret alone on stdout; as JSON it is a field of `value`. `-o name` shows it too: it would be lost otherwise.
pub(crate) fn secret<T: Serialize>(value: &T, secret: &str, what: &str) -> View {
    View::of(value).named(secret).line(secret).note(format!("this {what} is shown once: keep it now"))
}
