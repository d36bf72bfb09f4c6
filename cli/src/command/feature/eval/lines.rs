//! Contexts from stdin, one a line.

use std::io::{BufRead, Read};

use serde_json::{Map, Value};

use super::super::super::whom::{Whom, object};
use crate::error::CliError;
use crate::file::bounded_bytes;

/// How many bad lines are named?
const NAMED: usize = 10;

/// Somebody for whom features are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The line of stdin, from 1.
    pub(super) line: Option<usize>,
    pub(super) context: Value,
}

impl Asked {
    pub(super) fn one(context: Map<String, Value>) -> Self {
        Self { line: None, context: Value::Object(context) }
    }
}

/// Reads stdin to its end.
pub(super) fn read(whom: &Whom) -> Result<Vec<Asked>, CliError> {
    if whom.reads_stdin() {
        return Err(CliError::usage("--stdin and --context-file - would both read stdin"));
    }
    let known = whom.context()?;
    let asked = contexts(std::io::stdin().lock(), &known)?;
    match asked.is_empty() {
        true => Err(CliError::usage("stdin has no context")
            .hint("pipe a JSON object a line into it, like {\"targetingKey\": \"user-1\"}")),
        false => Ok(asked),
    }
}

/// Reads contexts; what `known` says counts where a line says nothing.
fn contexts(input: impl Read, known: &Map<String, Value>) -> Result<Vec<Asked>, CliError> {
    let mut asked = Vec::new();
    let mut bad = Vec::new();
    let all = bounded_bytes(input).map_err(|error| {
        CliError::usage(format!("stdin: {error}, so nothing was evaluated"))
            .hint("evaluate it in parts: split -l 100000")
    })?;
    for (index, line) in all.lines().enumerate() {
        let number = index + 1;
        // What is no text is bad for certain, and what follows it may be anything.
        let line = line.map_err(|error| CliError::usage(format!("stdin, line {number}: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        match object(&line) {
            Ok(context) => {
                let mut all = known.clone();
                all.extend(context);
                asked.push(Asked { line: Some(number), context: Value::Object(all) });
            }
            Err(problem) => bad.push(format!("line {number}: {}", problem.replace(" at line 1", " at"))),
        }
    }
    if bad.is_empty() {
        return Ok(asked);
    }
    let more = bad.len().saturating_sub(NAMED);
    let what = if bad.len() == 1 { "a line".to_owned() } else { format!("{} lines", bad.len()) };
    let message = format!("{what} of stdin cannot be read, so nothing was evaluated");
    let error = CliError::usage(message).details(bad.into_iter().take(NAMED));
    Err(if more > 0 { error.details([format!("and {more} more")]) } else { error })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Asked, contexts};

    fn read(text: &str, known: &Value) -> Result<Vec<Asked>, crate::error::CliError> {
        let known: Map<String, Value> = known.as_object().unwrap().clone();
        contexts(text.as_bytes(), &known)
    }

    #[test]
    fn a_line_says_more_than_the_flags() {
        let asked = read("{\"a\": 1}\n\n{\"b\": 2}", &json!({"a": 0, "c": 3})).unwrap();
        assert_eq!(asked[0], Asked { line: Some(1), context: json!({"a": 1, "c": 3}) });
        assert_eq!(asked[1], Asked { line: Some(3), context: json!({"a": 0, "b": 2, "c": 3}) });
    }

    #[test]
    fn bad_lines_are_named() {
        let error = read("{}\n[1]\n{\"a\": }\n", &json!({})).unwrap_err();
        assert_eq!(error.exit.code(), 2);
        assert_eq!(error.message, "2 lines of stdin cannot be read, so nothing was evaluated");
        assert_eq!(error.details[0], "line 2: an object of attributes is wanted, not a list");
        assert_eq!(error.details[1], "line 3: not JSON: expected value at column 7");
        let many = "x\n".repeat(30);
        assert_eq!(read(&many, &json!({})).unwrap_err().details.last().unwrap(), "and 20 more");
    }
}
