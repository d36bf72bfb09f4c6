//! Finds the places of what the reader of documents reports with its path only.

use super::Problem;
use super::node::{Kind, Node, Place};
use crate::path::Path;
use crate::validate::{Found, Violation};

/// A violation, and the deepest place on the way to it that was found so far.
struct Wanted {
    violation: Violation,
    is_about_key: bool,
    place: Place,
    /// How much of the path there is in the file, where a text has no parts.
    shown: usize,
}

/// Returns what was found with its place, or those of the nearest node around them.
pub(super) fn locate(root: &Node, found: Vec<Found>) -> Vec<Problem> {
    let wanted = found.into_iter().map(|Found { violation, is_about_key }| Wanted {
        place: root.place,
        shown: violation.path.len(),
        violation,
        is_about_key,
    });
    let mut wanted: Vec<_> = wanted.collect();
    // So those within one node stand side by side.
    wanted.sort_by(|a, b| a.violation.path.cmp(&b.violation.path));
    visit(root, 0, &mut wanted);
    let problems = wanted.into_iter().map(|Wanted { violation, place, shown, .. }| {
        let path = violation.path.get(..shown).unwrap_or_default();
        Problem::new(path, violation.message, place)
    });
    problems.collect()
}

/// Looks in a node for those whose paths begin with the node's path, which has `at` bytes.
fn visit(node: &Node, at: usize, wanted: &mut [Wanted]) {
    match &node.kind {
        Kind::Whole(_) | Kind::Verbatim(..) => {}
        Kind::Expanded(long) => {
            wanted.iter_mut().filter(|wanted| wanted.is_within(at)).for_each(|wanted| wanted.shown = at);
            visit(long, at, wanted);
        }
        Kind::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let within = within(wanted, at, &format!("[{index}]"));
                enter(element, element.place, within);
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                let mut segment = Path::Root.field(&entry.key).to_string();
                if at > 0 && !segment.starts_with('[') {
                    segment.insert(0, '.');
                }
                let (end, wanted) = within(wanted, at, &segment);
                enter(&entry.node, entry.shown_place(), (end, wanted));
                for wanted in wanted.iter_mut().filter(|wanted| wanted.is_about_key_of(end)) {
                    wanted.place = entry.place;
                }
            }
        }
    }
}

fn enter(node: &Node, place: Place, (at, wanted): (usize, &mut [Wanted])) {
    if !wanted.is_empty() {
        wanted.iter_mut().filter(|wanted| wanted.is_within(at)).for_each(|wanted| wanted.place = place);
        visit(node, at, wanted);
    }
}

/// Returns those that go on with a segment, and how long their paths are up to its end.
fn within<'w>(wanted: &'w mut [Wanted], at: usize, segment: &str) -> (usize, &'w mut [Wanted]) {
    let segment = segment.as_bytes();
    let start = wanted.partition_point(|wanted| wanted.rest(at) < segment);
    let wanted = &mut wanted[start..];
    let end = wanted.partition_point(|wanted| wanted.rest(at).starts_with(segment));
    (at + segment.len(), &mut wanted[..end])
}

impl Wanted {
    fn rest(&self, at: usize) -> &[u8] {
        self.violation.path.as_bytes().get(at..).unwrap_or_default()
    }

    /// Returns whether the path leads to or into the node whose path has `at` bytes.
    fn is_within(&self, at: usize) -> bool {
        // A longer name may begin with the same letters.
        self.violation.path.get(at..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn is_about_key_of(&self, end: usize) -> bool {
        self.is_about_key && self.violation.path.len() == end
    }
}
