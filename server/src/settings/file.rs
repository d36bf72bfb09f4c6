//! The TOML file: keys are the names of flags with `_` for `-`, each value with its place.

use std::{
    any::TypeId,
    num::{NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize},
    ops::Range,
    path::{Path, PathBuf},
};

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue},
};
use toml_edit::{Document, Item, Value};

use super::CONFIG;

/// How alike must two names be for one to be meant by the other?
const ALIKE: f64 = 0.8;

/// A file that was read and found right.
pub(super) struct File {
    path: PathBuf,
    /// By the flag's id.
    values: Vec<(String, Vec<String>)>,
    secret: bool,
}

impl File {
    /// Reads a file; what is wrong with it is one line with its place.
    pub(super) fn read(command: &Command, path: &Path) -> Result<File, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read the settings in {}: {error}", path.display()))?;
        let at = |span: Option<Range<usize>>| {
            let (line, column) = place(&text, span.unwrap_or_default().start);
            format!("{}:{line}:{column}", path.display())
        };
        let document = Document::parse(text.as_str()).map_err(|error| {
            // Only what is wrong: the line itself may hold a secret.
            format!("{}: {}", at(error.span()), error.message().replace('\n', ", "))
        })?;
        let mut file = File { path: path.to_owned(), values: Vec::new(), secret: false };
        for (name, item) in document.as_table() {
            let wrong = |what: String| format!("{}: {what}", at(span(&document, name, item)));
            let argument = find(command, name).map_err(wrong)?;
            let values = read(argument, name, item).map_err(wrong)?;
            check(command, argument, &values).map_err(|what| wrong(format!("{name}: {what}")))?;
            if let Some((other, _)) = file.values.iter().find(|(id, _)| exclude(command, id, argument)) {
                return Err(wrong(format!("{name} and {other} exclude each other")));
            }
            file.secret |= argument.is_hide_env_values_set();
            file.values.push((argument.get_id().to_string(), values));
        }
        Ok(file)
    }

    /// What there is to say about who may read the file.
    pub(super) fn warning(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&self.path).ok()?.permissions().mode();
        (self.secret && mode & 0o077 != 0)
            .then(|| format!("{} holds a secret and others may read it: chmod 600", self.path.display()))
    }

    /// The command with what the file says as its defaults, but for what was stated, or excluded by that.
    pub(super) fn defaults(&self, command: &Command, stated: impl Fn(&str) -> bool) -> Command {
        let mut with = command.clone();
        for (id, values) in &self.values {
            let mut others = command.get_arguments().filter(|other| stated(other.get_id().as_str()));
            let excluded = others.any(|other| exclude(command, id, other));
            if !excluded {
                with = with.mut_arg(id, |argument| argument.default_values(values));
            }
        }
        with
    }
}

/// Whether two settings exclude each other, whichever of them declares it.
fn exclude(command: &Command, id: &str, other: &Arg) -> bool {
    let declares = |argument: &Arg, id: &str| {
        command.get_arg_conflicts_with(argument).iter().any(|excluded| excluded.get_id() == id)
    };
    declares(other, id)
        || command
            .get_arguments()
            .any(|argument| argument.get_id() == id && declares(argument, other.get_id().as_str()))
}

/// Where a key stands; the value's place is that of the key, so that `line:column` begins at what a person reads first.
fn span(document: &Document<&str>, name: &str, item: &Item) -> Option<Range<usize>> {
    document.as_table().key(name).and_then(toml_edit::Key::span).or_else(|| item.span())
}

/// Line and column, both from one; the column counts characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn key(argument: &Arg) -> Option<String> {
    Some(argument.get_long()?.replace('-', "_"))
}

/// The flags that a file may set.
pub(super) fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    let own = ["help", "version", CONFIG];
    command.get_arguments().filter(move |argument| !own.contains(&argument.get_id().as_str()))
}

fn find<'c>(command: &'c Command, name: &str) -> Result<&'c Arg, String> {
    if let Some(found) = settings(command).find(|argument| key(argument).as_deref() == Some(name)) {
        return Ok(found);
    }
    let known: Vec<String> = settings(command).filter_map(key).collect();
    let meant = nearest(&name.replace('-', "_"), known.iter().map(String::as_str));
    Err(match meant {
        Some(meant) => format!("{name} is no setting; did you mean {meant}?"),
        None => format!("{name} is no setting; --help lists them"),
    })
}

/// The name that was probably meant.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // A slip in a short name leaves little alike.
    let slip = |known: &str| strsim::damerau_levenshtein(name, known) <= 1;
    let score = |known: &str| if slip(known) { 1.0 } else { strsim::jaro_winkler(name, known) };
    let scored = known.map(|known| (score(known), known));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// What a setting takes, in TOML's words.
fn wanted(argument: &Arg) -> &'static str {
    let kind = argument.get_value_parser().type_id();
    let integers = [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<i64>(),
        TypeId::of::<NonZeroU16>(),
        TypeId::of::<NonZeroU32>(),
        TypeId::of::<NonZeroU64>(),
        TypeId::of::<NonZeroUsize>(),
    ];
    if argument.get_value_delimiter().is_some() {
        "array"
    } else if kind == TypeId::of::<bool>() {
        "boolean"
    } else if integers.iter().any(|integer| kind == *integer) {
        "integer"
    } else {
        "string"
    }
}

/// The value as clap reads it. Of a wrong one only the type is told: it may be a secret.
fn read(argument: &Arg, name: &str, item: &Item) -> Result<Vec<String>, String> {
    let wanted = wanted(argument);
    let article = |kind: &str| if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    let wrong = |found: &str| {
        let (one, other) = (article(wanted), article(found));
        Err(format!("{name} takes {one} {wanted}, not {other} {found}"))
    };
    let Some(value) = item.as_value() else { return wrong(item.type_name()) };
    match (wanted, value) {
        ("array", Value::Array(array)) => {
            let texts = array.iter().map(|entry| match entry {
                Value::String(text) => Ok(text.value().clone()),
                other => Err(format!("{name} takes an array of strings, not of {}s", other.type_name())),
            });
            let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
            match texts.iter().find(|text| text.contains(',')) {
                Some(text) => Err(format!("{name}: \"{text}\" is one entry; an entry holds no comma")),
                None => Ok(texts),
            }
        }
        ("boolean", Value::Boolean(yes)) => Ok(vec![yes.value().to_string()]),
        ("integer", Value::Integer(number)) => Ok(vec![number.value().to_string()]),
        ("string", Value::String(text)) => Ok(vec![text.value().clone()]),
        _ => wrong(value.type_name()),
    }
}

/// Lets clap read the values on their own, so that what it says is about the file.
fn check(command: &Command, argument: &Arg, values: &[String]) -> Result<(), String> {
    let alone = command.clone().mut_args(|known| known.env(None::<&'static str>));
    let alone = alone.mut_arg(argument.get_id(), |known| known.default_values(values));
    let Err(error) = alone.try_get_matches_from([command.get_name()]) else { return Ok(()) };
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.as_str(),
        _ => "",
    };
    let valid = error.get(ContextKind::ValidValue).and_then(|valid| match valid {
        ContextValue::Strings(all) => Some(all.join(", ")),
        _ => None,
    });
    let source = std::error::Error::source(&error).map(ToString::to_string);
    Err(match (valid, source) {
        (Some(all), _) => format!("\"{value}\" is none of {all}"),
        (None, Some(source)) => format!("\"{value}\": {source}"),
        (None, None) => "must not be empty".to_owned(),
    })
}
