//! Reads a range: comparators separated by spaces, or `a - b`, joined by `||`; nothing else, and nothing is passed over.

use crate::path::shortened;

use super::{Comparator, Order, Range, is_build, is_prerelease, number};

/// A text that is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset})")]
pub(crate) struct RangeError {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

/// How many comparators may a range have? `1.x` is two.
const MAX_COMPARATORS: usize = 100;

const OPERATORS: [&str; 8] = [">=", "<=", "~>", ">", "<", "=", "^", "~"];

impl Range {
    /// Reads a range.
    pub(crate) fn parse(text: &str) -> Result<Self, RangeError> {
        let fail = |at: &str, message: String| RangeError {
            // Every part borrows from the text, so the distance of their starts is the place.
            offset: at.as_ptr() as usize - text.as_ptr() as usize,
            message,
        };
        if let Some(offset) = text.find([',', '&']) {
            return Err(fail(
                &text[offset..],
                "comparators are separated by spaces, alternatives by ||".to_owned(),
            ));
        }
        let alternatives: Vec<&str> = text.split("||").collect();
        let mut count = 0;
        alternatives
            .iter()
            .map(|alternative| {
                if alternative.trim().is_empty() && alternatives.len() > 1 {
                    return Err(fail(alternative, "an alternative is empty".to_owned()));
                }
                let comparators =
                    parse_alternative(alternative).map_err(|(at, message)| fail(at, message))?;
                count += comparators.len();
                if count > MAX_COMPARATORS {
                    return Err(fail(
                        alternative,
                        format!("it has {count} comparators; at most {MAX_COMPARATORS}"),
                    ));
                }
                Ok(comparators)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// What is wrong, and the part of the text where it is.
type Wrong<'t> = (&'t str, String);

fn parse_alternative(text: &str) -> Result<Box<[Comparator]>, Wrong<'_>> {
    let mut comparators = Vec::new();
    let mut words = text.split_ascii_whitespace();
    if let [from, "-", to] = text.split_ascii_whitespace().collect::<Vec<_>>()[..] {
        Partial::parse(from)?.push_lower(&mut comparators);
        Partial::parse(to)?.push_upper(&mut comparators);
        return Ok(comparators.into());
    }
    while let Some(word) = words.next() {
        let operator = OPERATORS.into_iter().find(|operator| word.starts_with(operator)).unwrap_or_default();
        let version = match &word[operator.len()..] {
            // A space may stand between the operator and its version.
            "" => words.next().ok_or_else(|| (word, format!("no version after {operator:?}")))?,
            version => version,
        };
        let partial = Partial::parse(version)?;
        match operator {
            ">" | "<" | ">=" | "<=" => partial.push_ordered(operator, &mut comparators),
            "^" => partial.push_range(partial.caret_end(), &mut comparators),
            "~" | "~>" => partial.push_range(partial.tilde_end(), &mut comparators),
            _ if partial.is_whole() => comparators.push(partial.comparator(Order::Equal)),
            _ => partial.push_range(partial.end(), &mut comparators),
        }
    }
    Ok(comparators.into())
}

/// A version that may end early or in wildcards: what is not given is `None`, and so is what follows it.
struct Partial<'t> {
    numbers: [Option<u64>; 3],
    prerelease: &'t str,
}

impl<'t> Partial<'t> {
    fn parse(text: &'t str) -> Result<Self, Wrong<'t>> {
        let wrong = || {
            (
                text,
                format!("{:?} is no version or comparator, such as 1.2.3, 1.x or >=2.0.0", shortened(text)),
            )
        };
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let (numbers, prerelease) = match rest.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (rest, None),
        };
        let mut parts = [None; 3];
        for (count, part) in numbers.split('.').enumerate() {
            let place = parts.get_mut(count).ok_or_else(wrong)?;
            *place = match part {
                "x" | "X" | "*" => None,
                digits => Some(number(digits).ok_or_else(wrong)?),
            };
            if place.is_some() && count > 0 && parts[count - 1].is_none() {
                return Err((text, format!("{:?} has a number after a wildcard", shortened(text))));
            }
        }
        let partial = Self { numbers: parts, prerelease: prerelease.unwrap_or_default() };
        let has_more = prerelease.is_some() || build.is_some();
        let is_right = prerelease.is_none_or(is_prerelease) && build.is_none_or(is_build);
        if !is_right || (has_more && !partial.is_whole()) {
            return Err(wrong());
        }
        Ok(partial)
    }

    fn is_whole(&self) -> bool {
        self.numbers[2].is_some()
    }

    /// Returns the numbers with zeros for what is not given.
    fn start(&self) -> [u64; 3] {
        self.numbers.map(Option::unwrap_or_default)
    }

    /// Returns where `1`, `1.2` and `1.2.3` end: the first version after all that they stand for.
    fn end(&self) -> Option<[u64; 3]> {
        match self.numbers {
            [None, ..] => None,
            [Some(major), None, _] => Some([major + 1, 0, 0]),
            [Some(major), Some(minor), None] => Some([major, minor + 1, 0]),
            [Some(major), Some(minor), Some(patch)] => Some([major, minor, patch + 1]),
        }
    }

    /// Returns where `~` ends: at the next minor version when one is given.
    fn tilde_end(&self) -> Option<[u64; 3]> {
        match self.numbers {
            [Some(major), Some(minor), _] => Some([major, minor + 1, 0]),
            _ => self.end(),
        }
    }

    /// Returns where `^` ends: where the leftmost number that is not zero would change.
    fn caret_end(&self) -> Option<[u64; 3]> {
        match self.numbers {
            [Some(0), Some(0), Some(patch)] => Some([0, 0, patch + 1]),
            [Some(0), Some(minor), _] => Some([0, minor + 1, 0]),
            [Some(major), ..] => Some([major + 1, 0, 0]),
            [None, ..] => None,
        }
    }

    fn comparator(&self, order: Order) -> Comparator {
        Comparator { order, numbers: self.start(), prerelease: self.prerelease.into() }
    }

    fn push_lower(&self, comparators: &mut Vec<Comparator>) {
        if self.numbers[0].is_some() {
            comparators.push(self.comparator(Order::GreaterOrEqual));
        }
    }

    fn push_upper(&self, comparators: &mut Vec<Comparator>) {
        if self.is_whole() {
            comparators.push(self.comparator(Order::LessOrEqual));
        } else {
            comparators.extend(self.end().map(before));
        }
    }

    fn push_range(&self, end: Option<[u64; 3]>, comparators: &mut Vec<Comparator>) {
        self.push_lower(comparators);
        comparators.extend(end.map(before));
    }

    fn push_ordered(&self, operator: &str, comparators: &mut Vec<Comparator>) {
        match (operator, self.end()) {
            (">=", _) => self.push_lower(comparators),
            ("<=", _) => self.push_upper(comparators),
            // Nothing is above or below everything.
            (_, None) => comparators.push(before([0, 0, 0])),
            (">", _) if self.is_whole() => comparators.push(self.comparator(Order::Greater)),
            (">", Some(end)) => comparators.push(Comparator {
                order: Order::GreaterOrEqual,
                numbers: end,
                prerelease: "".into(),
            }),
            (_, Some(_)) if self.is_whole() => comparators.push(self.comparator(Order::Less)),
            (_, Some(_)) => comparators.push(before(self.start())),
        }
    }
}

/// Returns what excludes a version and its prereleases, `0` being the lowest.
fn before(numbers: [u64; 3]) -> Comparator {
    Comparator { order: Order::Less, numbers, prerelease: "0".into() }
}
