//! Cuts a document down to one operation and the fragments that it needs.
//!
//! A document holds a noun's operations; a server checks, and counts, everything that it is sent.

use std::collections::BTreeSet;

/// Returns the part of a document that an operation needs, in the document's order.
pub(crate) fn only(document: &str, operation: &str) -> String {
    let definitions = definitions(document);
    let mut wanted = BTreeSet::new();
    let mut queue: Vec<usize> = definitions.iter().position(|d| d.name == operation).into_iter().collect();
    while let Some(index) = queue.pop() {
        if wanted.insert(index) {
            for spread in spreads(definitions[index].text) {
                let found = |d: &Definition<'_>| d.text.starts_with("fragment") && d.name == spread;
                queue.extend(definitions.iter().position(found));
            }
        }
    }
    let parts: Vec<&str> = wanted.iter().map(|&i| definitions[i].text).collect();
    parts.join("\n")
}

/// Returns whether an operation only reads.
pub(crate) fn is_query(document: &str, operation: &str) -> bool {
    definitions(document).iter().any(|d| d.name == operation && d.text.starts_with("query"))
}

/// Returns whether any document, however written, can only read: whether the word for what changes something is nowhere in it.
pub(crate) fn only_reads(document: &str) -> bool {
    let words = document.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.into_iter().all(|word| word != "mutation")
}

struct Definition<'d> {
    name: &'d str,
    text: &'d str,
}

/// Splits a document at the braces of the outermost level. The documents here have no strings with braces in them.
fn definitions(document: &str) -> Vec<Definition<'_>> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in document.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let text = document[start..=at].trim();
                    found.push(Definition { name: name(text), text });
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns the word after `query`, `mutation` or `fragment`.
fn name(definition: &str) -> &str {
    let rest = definition.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    word(rest)
}

fn spreads(definition: &str) -> impl Iterator<Item = &str> {
    definition.split("...").skip(1).map(word)
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{is_query, only};

    const DOCUMENT: &str = "fragment A on A { x ...B }\nfragment B on B { y }\nfragment C on C { z }\n\
        query Q($v: Int) { a { ...A } }\nmutation M { c { ...C } }";

    #[test]
    fn keeps_what_the_operation_needs() {
        assert_eq!(
            only(DOCUMENT, "Q"),
            "fragment A on A { x ...B }\nfragment B on B { y }\nquery Q($v: Int) { a { ...A } }"
        );
        assert_eq!(only(DOCUMENT, "M"), "fragment C on C { z }\nmutation M { c { ...C } }");
        assert!(is_query(DOCUMENT, "Q") && !is_query(DOCUMENT, "M"));
    }
}
