//! All that the files say, and all that is wrong with them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluxgate_engine::{Manifest, Problem, Written, read_manifests};

use super::reference::Reference;
use super::source::{self, Source};
use super::{check, show};
use crate::error::CliError;

/// A problem, and the number of the text that has it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) source: usize,
    pub(crate) problem: Problem,
}

/// A document, and the number of the text that it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) source: usize,
    pub(crate) written: Written,
}

/// What the named files hold.
#[derive(Debug, Default)]
pub(crate) struct Set {
    pub(crate) sources: Vec<Source>,
    pub(crate) documents: BTreeMap<Reference, Document>,
    pub(crate) problems: Vec<Placed>,
}

/// Reads files, and checks them as far as that goes without a server.
pub(crate) fn load(paths: &[PathBuf]) -> Result<Set, CliError> {
    let mut set = Set { sources: source::read(paths)?, ..Set::default() };
    for (number, source) in set.sources.iter().enumerate() {
        let file = read_manifests(&source.text);
        // What was named itself is to say something: whoever made nothing of it would have everything else archived.
        let is_named = paths.iter().any(|path| path.display().to_string() == source.name);
        if is_named && file.documents.is_empty() && file.problems.is_empty() {
            return Err(none_in(&source.name));
        }
        let placed = |problem| Placed { source: number, problem };
        set.problems.extend(file.problems.into_iter().map(placed));
        for written in file.documents {
            let reference = Reference::of(&written.manifest);
            if let Some(first) = set.documents.get(&reference) {
                let place = first.written.problem("metadata", "");
                let message = format!(
                    "{reference} is there twice, first in {}:{}",
                    set.sources[first.source].name, place.line
                );
                set.problems.push(placed(written.problem("metadata", message)));
                continue;
            }
            set.documents.insert(reference, Document { source: number, written });
        }
    }
    if set.documents.is_empty() && set.problems.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(none_in(&names.join(", ")));
    }
    let found = check::together(&set);
    set.problems.extend(found);
    set.in_order();
    Ok(set)
}

fn none_in(name: &str) -> CliError {
    let name = if name == "-" { "standard input" } else { name };
    CliError::usage(format!("no definitions in {name}")).hint("fgctl export -d DIR writes some")
}

impl Set {
    fn in_order(&mut self) {
        self.problems.sort_by_key(|placed| (placed.source, placed.problem.line, placed.problem.column));
    }

    /// Returns what a thing is to be, when the files say it.
    pub(crate) fn manifest(&self, reference: &Reference) -> Option<&Manifest> {
        self.documents.get(reference).map(|document| &document.written.manifest)
    }

    /// Returns the team that the documents name, if they name one.
    pub(crate) fn team(&self) -> Option<&str> {
        self.documents.values().find_map(|document| document.written.manifest.team.as_deref())
    }

    /// Returns what is allowed but probably not meant.
    pub(crate) fn warnings(&self) -> Vec<Placed> {
        let mut found = check::warnings(self);
        for document in self.documents.values() {
            let source = document.source;
            found.extend(document.written.lint().into_iter().map(|problem| Placed { source, problem }));
        }
        found.sort_by_key(|placed| (placed.source, placed.problem.line, placed.problem.column));
        found
    }

    /// Makes sure that there is nothing wrong, and that all of it is about a team.
    pub(crate) fn require(mut self, team: &str) -> Result<Self, CliError> {
        for document in self.documents.values() {
            if let Some(other) = document.written.manifest.team.as_deref().filter(|other| *other != team) {
                let message = format!("is {other}, but this is about team {team}; add --team {other}");
                let problem = document.written.problem("metadata.team", message);
                self.problems.push(Placed { source: document.source, problem });
            }
        }
        self.in_order();
        if self.problems.is_empty() {
            return Ok(self);
        }
        let details = self.problems.iter().flat_map(|placed| show::problem_lines(&self, placed));
        let message = show::counted_problems(&self);
        Err(CliError::usage(message).details(details.collect::<Vec<_>>()).hint("nothing was sent"))
    }

    /// Returns where a place of a document stands, such as `flags/checkout.yaml:27:22`.
    pub(crate) fn place(&self, reference: &Reference, path: &str) -> Option<String> {
        let document = self.documents.get(reference)?;
        let Problem { line, column, .. } = document.written.problem(path, "");
        Some(format!("{}:{line}:{column}", self.sources[document.source].name))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::load;

    #[test]
    fn what_says_nothing_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(place.path().join(name), text).unwrap();
            place.path().join(name)
        };
        let empty = file("empty.yaml", "");
        let full = file(
            "dev.yaml",
            "apiVersion: fluxgate/v1\nkind: Environment\nmetadata: {key: dev}\nspec: {name: Dev, type: DEVELOPMENT}\n",
        );
        for paths in [&[empty.clone()][..], &[full.clone(), empty], &[file("c.yaml", "# none\n---\n")]] {
            let error = load(paths).unwrap_err();
            assert_eq!(error.exit.code(), 2);
            assert!(error.message.starts_with("no definitions in "), "{}", error.message);
        }
        // An empty one among others in a folder is no slip.
        let set = load(&[place.path().to_owned()]).unwrap();
        assert_eq!((set.documents.len(), set.problems.len()), (1, 0), "{:?}", set.problems);
        fs::remove_file(full).unwrap();
        assert!(load(&[place.path().to_owned()]).is_err());
    }
}
