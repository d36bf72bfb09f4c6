//! How large an operation is once its fragments are written out, looked at before anything else walks it: the library's
//! own checks expand a fragment at every spread, so that a kilobyte of doubling fragments would keep a core busy for good.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use crate::error::{Error, Result};

/// How many selections may an operation have, fragments written out?
const MAX_SELECTIONS: u64 = 5_000;
/// How many of them may be renamed?
const MAX_ALIASES: u64 = 32;
/// How long may the text of a query be, in bytes? What is longer belongs into variables, which cost less to read.
const MAX_TEXT: usize = 128 * 1024;
/// How deep may they nest, before the schema's own limit is looked at?
const MAX_NESTING: usize = 64;

/// Refuses texts that take long to parse.
pub(crate) fn check_text(query: &str) -> Result<()> {
    if query.len() > MAX_TEXT {
        let most = MAX_TEXT / 1024;
        return Err(Error::invalid("query", format!("is longer than {most} KiB: put values into variables")));
    }
    Ok(())
}

/// Refuses documents that are too large, in time that is linear in their text.
pub(crate) fn check(document: &ExecutableDocument) -> Result<()> {
    let mut counter = Counter { fragments: &document.fragments, known: HashMap::new() };
    let mut all = Size::default();
    for (_, operation) in document.operations.iter() {
        all = all.and(counter.set(&operation.node.selection_set.node, 0)?);
    }
    if all.selections > MAX_SELECTIONS {
        return Err(Error::invalid("query", format!("asks for more than {MAX_SELECTIONS} things")));
    }
    if all.aliases > MAX_ALIASES {
        return Err(Error::invalid("query", format!("has more than {MAX_ALIASES} aliases")));
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    selections: u64,
    aliases: u64,
}

impl Size {
    fn and(self, other: Size) -> Size {
        Size {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
        }
    }
}

struct Counter<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// By fragment; none while it is being counted.
    known: HashMap<&'d str, Option<Size>>,
}

impl<'d> Counter<'d> {
    fn set(&mut self, set: &'d SelectionSet, nesting: usize) -> Result<Size> {
        if nesting > MAX_NESTING {
            return Err(Error::invalid("query", format!("nests deeper than {MAX_NESTING}")));
        }
        let mut size = Size::default();
        for item in &set.items {
            let inner = match &item.node {
                Selection::Field(field) => {
                    let aliases = u64::from(field.node.alias.is_some());
                    Size { selections: 1, aliases }
                        .and(self.set(&field.node.selection_set.node, nesting + 1)?)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, nesting + 1)?
                }
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, nesting + 1)?
                }
            };
            // A spread of nothing costs something too.
            size = size.and(inner).and(Size { selections: 1, aliases: 0 });
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'d Name, nesting: usize) -> Result<Size> {
        match self.known.get(name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(Error::invalid("query", format!("the fragment {name} contains itself")));
            }
            None => {}
        }
        // One that does not exist is refused by the library, by name.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name.as_str(), None);
        let size = self.set(&fragment.node.selection_set.node, nesting)?;
        self.known.insert(name.as_str(), Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;

    use super::*;

    fn refused(query: &str) -> Option<String> {
        check(&parse_query(query).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn doubling_fragments_are_refused_at_once() {
        let mut query = "{...F0}".to_owned();
        for n in 0..40 {
            write!(query, " fragment F{n} on Query{{...F{} ...F{}}}", n + 1, n + 1).unwrap();
        }
        query.push_str(" fragment F40 on Query{__typename}");
        assert_eq!(refused(&query).as_deref(), Some("query: asks for more than 5000 things"));
    }

    #[test]
    fn aliases_and_circles_are_refused() {
        let aliases: String = (0..33).map(|n| format!("a{n}:server{{version}} ")).collect();
        assert_eq!(refused(&format!("{{{aliases}}}")).as_deref(), Some("query: has more than 32 aliases"));
        let circle = "{...A} fragment A on Query{...B} fragment B on Query{...A}";
        assert_eq!(refused(circle).as_deref(), Some("query: the fragment A contains itself"));
        assert_eq!(refused("{team(key:\"a\"){...T}} fragment T on Team{key name}"), None);
    }
}
