//! `--jq`: the one place that knows the jq interpreter.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, Error, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, unwrap_valr};
use jaq_json::Val;
use serde::Deserialize;
use serde_json::Value;

use crate::error::CliError;
use crate::exit::Exit;

/// An expression, ready to run.
pub(super) struct Jq(Filter<JustLut<Val>>);

impl Jq {
    /// Reads an expression.
    pub(super) fn compile(code: &str) -> Result<Self, CliError> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|errors| {
            let error = errors.into_iter().next().map(|(_, error)| error);
            let at = match error {
                Some(Error::Lex(errors)) => errors.first().map(|(_, rest)| code.len() - rest.len()),
                Some(Error::Parse(errors)) => errors.first().map(|(_, found)| place(code, found)),
                _ => None,
            };
            wrong(code, at, "it does not parse")
        })?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let undefined = errors.into_iter().flat_map(|(_, errors)| errors).next();
            match undefined {
                Some((name, kind)) => {
                    let what = format!("there is no {} {name:?}", kind.as_str());
                    wrong(code, Some(place(code, name)), &what)
                }
                None => wrong(code, None, "it does not compile"),
            }
        })?;
        Ok(Self(filter))
    }

    /// Returns what comes out for a value.
    pub(super) fn run(&self, value: &Value) -> Result<Vec<Value>, CliError> {
        let failed = |error: String| CliError::new(Exit::Failed, format!("jq: {error}"));
        let input = Val::deserialize(value).map_err(|error| failed(error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let results = self.0.id.run((context, input)).map(unwrap_valr);
        let read = |result: Val| serde_json::from_str(&result.to_string());
        results
            .map(|result| {
                let result = result.map_err(|error| failed(error.to_string()))?;
                read(result).map_err(|_| failed("a result is not JSON".to_owned()))
            })
            .collect()
    }
}

/// Returns where a part of the code begins; what is no part of it is at the end.
fn place(code: &str, part: &str) -> usize {
    let at = (part.as_ptr() as usize).wrapping_sub(code.as_ptr() as usize);
    if part.is_empty() || at > code.len() { code.len() } else { at }
}

fn wrong(code: &str, at: Option<usize>, what: &str) -> CliError {
    let error = CliError::usage(format!("--jq: {what}")).hint("nothing was done");
    match at.and_then(|at| code.get(..at)) {
        Some(before) if !code.contains('\n') => {
            let caret = format!("{}^", " ".repeat(unicode_width::UnicodeWidthStr::width(before)));
            error.details([code.to_owned(), caret])
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Jq;

    fn run(code: &str, value: &Value) -> Vec<Value> {
        Jq::compile(code).unwrap_or_else(|e| panic!("{}", e.message)).run(value).unwrap()
    }

    #[test]
    fn speaks_jq() {
        let value = json!([{"key": "größe", "n": 2}, {"key": "b", "n": 1.5}]);
        assert_eq!(run(".[].key", &value), [json!("größe"), json!("b")]);
        assert_eq!(run("map(.n) | add", &value), [json!(3.5)]);
        assert_eq!(run("length", &value), [json!(2)]);
        assert_eq!(run(r#".[] | select(.n > 1.7) | "\(.key) \(.n)""#, &value), [json!("größe 2")]);
    }

    #[test]
    fn a_mistake_has_its_place() {
        let error = Jq::compile(".a | nosuch").err().unwrap();
        assert!(error.message.contains("no filter \"nosuch\""), "{}", error.message);
        assert_eq!(error.details, [".a | nosuch", "     ^"]);
        assert!(Jq::compile(".[").is_err());
        assert!(Jq::compile("\"abc").is_err());
    }

    #[test]
    fn a_failure_is_one_line() {
        let error =
            Jq::compile(".a.b").unwrap_or_else(|e| panic!("{}", e.message)).run(&json!([1])).unwrap_err();
        assert!(error.message.starts_with("jq: "), "{}", error.message);
    }
}
