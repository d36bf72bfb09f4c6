//! "Did you mean": the known name nearest to one that is not known.

use crate::validate::MAX_KEY_CHARS;

/// Returns the candidate that was most likely meant, when one is near enough.
pub fn nearest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // What is longer is no key, and comparing takes the product of the lengths.
    if wanted.len() > MAX_KEY_CHARS {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_KEY_CHARS)
        .map(|candidate| (strsim::jaro_winkler(wanted, candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// How many known names are compared with one that is not? A document may have thousands of both.
const MAX_COMPARED: usize = 200;

/// How many known names are listed?
const MAX_LISTED: usize = 10;

/// Returns `; did you mean "…"?` or, when nothing is near, the few that there are.
pub(crate) fn hint<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str> + Clone) -> String {
    if let Some(candidate) = nearest(wanted, candidates.clone().into_iter().take(MAX_COMPARED)) {
        return format!("; did you mean {candidate:?}?");
    }
    let short = candidates.into_iter().filter(|candidate| candidate.len() <= MAX_KEY_CHARS);
    let known: Vec<&str> = short.take(MAX_LISTED).collect();
    if known.is_empty() {
        return String::new();
    }
    format!("; there are {}", known.join(", "))
}
