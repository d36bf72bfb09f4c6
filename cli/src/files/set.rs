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
    let found = check::together(&set);
    set.problems.extend(found);
    set.in_order();
    Ok(set)
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
