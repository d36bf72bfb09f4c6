//! The language that lists of features are filtered with, on what the list has: `owner:payments !lifecycle:deprecated cart`.

use fluxgate_client::Lifecycle;
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::row::{Row, Spot};

/// Every field, as a wrong one is told.
const FIELDS: &str = "owner, tag, type, lifecycle, env, killed, pending and deployed";

/// What is wanted of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    env: Option<String>,
    fields: Vec<Field>,
    words: Vec<(String, Atom)>,
}

/// Something that must hold.
#[derive(Clone, Debug)]
struct Field {
    what: What,
    not: bool,
}

#[derive(Clone, Debug)]
enum What {
    Owner(String),
    /// All of them.
    Tags(Vec<String>),
    Kind(String),
    /// One of them.
    Lives(Vec<Lifecycle>),
    Killed,
    Pending,
    Deployed,
}

impl Wanted {
    /// Reads a filter: words apart by spaces, `!` before what is not wanted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut wanted = Self::default();
        for word in text.split_whitespace() {
            let (not, rest) = match word.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, word),
            };
            match rest.split_once(':') {
                Some((field, "")) => return Err(format!("{field}: has no value")),
                Some((field, value)) => wanted.field(field, value, not)?,
                None if not => {
                    return Err(format!("!{rest}: only fields can be excluded, such as !lifecycle:beta"));
                }
                None => wanted.words.push((rest.to_lowercase(), atom(rest))),
            }
        }
        Ok(wanted)
    }

    fn field(&mut self, field: &str, value: &str, not: bool) -> Result<(), String> {
        let (what, not) = match field {
            "owner" => (What::Owner(value.to_owned()), not),
            "tag" | "tags" => (What::Tags(value.split(',').map(str::to_owned).collect()), not),
            "type" | "kind" => match value {
                "simple" | "contextual" => (What::Kind(value.to_owned()), not),
                _ => return Err(format!("no type {value:?}; there are simple and contextual")),
            },
            "lifecycle" | "life" => {
                (What::Lives(value.split(',').map(lifecycle).collect::<Result<_, _>>()?), not)
            }
            "env" | "environment" if not => return Err("env cannot be excluded".to_owned()),
            "env" | "environment" => {
                return match self.env.replace(value.to_owned()) {
                    None => Ok(()),
                    Some(_) => Err("env is there twice".to_owned()),
                };
            }
            "killed" => (What::Killed, flag(field, value)? == not),
            "pending" => (What::Pending, flag(field, value)? == not),
            "deployed" => (What::Deployed, flag(field, value)? == not),
            "stale" => {
                return Err(format!(
                    "stale is not known here; in a shell: fgctl feature list --filter stale:{value}"
                ));
            }
            other => return Err(format!("no field {other:?}; there are {FIELDS}")),
        };
        self.fields.push(Field { what, not });
        Ok(())
    }

    /// Returns which rows are wanted.
    pub(super) fn of<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Vec<&'r Row> {
        let mut found = Found { matcher: Matcher::new(Config::DEFAULT), letters: Vec::new() };
        rows.filter(|row| self.takes(row, &mut found)).collect()
    }

    fn takes(&self, row: &Row, found: &mut Found) -> bool {
        let here = |spot: &&Spot| self.env.as_ref().is_none_or(|env| *env == spot.env);
        if self.env.is_some() && !row.stages.iter().any(|spot| here(&spot)) {
            return false;
        }
        let any = |holds: fn(&Spot) -> bool| row.stages.iter().filter(here).any(holds);
        let holds = |what: &What| match what {
            What::Owner(owner) => row.owner == *owner,
            What::Tags(tags) => tags.iter().all(|tag| row.tags.contains(tag)),
            What::Kind(kind) => row.kind == *kind,
            What::Lives(lives) => lives.contains(&row.lifecycle),
            What::Killed => any(|spot| spot.killed.is_some()),
            What::Pending => any(|spot| spot.pending.is_some()),
            What::Deployed => any(|spot| spot.version.is_some()),
        };
        self.fields.iter().all(|field| holds(&field.what) != field.not)
            && self.words.iter().all(|(word, atom)| found.by(row, word, atom))
    }
}

/// Looks for words, with what that needs to remember.
struct Found {
    matcher: Matcher,
    letters: Vec<char>,
}

impl Found {
    /// Returns whether a word is found: its letters in the key or the name, all of it in tags or owner.
    fn by(&mut self, row: &Row, word: &str, atom: &Atom) -> bool {
        [&row.key, &row.name].into_iter().any(|text| {
            let text = Utf32Str::new(text, &mut self.letters);
            atom.score(text, &mut self.matcher).is_some()
        }) || row.owner.to_lowercase().contains(word)
            || row.tags.iter().any(|tag| tag.to_lowercase().contains(word))
    }
}

fn atom(word: &str) -> Atom {
    Atom::new(word, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false)
}

fn flag(field: &str, value: &str) -> Result<bool, String> {
    match value {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        _ => Err(format!("{field} is yes or no, not {value:?}")),
    }
}

fn lifecycle(value: &str) -> Result<Lifecycle, String> {
    match value.to_lowercase().as_str() {
        "beta" => Ok(Lifecycle::Beta),
        "active" => Ok(Lifecycle::Active),
        "permanent" => Ok(Lifecycle::Permanent),
        "deprecated" => Ok(Lifecycle::Deprecated),
        "archived" => {
            Err("what is archived is not listed here; in a shell: fgctl feature list --archived".to_owned())
        }
        _ => Err(format!("no lifecycle {value:?}; there are beta, active, permanent and deprecated")),
    }
}
