//! Regexes, bounded by what they take when compiled: an edge holds those of every document.

use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::syntax;

/// How many characters may a regex have?
const MAX_CHARS: usize = 1024;

/// How many bytes may all regexes of a document take when compiled? One `\w{60}` takes less, two take more.
pub(crate) const MAX_REGEX_BYTES: usize = 4 << 20;

/// A compiled regex, found anywhere in a text unless it is anchored.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles a regex; when it cannot, tells why.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let length = pattern.chars().count();
        if length > MAX_CHARS {
            return Err(format!("a regex has at most {MAX_CHARS} characters, and this one has {length}"));
        }
        let config = Regex::config().nfa_size_limit(Some(MAX_REGEX_BYTES)).hybrid_cache_capacity(1 << 20);
        let regex = Regex::builder()
            .configure(config)
            .syntax(syntax::Config::new().case_insensitive(ignore_case))
            .build(pattern)
            .map_err(|error| message(&error))?;
        if regex.memory_usage() > MAX_REGEX_BYTES {
            return Err(too_large());
        }
        Ok(Self(regex))
    }

    pub(crate) fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Returns how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.memory_usage()
    }
}

/// Counts what the regexes of a document take together.
#[derive(Default)]
pub(crate) struct RegexBytes(usize);

impl RegexBytes {
    /// Adds a regex, unless that is more than a document may have.
    pub(crate) fn add(&mut self, pattern: &Pattern) -> Result<(), String> {
        self.0 += pattern.bytes();
        if self.0 > MAX_REGEX_BYTES {
            return Err(format!(
                "is one regex too many: compiled they take {} bytes; at most {MAX_REGEX_BYTES} in a document",
                self.0
            ));
        }
        Ok(())
    }
}

fn message(error: &BuildError) -> String {
    match error.syntax_error() {
        // The crate draws the pattern and a caret over several lines; the last one says what it is.
        Some(error) => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("is no regex: {}", last.strip_prefix("error: ").unwrap_or(last))
        }
        None => too_large(),
    }
}

fn too_large() -> String {
    format!("is too expensive a regex: compiled it takes more than {MAX_REGEX_BYTES} bytes")
}
