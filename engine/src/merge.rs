//! Brings a document that was made from an older one onto what was made of that one meanwhile.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::{Criterion, FlagConfig};
use crate::path::Path;

/// Returns the document that has both what `mine` and what `theirs` changed of `base`, or the paths that both changed.
///
/// Criteria are merged one by one only where all three documents have the same names in the same order.
/// The result may break rules that each of the three keeps: validate it.
pub fn merge(base: &FlagConfig, mine: &FlagConfig, theirs: &FlagConfig) -> Result<FlagConfig, Vec<String>> {
    let [base, mine, theirs] = [base, mine, theirs].map(|config| config.clone().into_canonical());
    let mut merged = mine.clone();
    let mut conflicts = Vec::new();
    macro_rules! field {
        ($($field:ident $name:literal),*) => {$(
            match chosen(&base.$field, &mine.$field, &theirs.$field) {
                Some(value) => merged.$field = value.clone(),
                None => conflicts.push($name.to_owned()),
            }
        )*};
    }
    field!(enabled "enabled", default "default", off "off", salt "salt", sticky "sticky", client_side "clientSide",
           depends_on "dependsOn");
    let keys: BTreeSet<&String> =
        [&base, &mine, &theirs].into_iter().flat_map(|config| config.variants.keys()).collect();
    for key in keys {
        let of = |config: &FlagConfig| config.variants.get(key).cloned();
        match chosen(&of(&base), &of(&mine), &of(&theirs)) {
            Some(Some(value)) => drop(merged.variants.insert(key.clone(), Value::clone(value))),
            Some(None) => drop(merged.variants.remove(key)),
            None => conflicts.push(Path::Root.field("variants").field(key).to_string()),
        }
    }
    match chosen(&base.criteria, &mine.criteria, &theirs.criteria) {
        Some(criteria) => merged.criteria = criteria.clone(),
        None => merge_criteria(&base.criteria, &mine.criteria, &theirs.criteria, &mut merged, &mut conflicts),
    }
    if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
}

/// Returns the side that changed; none when both did, each otherwise.
fn chosen<'v, T: PartialEq>(base: &T, mine: &'v T, theirs: &'v T) -> Option<&'v T> {
    if mine == theirs || theirs == base {
        Some(mine)
    } else if mine == base {
        Some(theirs)
    } else {
        None
    }
}

fn merge_criteria(
    base: &[Criterion],
    mine: &[Criterion],
    theirs: &[Criterion],
    merged: &mut FlagConfig,
    conflicts: &mut Vec<String>,
) {
    let names = |criteria: &[Criterion]| -> Option<Vec<String>> {
        criteria.iter().map(|criterion| criterion.name.clone()).collect()
    };
    let all = names(base);
    let distinct = all.as_ref().is_some_and(|names| BTreeSet::from_iter(names).len() == names.len());
    if !distinct || names(mine) != all || names(theirs) != all {
        conflicts.push("criteria".to_owned());
        return;
    }
    for (index, base) in base.iter().enumerate() {
        match chosen(base, &mine[index], &theirs[index]) {
            Some(criterion) => merged.criteria[index] = criterion.clone(),
            None => conflicts.push(format!("criteria[{:?}]", base.name.as_deref().unwrap_or_default())),
        }
    }
}
