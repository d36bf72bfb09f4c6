//! Versions in words: what each brought.

use fluxgate_client::ChangeKind;
use fluxgate_client::version::Origin;

use crate::change::{difference, path_text};

/// Returns what a version brought to an environment, in a few words.
pub fn brought(number: i64, env: &str, change: &Origin) -> String {
    let item = change.items.iter().find(|item| item.environment.key == env);
    match (&change.kind, item) {
        (ChangeKind::Promote, Some(item)) => match &item.source {
            Some(source) => format!("promoted from {}", source.key),
            None => "promoted".to_owned(),
        },
        (ChangeKind::Rollback, _) => "rolled back".to_owned(),
        (_, Some(_)) if number == 1 => "created".to_owned(),
        (_, Some(item)) => match item.diff.as_slice() {
            [] => "edited".to_owned(),
            [one] => {
                let difference = difference(one.before.as_deref(), one.after.as_deref());
                format!("{} {difference}", path_text(&one.path)).trim_end().to_owned()
            }
            more => format!("{} differences", more.len()),
        },
        (kind, None) => kind.as_str().to_lowercase(),
    }
}
