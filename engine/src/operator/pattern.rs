//! Regexes, bounded by what they take when compiled: an edge holds those of every document.

use regex_automata::meta::{BuildError, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;

/// How many characters may a regex have?
const MAX_CHARS: usize = 1024;

/// How many regexes may a document have?
const MAX_REGEXES: usize = 50;

/// How many bytes may all regexes of a document take when compiled? One `\w{10}` takes less, two take more.
pub(crate) const MAX_REGEX_BYTES: usize = 1 << 20;

/// How many bytes may a text have in which a regex searches? An attribute is no longer.
const MAX_TEXT_BYTES: usize = 4 << 10;

/// How many bytes may what a search learns take, in each thread and each direction?
const CACHE_BYTES: usize = 32 << 10;

/// And how many where a pattern needs more than that to search fast at all?
const MAX_CACHE_BYTES: usize = 256 << 10;

/// A compiled regex, found anywhere in a text unless it is anchored.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    bytes: usize,
}

impl Pattern {
    /// Compiles a regex; when it cannot, tells why.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, PatternError> {
        let length = pattern.chars().count();
        if length > MAX_CHARS {
            return Err(PatternError::TooLong(length));
        }
        let mut cache_bytes = CACHE_BYTES;
        loop {
            let compiled = Self::compile(pattern, ignore_case, cache_bytes)?;
            if compiled.bytes > MAX_REGEX_BYTES {
                return Err(PatternError::TooLarge);
            }
            // A large one whose cache would be too small for it has none, and is slow.
            let is_slow = compiled.regex.memory_usage() > CACHE_BYTES && !compiled.has_cache();
            if !is_slow || cache_bytes >= MAX_CACHE_BYTES {
                return Ok(compiled);
            }
            cache_bytes *= 2;
        }
    }

    fn compile(pattern: &str, ignore_case: bool, cache_bytes: usize) -> Result<Self, PatternError> {
        let config = Regex::config()
            .nfa_size_limit(Some(MAX_REGEX_BYTES))
            .hybrid_cache_capacity(cache_bytes)
            .which_captures(WhichCaptures::None);
        let regex = Regex::builder()
            .configure(config)
            .syntax(syntax::Config::new().case_insensitive(ignore_case))
            .build(pattern)
            .map_err(|error| PatternError::of(&error))?;
        let bytes = regex.memory_usage() + regex.create_cache().memory_usage();
        Ok(Self { regex, bytes })
    }

    /// Returns whether it is found in a text; in one that is longer than an attribute may be it is not.
    pub(crate) fn is_found_in(&self, text: &str) -> bool {
        text.len() <= MAX_TEXT_BYTES && self.regex.is_match(text)
    }

    /// Returns how many bytes it takes, what it searches with included.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn has_cache(&self) -> bool {
        self.bytes > self.regex.memory_usage()
    }
}

/// Why a regex is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("a regex has at most {MAX_CHARS} characters, and this one has {0}")]
    TooLong(usize),
    #[error("is no regex: {0}")]
    Syntax(String),
    #[error("is too expensive a regex: compiled it takes more than {MAX_REGEX_BYTES} bytes{ADVICE}")]
    TooLarge,
}

impl PatternError {
    fn of(error: &BuildError) -> Self {
        match error.syntax_error() {
            // The crate draws the pattern and a caret over several lines; the last one says what it is.
            Some(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                Self::Syntax(last.strip_prefix("error: ").unwrap_or(last).to_owned())
            }
            None => Self::TooLarge,
        }
    }
}

/// Counts what the regexes of a document take together.
#[derive(Default)]
pub(crate) struct RegexBytes {
    bytes: usize,
    count: usize,
    spent: bool,
}

impl RegexBytes {
    /// Returns whether a regex was refused for its size: the document is refused with it, so no other is worth compiling.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent
    }

    /// Compiles a regex, unless it is more than a document may have.
    pub(crate) fn compile(&mut self, pattern: &str, ignore_case: bool) -> Result<Pattern, String> {
        self.count += 1;
        if self.count > MAX_REGEXES {
            return Err(format!("is one regex too many; at most {MAX_REGEXES} in a document"));
        }
        let pattern = Pattern::new(pattern, ignore_case).map_err(|error| {
            self.spent |= matches!(error, PatternError::TooLarge);
            error.to_string()
        })?;
        self.bytes += pattern.bytes();
        if self.bytes > MAX_REGEX_BYTES {
            self.spent = true;
            return Err(format!(
                "is one regex too many: compiled they take {} bytes; at most {MAX_REGEX_BYTES} in a document{ADVICE}",
                self.bytes
            ));
        }
        Ok(pattern)
    }
}

/// What makes most regexes smaller.
const ADVICE: &str = "; repeat less, or use smaller classes, such as [0-9A-Za-z_] for \\w";
