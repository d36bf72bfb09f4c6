//! Puts the long form in the place of the text of a `when` or a `split`, which files alone may have.

use serde_json::{Value, json};

use super::node::{Entry, Kind, Node, Place};
use super::{MAX_PROBLEMS, Problem};
use crate::condition::Match;
use crate::expression::{ExpressionError, parse_located, parse_shares};
use crate::path::Path;

/// How many conditions, lists and shares may the texts of a file have? The largest document has not as many.
const MAX_PARTS: usize = 24_000;

/// Expands the texts of all criteria, reporting those that do not parse; the error is what it stopped at.
pub(super) fn expand(root: &mut Node, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let Some(Node { kind: Kind::List(criteria), .. }) = root.field_mut("criteria") else {
        return Ok(());
    };
    let mut parts = 0;
    let path = Path::Root.field("criteria");
    for (index, criterion) in criteria.iter_mut().enumerate() {
        let path = path.index(index);
        for (name, long_form) in [("when", long_when as LongForm), ("split", long_split)] {
            let Some(node) = criterion.field_mut(name) else { continue };
            let Some(text) = Text::of(node) else { continue };
            let long = long_form(&text, &mut parts).unwrap_or_else(|error| {
                problems.push(Problem::new(path.field(name), error.to_string(), text.place(error.offset)));
                // Harmless, so that nothing follows from it.
                let nothing = if name == "when" { json!({ "all": [] }) } else { json!([]) };
                text.whole(nothing, 0)
            });
            node.kind = Kind::Expanded(Box::new(long));
            if parts > MAX_PARTS {
                let message = "has, with those before, more parts than any flag config";
                return Err(Problem::new(path.field(name), message, text.start));
            }
            if problems.len() > MAX_PROBLEMS {
                return Err(Problem::new("", "has too many problems", text.start));
            }
        }
    }
    Ok(())
}

/// Makes the long form, counting its parts.
type LongForm = fn(&Text, &mut usize) -> Result<Node, ExpressionError>;

fn long_when(text: &Text, parts: &mut usize) -> Result<Node, ExpressionError> {
    let (tree, values) = parse_located(&text.text)?;
    *parts += count(&tree);
    if *parts > MAX_PARTS {
        return Ok(text.whole(Value::Null, 0));
    }
    Ok(tree_node(&tree, text, &mut values.into_iter()))
}

fn count(tree: &Match) -> usize {
    1 + match tree {
        Match::All(children) | Match::Any(children) => children.iter().map(count).sum(),
        Match::Not(child) => count(child),
        Match::Condition(_) => 0,
    }
}

/// Makes the node of a tree, taking from `values` where the values of its conditions stand.
fn tree_node(tree: &Match, text: &Text, values: &mut dyn Iterator<Item = usize>) -> Node {
    let mut list = |children: &[Match]| {
        let nodes = children.iter().map(|child| tree_node(child, text, values)).collect();
        Node { place: text.start, kind: Kind::List(nodes) }
    };
    let (form, node) = match tree {
        Match::All(children) => ("all", list(children)),
        Match::Any(children) => ("any", list(children)),
        Match::Not(child) => ("not", tree_node(child, text, values)),
        Match::Condition(condition) => {
            let offset = values.next().unwrap_or_default();
            // Only a map with keys that are no strings could fail, and a condition has none.
            return text.whole(serde_json::to_value(condition).unwrap_or_default(), offset);
        }
    };
    let entry = Entry { key: form.to_owned(), place: text.start, node };
    Node { place: text.start, kind: Kind::Map(vec![entry]) }
}

fn long_split(text: &Text, parts: &mut usize) -> Result<Node, ExpressionError> {
    let shares = parse_shares(&text.text)?;
    *parts += shares.len();
    let nodes = shares.into_iter().map(|(share, offset)| {
        text.whole(json!({ "variant": share.variant, "weight": share.weight }), offset)
    });
    Ok(Node { place: text.start, kind: Kind::List(nodes.collect()) })
}

/// The text of a `when` or a `split`.
struct Text {
    text: String,
    start: Place,
    /// Where its first character stands, when all of it stands in one line as it is.
    first: Option<Place>,
}

impl Text {
    fn of(node: &Node) -> Option<Self> {
        let (text, first) = match &node.kind {
            Kind::Verbatim(text, first) => (text.clone(), Some(*first)),
            Kind::Whole(Value::String(text)) => (text.clone(), None),
            // `when: true` is an expression too, although YAML takes it for a boolean.
            Kind::Whole(Value::Bool(value)) => (value.to_string(), None),
            _ => return None,
        };
        Some(Self { text, start: node.place, first })
    }

    /// Returns the place of an offset into the text, or where the text begins.
    fn place(&self, offset: usize) -> Place {
        self.first.map_or(self.start, |first| {
            let before = &self.text[..self.text.floor_char_boundary(offset)];
            Place { column: first.column + before.chars().count(), ..first }
        })
    }

    fn whole(&self, value: Value, offset: usize) -> Node {
        Node { place: self.place(offset), kind: Kind::Whole(value) }
    }
}
