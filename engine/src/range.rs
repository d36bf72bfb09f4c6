//! npm's version ranges, behind a strict grammar: what is read is exactly what is meant.
//!
//! Written here because the `nodejs-semver` crate answers otherwise than npm for some: it reads `>0 <=0 ~3` as `~3`.

mod parse;

use std::cmp::Ordering;

/// What a version's numbers may be at most, as in npm.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// How many bytes may a version have, as in npm?
const MAX_VERSION_LENGTH: usize = 256;

/// A range: at least one alternative must have all its comparators hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range(Box<[Box<[Comparator]>]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparator {
    order: Order,
    numbers: [u64; 3],
    prerelease: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// A version, borrowing the text it was read from; its build metadata counts for nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version<'t> {
    numbers: [u64; 3],
    prerelease: &'t str,
}

/// Returns whether a text is a version that `semver` compares.
pub fn is_version(text: &str) -> bool {
    Version::parse(text).is_some()
}

impl<'t> Version<'t> {
    /// Returns the version of a text: three numbers, optionally a leading `v`, a prerelease and build metadata.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > MAX_VERSION_LENGTH {
            return None;
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let (numbers, prerelease) = match text.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (text, None),
        };
        let mut parts = numbers.split('.');
        let mut next = || number(parts.next()?);
        let numbers = [next()?, next()?, next()?];
        let is_whole =
            parts.next().is_none() && prerelease.is_none_or(is_prerelease) && build.is_none_or(is_build);
        is_whole.then_some(Self { numbers, prerelease: prerelease.unwrap_or_default() })
    }
}

impl Range {
    /// Returns of how many parts it is made.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|part| part.len() + 1).sum()
    }

    /// Returns whether a version is within the range, as npm's `semver.satisfies` has it.
    pub(crate) fn contains(&self, version: Version<'_>) -> bool {
        self.0.iter().any(|comparators| {
            comparators.iter().all(|one| one.admits(version))
                // A prerelease is within only when the range speaks of prereleases of the same version.
                && (version.prerelease.is_empty()
                    || comparators.iter().any(|one| {
                        !one.prerelease.is_empty() && one.numbers == version.numbers
                    }))
        })
    }
}

impl Comparator {
    fn admits(&self, version: Version<'_>) -> bool {
        let order = version
            .numbers
            .cmp(&self.numbers)
            .then_with(|| compare_prereleases(version.prerelease, &self.prerelease));
        match self.order {
            Order::Less => order.is_lt(),
            Order::LessOrEqual => order.is_le(),
            Order::Equal => order.is_eq(),
            Order::GreaterOrEqual => order.is_ge(),
            Order::Greater => order.is_gt(),
        }
    }
}

/// Orders prereleases; having none is above all.
fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.split('.').map(Identifier::new).cmp(b.split('.').map(Identifier::new)),
    }
}

/// A part of a prerelease. Numbers are below words; as they have no leading zeros, the longer number is the greater.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'t> {
    Number(usize, &'t str),
    Word(&'t str),
}

impl<'t> Identifier<'t> {
    fn new(text: &'t str) -> Self {
        if is_digits(text) { Self::Number(text.len(), text) } else { Self::Word(text) }
    }
}

fn number(text: &str) -> Option<u64> {
    if !is_digits(text) || has_leading_zero(text) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= MAX_NUMBER)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn is_build(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn is_prerelease(text: &str) -> bool {
    is_build(text) && text.split('.').all(|part| !is_digits(part) || !has_leading_zero(part))
}
