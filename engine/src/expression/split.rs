//! The text form of a split: `control=50, express=50`.

use super::ExpressionError;
use crate::config::Split;
use crate::number::{NumberText, parse_json_number};

/// How many shares may a text have? More than anybody wants to read, and each may need a message.
const MAX_SHARES: usize = 1000;

/// Parses the text form of a split, such as `control=50, express=50`.
pub fn parse_split(text: &str) -> Result<Vec<Split>, ExpressionError> {
    Ok(parse_shares(text)?.into_iter().map(|(share, _)| share).collect())
}

/// Parses the text form of a split, and tells where each share stands.
pub(crate) fn parse_shares(text: &str) -> Result<Vec<(Split, usize)>, ExpressionError> {
    if let Some((excess, _)) = text.match_indices(',').nth(MAX_SHARES - 1) {
        let count = text.split(',').count();
        let expected = format!("at most {MAX_SHARES} shares");
        return Err(ExpressionError::new(excess + 1, expected, count.to_string()));
    }
    let mut offset = 0;
    text.split(',')
        .map(|part| {
            let share = parse_share(part, offset)?;
            let start = offset + (part.len() - part.trim_start().len());
            offset += part.len() + 1;
            Ok((share, start))
        })
        .collect()
}

/// Prints a split as its text form.
pub(crate) fn print_split(split: &[Split]) -> String {
    let shares = split.iter().map(|share| format!("{}={}", share.variant, NumberText::new(share.weight)));
    shares.collect::<Vec<_>>().join(", ")
}

fn parse_share(part: &str, offset: usize) -> Result<Split, ExpressionError> {
    let at = |place: &str| offset + (part.len() - place.len());
    let Some((variant, weight)) = part.split_once('=') else {
        let start = part.trim_start();
        let found = part.trim();
        return Err(if found.is_empty() {
            ExpressionError::new(at(start), "a variant and its weight, such as on=50", "nothing")
        } else {
            ExpressionError::new(at(start) + found.len(), "= and a weight", "nothing")
        });
    };
    let name = variant.trim();
    if name.is_empty() || name.contains(char::is_whitespace) {
        let found = if name.is_empty() { "nothing" } else { name };
        return Err(ExpressionError::new(at(part.trim_start()), "a variant's key", found));
    }
    let number = weight.trim();
    // A number may be too large for a double, and then no JSON could say the weight.
    match parse_json_number(number).filter(|weight| weight.is_finite()) {
        Some(weight) => Ok(Split { variant: name.to_owned(), weight }),
        None => {
            let found = if number.is_empty() { "nothing" } else { number };
            let expected = "a percentage such as 50 or 0.125";
            Err(ExpressionError::new(at(weight.trim_start()), expected, found))
        }
    }
}
