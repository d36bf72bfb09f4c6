//! How the parts of a document are worded in a diff.

use crate::condition::Match;
use crate::config::{Criterion, Dependency};
use crate::expression::print_split;
use crate::number::NumberText;

/// Returns the path of a criterion: by its name where that is clear, else by its position.
pub(super) fn criterion_path(criteria: &[Criterion], index: usize) -> String {
    let name = criteria[index].name.as_deref();
    let namesakes = criteria.iter().filter(|criterion| criterion.name.as_deref() == name);
    match name {
        Some(name) if namesakes.count() == 1 => format!("criteria[{name:?}]"),
        _ => format!("criteria[{index}]"),
    }
}

/// Returns a place in a list as people count: from 1.
pub(super) fn position_text(index: usize) -> String {
    format!("position {}", index + 1)
}

/// Returns a whole criterion in one line.
///
/// The first that matches decides, so its position says as much as the rest.
pub(super) fn criterion_text(criterion: &Criterion, index: usize) -> String {
    let mut text = format!("{}: {}: ", position_text(index), when_text(&criterion.when));
    if criterion.rollout.is_some() {
        text += &format!("{} % ", rollout_text(&criterion.rollout));
    }
    if criterion.bucket_by.is_some() {
        text += &format!("by {} ", criterion.bucket_key());
    }
    match &criterion.serve {
        Some(variant) => text += &format!("serve {variant}"),
        None => text += &format!("split {}", print_split(&criterion.split)),
    }
    text
}

pub(super) fn when_text(when: &Option<Match>) -> String {
    match when {
        Some(when) => when.to_string(),
        None => "everyone".to_owned(),
    }
}

pub(super) fn rollout_text(rollout: &Option<f64>) -> String {
    NumberText::new(rollout.unwrap_or(100.0)).to_string()
}

pub(super) fn dependency_text(dependency: &Dependency) -> String {
    match dependency.variants.is_empty() {
        true => format!("{} on", dependency.feature),
        false => format!("{} at {}", dependency.feature, dependency.variants.join(" or ")),
    }
}

/// Returns a variant's key; none is the application's own default, which a variant called null is not.
pub(super) fn variant_text(variant: &Option<String>) -> String {
    match variant.as_deref() {
        None => "null".to_owned(),
        Some("null") => "\"null\"".to_owned(),
        Some(key) => key.to_owned(),
    }
}
