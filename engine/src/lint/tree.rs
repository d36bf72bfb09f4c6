//! A criterion's tree as the search takes it: `all`, `any` and `not` over two kinds of facts.
//!
//! Every condition is made of those two: that an attribute is there, and that a scalar of it passes a test. Two tests
//! never exclude each other: `country == "US" and country == "DE"` holds for the list `["US", "DE"]`. And a missing
//! attribute makes negative conditions false, so `country != "US"` says two things: it is there, and none of it is `US`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use crate::condition::{Condition, Match};
use crate::number::write_json;
use crate::operator::{Compiled, Test};

#[derive(Debug)]
pub(super) enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    /// The attribute of this key's number is there.
    Exists(usize),
    /// A scalar passes: the attribute, or an element of it. So it is there.
    Passes(Asked),
}

/// A test and the condition that it comes from.
#[derive(Debug)]
pub(super) struct Asked {
    /// The same for the same condition.
    pub(super) id: usize,
    /// The number of its key.
    pub(super) key: usize,
    pub(super) test: Test,
}

/// Numbers for texts, as these may be long and are compared often.
#[derive(Default)]
pub(super) struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn of(&mut self, text: String) -> usize {
        let next = self.0.len();
        *self.0.entry(text).or_insert(next)
    }
}

impl Tree {
    /// Returns the tree, child by child as in the document; none when a condition of it is not valid.
    pub(super) fn new(when: &Match, numbers: &mut Numbers) -> Option<Self> {
        let mut list = |children: &[Match]| {
            children.iter().map(|child| Self::new(child, numbers)).collect::<Option<Vec<_>>>()
        };
        Some(match when {
            Match::All(children) => Self::All(list(children)?),
            Match::Any(children) => Self::Any(list(children)?),
            Match::Not(child) => Self::Not(Box::new(Self::new(child, numbers)?)),
            Match::Condition(condition) => Self::of_condition(condition, numbers)?,
        })
    }

    fn of_condition(condition: &Condition, numbers: &mut Numbers) -> Option<Self> {
        let key = numbers.of(write_json(&condition.key));
        let id = numbers.of(write_json(condition));
        let passes = |test| Self::Passes(Asked { id, key, test });
        let not = |tree| Self::Not(Box::new(tree));
        Some(match Compiled::new(condition).ok()? {
            Compiled::Some(test) => passes(test),
            Compiled::None(test) => Self::All(vec![Self::Exists(key), not(passes(test))]),
            Compiled::Exists => Self::Exists(key),
            Compiled::NotExists => not(Self::Exists(key)),
        })
    }

    /// Returns the parts that must all hold, by numbers that are the same for the same parts.
    pub(super) fn conjuncts(&self, numbers: &mut Numbers) -> BTreeMap<usize, &Self> {
        let mut parts = BTreeMap::new();
        let mut left = vec![self];
        while let Some(tree) = left.pop() {
            match tree {
                Self::All(children) => left.extend(children),
                other => {
                    let mut text = String::new();
                    other.write(&mut text);
                    parts.insert(numbers.of(text), other);
                }
            }
        }
        parts
    }

    /// Writes what tells the tree from others.
    fn write(&self, text: &mut String) {
        let (name, children) = match self {
            Self::All(children) => ('&', children.as_slice()),
            Self::Any(children) => ('|', children.as_slice()),
            Self::Not(child) => ('!', std::slice::from_ref(&**child)),
            // Writing to memory does not fail.
            Self::Exists(key) => return write!(text, "?{key}").unwrap_or_default(),
            Self::Passes(asked) => return write!(text, "={}", asked.id).unwrap_or_default(),
        };
        text.push(name);
        text.push('(');
        children.iter().for_each(|child| child.write(text));
        text.push(')');
    }
}
