//! A criterion's tree as the search takes it: `all`, `any` and `not` over two kinds of facts.
//!
//! Every condition is made of those two: that an attribute is there, and that a scalar of it passes a test. Two tests
//! never exclude each other: `country == "US" and country == "DE"` holds for the list `["US", "DE"]`. And a missing
//! attribute makes negative conditions false, so `country != "US"` says two things: it is there, and none of it is `US`.

use crate::condition::{Condition, Match};
use crate::operator::{Compiled, Test};

#[derive(Debug, PartialEq)]
pub(super) enum Tree<'c> {
    All(Vec<Tree<'c>>),
    Any(Vec<Tree<'c>>),
    Not(Box<Tree<'c>>),
    /// The attribute of this key is there.
    Exists(&'c str),
    /// A scalar passes: the attribute, or an element of it. So it is there.
    Passes(Asked<'c>),
}

/// A test and the condition that it comes from.
#[derive(Debug)]
pub(super) struct Asked<'c> {
    pub(super) condition: &'c Condition,
    pub(super) test: Test,
}

impl PartialEq for Asked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.condition == other.condition
    }
}

impl<'c> Tree<'c> {
    /// Returns the tree, child by child as in the document; none when a condition of it is not valid.
    pub(super) fn new(when: &'c Match) -> Option<Self> {
        let list = |children: &'c [Match]| children.iter().map(Self::new).collect::<Option<Vec<_>>>();
        Some(match when {
            Match::All(children) => Self::All(list(children)?),
            Match::Any(children) => Self::Any(list(children)?),
            Match::Not(child) => Self::Not(Box::new(Self::new(child)?)),
            Match::Condition(condition) => Self::of_condition(condition)?,
        })
    }

    fn of_condition(condition: &'c Condition) -> Option<Self> {
        let exists = Self::Exists(&condition.key);
        let not = |tree| Self::Not(Box::new(tree));
        Some(match Compiled::new(condition).ok()? {
            Compiled::Some(test) => Self::Passes(Asked { condition, test }),
            Compiled::None(test) => Self::All(vec![exists, not(Self::Passes(Asked { condition, test }))]),
            Compiled::Exists => exists,
            Compiled::NotExists => not(exists),
        })
    }

    /// Returns the parts that must all hold.
    pub(super) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(children) => children.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }
}
