//! Secrets that are shown once.

use serde::Serialize;

use crate::output::View;

/// Shows a secret alone on stdout; as JSON it is a field of `value`.
pub(crate) fn secret<T: Serialize>(value: &T, name: String, secret: &str, what: &str) -> View {
    View::of(value).named(name).line(secret).note(format!("this {what} is shown once: keep it now"))
}
