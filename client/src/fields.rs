//! Which fields an operation's answer may have, read from its text before it is sent.

use std::collections::BTreeMap;
use std::iter::Peekable;

/// The fields of an object, and what is below each; nothing is known of what is below a leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// Returns fields of these names, of which nothing more is known.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(|name| (name.to_owned(), Self::default())).collect())
    }

    /// Returns what all fields of the outermost level hold.
    pub(crate) fn below(document: &str) -> Self {
        let mut below = Self::default();
        for (_, fields) in Reader::new(document).operation().0 {
            below.merge(fields);
        }
        below
    }

    /// Returns whether a path may lead somewhere.
    pub fn has(&self, path: &[String]) -> bool {
        match path.split_first() {
            Some((first, rest)) => {
                self.0.get(first).is_some_and(|below| below.0.is_empty() || below.has(rest))
            }
            None => true,
        }
    }

    /// Returns the paths to all fields.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for (name, below) in &self.0 {
            paths.push(name.clone());
            paths.extend(below.paths().iter().map(|path| format!("{name}.{path}")));
        }
        paths
    }

    fn merge(&mut self, other: Self) {
        for (name, below) in other.0 {
            self.0.entry(name).or_default().merge(below);
        }
    }
}

/// Reads the documents that are here: they have neither strings nor comments.
struct Reader<'d> {
    words: Peekable<std::vec::IntoIter<&'d str>>,
    fragments: BTreeMap<&'d str, &'d str>,
}

impl<'d> Reader<'d> {
    fn new(document: &'d str) -> Self {
        let fragments = document.match_indices("fragment ").filter_map(|(at, word)| {
            let rest = &document[at + word.len()..];
            Some((rest.split_whitespace().next()?, &rest[rest.find('{')?..]))
        });
        let fragments = fragments.collect();
        let operation = ["query", "mutation"].into_iter().filter_map(|word| {
            let begins = |at: &usize| document[..*at].trim_end().chars().last().is_none_or(|c| c == '}');
            document.match_indices(word).map(|(at, _)| at).find(begins)
        });
        let words = operation.min().map_or(Vec::new(), |at| words(&document[at..]));
        Self { words: words.into_iter().peekable(), fragments }
    }

    fn operation(mut self) -> Fields {
        // The variables, which may have objects as defaults.
        while let Some(word) = self.words.next() {
            match word {
                "(" => self.skip(),
                "{" => return self.selection(),
                _ => {}
            }
        }
        Fields::default()
    }

    /// Reads up to the end of a selection that has begun.
    fn selection(&mut self) -> Fields {
        let mut found = Fields::default();
        while let Some(word) = self.words.next().filter(|word| *word != "}") {
            let below = if word == "..." { self.spread() } else { self.field(word) };
            found.merge(below);
        }
        found
    }

    fn field(&mut self, key: &str) -> Fields {
        // What it is called here is what it is called in the answer.
        if self.words.next_if_eq(&":").is_some() {
            self.words.next();
        }
        if self.words.next_if_eq(&"(").is_some() {
            self.skip();
        }
        let below = match self.words.next_if_eq(&"{") {
            Some(_) => self.selection(),
            None => Fields::default(),
        };
        Fields(BTreeMap::from([(key.to_owned(), below)]))
    }

    fn spread(&mut self) -> Fields {
        match self.words.next() {
            Some("on") => {
                let _ = self.words.by_ref().find(|word| *word == "{");
                self.selection()
            }
            Some(name) => {
                let text = self.fragments.get(name).copied().unwrap_or_default();
                let mut words = words(text).into_iter().peekable();
                let _ = words.next();
                Self { words, fragments: self.fragments.clone() }.selection()
            }
            None => Fields::default(),
        }
    }

    /// Passes over everything up to the end of a parenthesis that has begun.
    fn skip(&mut self) {
        let mut depth = 1_usize;
        for word in self.words.by_ref() {
            depth = match word {
                "(" => depth + 1,
                ")" => depth - 1,
                _ => depth,
            };
            if depth == 0 {
                return;
            }
        }
    }
}

/// Splits text into names and signs, of which `...` is one.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = match first {
            '.' => rest.len() - rest.trim_start_matches('.').len(),
            first if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if word != "," {
            found.push(word);
        }
        rest = after.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Fields;

    const DOCUMENT: &str = "fragment A on A { x ...B }\nfragment B on B { y { z } }\n\
        mutation M($input: I!, $first: Int) { secret: make(input: $input) { a: b ...A c(first: $first) { d } } }";

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn an_answer_has_the_fields_of_its_operation() {
        let fields = Fields::below(DOCUMENT);
        assert_eq!(fields.paths(), ["a", "c", "c.d", "x", "y", "y.z"]);
        for there in ["a", "x", "y.z", "c.d", "x.anything"] {
            assert!(fields.has(&path(there)), "{there}");
        }
        for not in ["b", "secret", "make", "y.x", "input", "A"] {
            assert!(!fields.has(&path(not)), "{not}");
        }
    }

    #[test]
    fn every_mutation_here_says_what_it_answers() {
        for document in [
            include_str!("../graphql/client.graphql"),
            include_str!("../graphql/token.graphql"),
            include_str!("../graphql/change.graphql"),
            include_str!("../graphql/feature.graphql"),
        ] {
            for (at, _) in document.match_indices("\nmutation ") {
                let name = document[at + 10..].split(['(', ' ']).next().unwrap();
                let text = crate::document::only(document, name);
                assert!(Fields::below(&text).paths().len() > 2, "{name}: {:?}", Fields::below(&text));
            }
        }
    }
}
