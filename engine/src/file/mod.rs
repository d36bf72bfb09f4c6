//! The file form of a flag config: YAML, in which `when` and `split` may be texts, and every error has its place.
//!
//! Reading makes of the text the value that the one reader of documents reads, so that a file means what its JSON
//! means; only the places and the text forms belong to files.

mod expand;
mod locate;
mod manifest;
mod node;
mod parse;
mod raw;
mod scalar;
mod write;

use std::collections::HashSet;
use std::fmt;

pub use self::manifest::{
    ContextKeySpec, EnvironmentSpec, FeatureSpec, Manifest, ManifestFile, PipelineSpec, PipelineStage,
    PolicySpec, Spec, Written, read_manifests,
};
use self::node::{Node, Place};
use self::parse::Holds;
use crate::config::FlagConfig;
use crate::validate::Found;

/// How many problems of a text are told?
const MAX_PROBLEMS: usize = 100;

/// How many characters of what is wrong may a message repeat?
const MAX_SHOWN: usize = 60;

/// A text that is no valid flag config: all that is wrong with it, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// What is wrong; at least one problem, and after the first hundred one that says that there are more.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document, such as `criteria[2].split`; empty for the document as a whole.
    pub path: String,
    /// What is wrong there and what would be right.
    pub message: String,
    /// The line of the text, from 1.
    pub line: usize,
    /// The column in that line, in characters, from 1.
    pub column: usize,
}

impl FlagConfig {
    /// Reads and validates a document from YAML, of which JSON is a part, reporting every error with its place.
    ///
    /// `when` may also be the text of an expression, and `split` a text such as `control=50, express=50`.
    /// Characters that cannot be printed have to be escaped, as YAML wants it in JSON too.
    pub fn from_yaml(text: &str) -> Result<Self, FileError> {
        let (root, problems) = parse::parse(text, Holds::Config);
        match root {
            Some(mut root) => read(&mut root, problems).map_err(FileError::new),
            None => Err(FileError::new(problems)),
        }
    }

    /// Returns the canonical form as YAML, with `when` as an expression and `split` as a text.
    pub fn to_yaml(&self) -> String {
        write::write(&self.clone().into_canonical())
    }
}

/// Reads the document that a tree holds, adding to the problems that its text has; its text forms become long ones.
fn read(root: &mut Node, mut problems: Vec<Problem>) -> Result<FlagConfig, Vec<Problem>> {
    if let Err(problem) = expand::expand(root, &mut problems) {
        add(&mut problems, problem);
        return Err(problems);
    }
    let found: Vec<_> =
        problems.iter().map(|problem| Found::value(&problem.path, &*problem.message)).collect();
    FlagConfig::read(&root.to_value(), found).map_err(|mut found| {
        let rest = found.split_off(problems.len());
        // What could not be read is not reported a second time for what stands in its place.
        let known: HashSet<_> = problems.iter().map(|problem| &*problem.path).collect();
        let is_new = |found: &Found| !known.contains(&*found.violation.path);
        let rest = rest.into_iter().filter(is_new).collect();
        let rest = locate::locate(root, rest);
        problems.extend(rest);
        problems
    })
}

/// Keeps one problem more than are told, so that it is known that there are more.
fn add(problems: &mut Vec<Problem>, problem: Problem) {
    if problems.len() <= MAX_PROBLEMS {
        problems.push(problem);
    }
}

impl FileError {
    fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        if let Some(excess) = problems.get(MAX_PROBLEMS) {
            let place = Place { line: excess.line, column: excess.column };
            problems.truncate(MAX_PROBLEMS);
            problems.push(Problem::new("", "and more", place));
        }
        Self { problems }
    }
}

impl Problem {
    fn new(path: impl fmt::Display, message: impl Into<String>, place: Place) -> Self {
        let Place { line, column } = place;
        Self { path: path.to_string(), message: message.into(), line, column }
    }

    fn place(&self) -> Place {
        Place { line: self.line, column: self.column }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, message, line, column } = self;
        let separator = if path.is_empty() { "" } else { ": " };
        write!(f, "{line}:{column} {path}{separator}{message}")
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}
