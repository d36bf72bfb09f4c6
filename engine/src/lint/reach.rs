//! Whom the criteria match, and which of them decides: what is never matched, never reached or always the same.

use std::collections::BTreeMap;

use super::search::{Claim, Search};
use super::tree::{Numbers, Tree};
use super::{LintRule, Linter};
use crate::condition::Match;
use crate::config::Criterion;
use crate::path::Path;

/// How many criteria are named when they decide only together?
const MAX_NAMED: usize = 4;

/// The trees of all criteria, and what finds out about them.
pub(super) struct Reach {
    /// None for a tree that is not valid.
    trees: Vec<Option<Tree>>,
    search: Search,
    /// Of its own, for these questions are the long ones.
    search_together: Search,
}

impl Reach {
    pub(super) fn new(criteria: &[Criterion]) -> Self {
        let mut numbers = Numbers::default();
        let tree = |criterion: &Criterion| match &criterion.when {
            Some(when) => Tree::new(when, &mut numbers),
            None => Some(Tree::All(Vec::new())),
        };
        Self {
            trees: criteria.iter().map(tree).collect(),
            search: Search::new(),
            search_together: Search::new(),
        }
    }

    fn never_holds(&self, tree: &Tree) -> bool {
        self.search.contradict([(tree, true)])
    }

    fn always_holds(&self, tree: &Tree) -> bool {
        self.search.contradict([(tree, false)])
    }

    /// Returns the parts of each tree that must all hold.
    pub(super) fn parts(&self) -> Parts<'_> {
        let mut numbers = Numbers::default();
        let trees = self.trees.iter().map(Option::as_ref);
        Parts { reach: self, parts: trees.map(|tree| Some(tree?.conjuncts(&mut numbers))).collect() }
    }

    /// Returns the criteria above this one of which one decides whenever this one would.
    fn decided_by_together(&self, index: usize) -> Option<Vec<usize>> {
        let tree = self.trees[index].as_ref()?;
        let above: Vec<(usize, Claim<'_>)> =
            (0..index).filter_map(|above| Some((above, (self.trees[above].as_ref()?, false)))).collect();
        let claims: Vec<Claim<'_>> = above.iter().map(|(_, claim)| *claim).chain([(tree, true)]).collect();
        if above.len() < 2 || !self.search_together.contradict(claims.iter().copied()) {
            return None;
        }
        let core = self.search_together.core(&claims);
        Some(core.into_iter().filter_map(|claim| above.get(claim)).map(|(index, _)| *index).collect())
    }
}

/// The parts of the trees, so that what stands in several of them is found at once.
pub(super) struct Parts<'t> {
    reach: &'t Reach,
    parts: Vec<Option<BTreeMap<usize, &'t Tree>>>,
}

impl Parts<'_> {
    /// Returns the first criterion above this one that decides whenever this one would.
    fn decided_by(&self, index: usize) -> Option<usize> {
        (0..index).find(|above| self.follows(*above, index).unwrap_or_default())
    }

    /// Returns whether the one's tree certainly holds whenever the other's does.
    fn follows(&self, tree: usize, from: usize) -> Option<bool> {
        let (parts, given) = (self.parts[tree].as_ref()?, self.parts[from].as_ref()?);
        let (from, search) = (self.reach.trees[from].as_ref()?, &self.reach.search);
        // Part by part: that is less to suppose than the whole of it not holding.
        Some(parts.iter().all(|(number, part)| {
            search.take(1)
                && (given.contains_key(number) || search.contradict([(from, true), (*part, false)]))
        }))
    }
}

