//! The tree of a text: its values, and where each of them stands.

use serde_json::Value;

/// A place in a text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What a node weighs beside its text, in bytes; less than it takes, more than it takes to write.
pub(super) const NODE: usize = 16;

/// A value in a text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A scalar, or what stands as one piece for a part of a text form.
    Whole(Value),
    /// A string that stands in one line as it is, without escapes, and where its first character stands.
    Verbatim(String, Place),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// The long form of a text, which alone stands in the file.
    Expanded(Box<Node>),
}

/// A key of a mapping and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key stands.
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// Returns the value without its places.
    pub(super) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Whole(value) => value.clone(),
            Kind::Verbatim(text, _) => Value::from(text.as_str()),
            Kind::List(elements) => elements.iter().map(Self::to_value).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect()
            }
            Kind::Expanded(long) => long.to_value(),
        }
    }

    /// Returns the value of a mapping's key.
    pub(super) fn field_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Kind::Map(entries) = &mut self.kind else {
            return None;
        };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// Returns the weight of the nodes and their texts, which is what copies of it would cost.
    pub(super) fn size(&self) -> usize {
        NODE + match &self.kind {
            Kind::Whole(value) => value.as_str().map_or(0, str::len),
            Kind::Verbatim(text, _) => text.len(),
            Kind::List(elements) => elements.iter().map(Self::size).sum(),
            Kind::Map(entries) => {
                entries.iter().map(|entry| NODE + entry.key.len() + entry.node.size()).sum()
            }
            Kind::Expanded(long) => long.size(),
        }
    }

    /// Returns how many lists and mappings stand within each other here.
    pub(super) fn depth(&self) -> usize {
        match &self.kind {
            Kind::Whole(_) | Kind::Verbatim(..) => 0,
            Kind::List(elements) => 1 + elements.iter().map(Self::depth).max().unwrap_or_default(),
            Kind::Map(entries) => {
                1 + entries.iter().map(|entry| entry.node.depth()).max().unwrap_or_default()
            }
            Kind::Expanded(long) => long.depth(),
        }
    }
}

impl Entry {
    /// Returns where the value stands, or the key when the value begins in a later line.
    pub(super) fn shown_place(&self) -> Place {
        if self.node.place.line == self.place.line { self.node.place } else { self.place }
    }
}