impl Linter<'_> {
    pub(super) fn check_reach(&mut self, parts: &Parts<'_>, index: usize, path: &Path<'_>) {
        let reach = parts.reach;
        let Some(tree) = &reach.trees[index] else {
            return;
        };
        let when = self.config.criteria[index].when.as_ref();
        if reach.never_holds(tree) {
            let message = impossible_text(reach, when, tree);
            self.report(LintRule::ImpossibleCriterion, &path.field("when"), message);
            return;
        }
        if let Some(above) = parts.decided_by(index) {
            let message = self.decided_text(reach, index, above);
            self.report(LintRule::UnreachableCriterion, path, message);
        } else if let Some(above) = reach.decided_by_together(index) {
            let message = self.decided_together_text(reach, index, &above);
            self.report(LintRule::UnreachableCriterion, path, message);
        }
        // An empty `all` at the top is a way to write everyone.
        if let Some(when) = when.filter(|when| **when != Match::All(Vec::new())) {
            self.check_parts(reach, (when, tree), &path.field("when"));
        }
    }

    /// Reports the outermost parts of a tree that always or never hold; a condition alone never does.
    fn check_parts(&mut self, reach: &Reach, (when, tree): (&Match, &Tree), path: &Path<'_>) {
        if matches!(when, Match::Condition(_)) {
            return;
        }
        let verdict = match tree {
            tree if reach.never_holds(tree) => Some("never holds; correct it or leave it out"),
            tree if reach.always_holds(tree) => {
                Some("always holds; correct it, or leave it out if everyone is meant")
            }
            _ => None,
        };
        if let Some(message) = verdict {
            self.report(LintRule::ConstantCondition, path, message);
            return;
        }
        let (name, parts, trees) = match (when, tree) {
            (Match::All(parts), Tree::All(trees)) => ("all", parts, trees),
            (Match::Any(parts), Tree::Any(trees)) => ("any", parts, trees),
            (Match::Not(part), Tree::Not(tree)) => {
                return self.check_parts(reach, (part, tree), &path.field("not"));
            }
            _ => return,
        };
        let path = path.field(name);
        for (index, part) in parts.iter().zip(trees).enumerate() {
            self.check_parts(reach, part, &path.index(index));
        }
    }

    fn decided_text(&self, reach: &Reach, index: usize, above: usize) -> String {
        let criteria = &self.config.criteria;
        let is_for_everyone = reach.trees[above].as_ref().is_some_and(|tree| reach.always_holds(tree));
        let why = if is_for_everyone {
            "decides for everyone"
        } else if criteria[above].when == criteria[index].when {
            "has the same condition and decides"
        } else {
            "matches whenever this one does and decides"
        };
        let rollout = match criteria[above].is_partial() {
            true => ", also for those whom its rollout leaves out",
            false => "",
        };
        let above = self.criterion_text(above);
        format!("is never reached: {above} above it {why}{rollout}; move it up or remove it")
    }

    fn decided_together_text(&self, reach: &Reach, index: usize, above: &[usize]) -> String {
        let above = match above {
            // These searches take longer than those for each criterion, and may find what those gave up.
            [] => {
                return "is never reached: no context fulfils its condition; correct it or remove it"
                    .to_owned();
            }
            [only] => return self.decided_text(reach, index, *only),
            [first @ .., last] if above.len() <= MAX_NAMED => {
                let first: Vec<String> = first.iter().map(|index| self.criterion_text(*index)).collect();
                format!("{} or {}", first.join(", "), self.criterion_text(*last))
            }
            many => format!("one of {} criteria", many.len()),
        };
        format!("is never reached: {above} above it matches whenever this one does; move it up or remove it")
    }
}

/// Returns why a criterion never matches: the few of its parts that exclude each other, where it has parts.
fn impossible_text(reach: &Reach, when: Option<&Match>, tree: &Tree) -> String {
    const WHAT_NEXT: &str = "correct it or remove the criterion";
    if let (Some(Match::All(parts)), Tree::All(trees)) = (when, tree) {
        let claims: Vec<Claim<'_>> = trees.iter().map(|tree| (tree, true)).collect();
        let core: Vec<String> =
            reach.search.core(&claims).into_iter().map(|index| format!("{}", parts[index])).collect();
        if let [first @ .., last] = &*core
            && (1..MAX_NAMED).contains(&first.len())
        {
            let first = first.join("), (");
            return format!("can never match: ({first}) and ({last}) exclude each other; {WHAT_NEXT}");
        }
    }
    format!("can never match: no context fulfils it; {WHAT_NEXT}")
}
