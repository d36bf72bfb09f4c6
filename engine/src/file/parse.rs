//! Reads YAML 1.2 into a tree, going on after what is wrong with one value.
//!
//! A text from anyone is safe to read: its length, its depth, and what its aliases make of it are limited.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Value;

use super::node::{Entry, Kind, NODE, Node, Place};
use super::scalar::resolve;
use super::{MAX_PROBLEMS, MAX_SHOWN, Problem, add, raw};
use crate::hidden::shown;
use crate::path::Path;

/// How many bytes may a text have? The largest document has room in it, also when each character is escaped.
pub(super) const MAX_TEXT: usize = 2 * 1024 * 1024;

/// How much may a text weigh once its aliases are replaced? The largest document has 131,000 nodes.
const MAX_SIZE: usize = 150_000 * NODE;

/// How many documents, as long as the largest, may a manifest have? One for each stage of its feature.
const MAX_STAGES: usize = 16;

/// What a text is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// One flag config.
    Config,
    /// One manifest, which may have a flag config for each stage.
    Manifest,
}

impl Holds {
    fn documents(self) -> usize {
        match self {
            Self::Config => 1,
            Self::Manifest => MAX_STAGES,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Config => "flag config",
            Self::Manifest => "manifest",
        }
    }
}

/// How many characters may a key have that has no `?` before it? The parser holds back as many.
const MAX_KEY: usize = 16 * 1024;

/// How deep may lists and mappings nest? As deep as in JSON.
const MAX_DEPTH: usize = 128;

/// How many characters of the parser's own words may be told?
const MAX_INFO: usize = 200;

const START: Place = Place { line: 1, column: 1 };

/// Reads a text; without a tree, the last of the problems says why there is none.
pub(super) fn parse(text: &str, holds: Holds) -> (Option<Node>, Vec<Problem>) {
    let most = MAX_TEXT * holds.documents();
    if text.len() > most {
        let message = format!("the text has {} bytes; at most {most}", text.len());
        return (None, vec![Problem::new("", message, START)]);
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let misleading = raw::misleading(text);
    if !misleading.is_empty() {
        return (None, misleading);
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = MAX_KEY;
    let events = Parser::new_from_str_with_options(text, options);
    let mut composer =
        Composer { text, holds, events, anchors: HashMap::new(), size: 0, problems: Vec::new() };
    let root = composer.document();
    let mut problems = composer.problems;
    let root = root.map_err(|problem| add(&mut problems, problem)).ok();
    (root, problems)
}

/// Makes the tree of what the parser finds. Its errors are those after which the rest cannot be understood.
struct Composer<'t> {
    text: &'t str,
    holds: Holds,
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Rc<Node>>,
    size: usize,
    problems: Vec<Problem>,
}

type Located<'t> = (Event<'t>, Span);

impl<'t> Composer<'t> {
    fn document(&mut self) -> Result<Node, Problem> {
        let root = loop {
            match self.next()? {
                (Event::StreamStart, _) => {}
                (Event::DocumentStart(_, version), _) => {
                    if version.is_some_and(|version| (version.major, version.minor) != (1, 2)) {
                        let line = self.text.lines().position(|line| line.starts_with("%YAML"));
                        let place = Place { line: line.unwrap_or_default() + 1, column: 1 };
                        let message = "a text is read as YAML 1.2; leave the directive out";
                        self.report(&Path::Root, message, place);
                    }
                    let event = self.next()?;
                    break self.node(event, &Path::Root, 0)?;
                }
                _ => {
                    let message = format!("is empty; a {} is expected", self.holds.what());
                    return Err(Problem::new("", message, START));
                }
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentStart(..), span) => {
                    let what = self.holds.what();
                    let message = format!("a second document begins here; a text holds one {what}");
                    self.report(&Path::Root, message, place(span.start));
                    return Ok(root);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Located<'t>, Problem> {
        if self.problems.len() > MAX_PROBLEMS {
            return Err(Problem::new("", "has too many problems", START));
        }
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Err(Problem::new("", "ends too early", START)),
        }
    }

    /// Makes the node that begins with an event.
    fn node(&mut self, (event, span): Located<'t>, path: &Path<'_>, depth: usize) -> Result<Node, Problem> {
        let start = place(span.start);
        if depth > MAX_DEPTH {
            return Err(too_deep(start));
        }
        let (kind, anchor) = match event {
            Event::Alias(id) => return self.alias(id, start, path, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(text.len(), start)?;
                self.refuse_tag(tag.as_deref(), path, start);
                (self.scalar(&text, style, span, path), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.spend(0, start)?;
                self.refuse_tag(tag.as_deref(), path, start);
                (self.list(path, depth)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.spend(0, start)?;
                self.refuse_tag(tag.as_deref(), path, start);
                (self.map(path, depth)?, anchor)
            }
            _ => return Err(Problem::new(path, "a value is expected", start)),
        };
        let node = Node { place: start, kind };
        self.remember(anchor, &node)?;
        Ok(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span, path: &Path<'_>) -> Kind {
        let start = place(span.start);
        let quote = match style {
            ScalarStyle::Plain if span.is_empty() && self.is_field(path) => {
                self.report(path, "is empty; leave the field out or give a value", start);
                return Kind::Whole(Value::Null);
            }
            ScalarStyle::Plain => match resolve(text) {
                Ok(Value::String(_)) => 0,
                Ok(value) => return Kind::Whole(value),
                Err(message) => {
                    self.report(path, message, start);
                    return Kind::Whole(Value::Null);
                }
            },
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
            _ => return Kind::Whole(Value::from(text)),
        };
        let written = span.slice(self.text).and_then(|written| written.get(quote..));
        if written.is_some_and(|written| written.starts_with(text)) && !text.contains('\n') {
            return Kind::Verbatim(text.to_owned(), Place { column: start.column + quote, ..start });
        }
        Kind::Whole(Value::from(text))
    }

    fn list(&mut self, path: &Path<'_>, depth: usize) -> Result<Kind, Problem> {
        let mut elements = Vec::new();
        loop {
            let event = self.next()?;
            if event.0 == Event::SequenceEnd {
                return Ok(Kind::List(elements));
            }
            let path = path.index(elements.len());
            elements.push(self.node(event, &path, depth + 1)?);
        }
    }

    fn map(&mut self, path: &Path<'_>, depth: usize) -> Result<Kind, Problem> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let event = self.next()?;
            if event.0 == Event::MappingEnd {
                return Ok(Kind::Map(entries));
            }
            let place = place(event.1.start);
            let Some(key) = self.key(event, path, depth)? else {
                let value = self.next()?;
                self.node(value, path, depth + 1)?;
                continue;
            };
            let value = self.next()?;
            let path = path.field(&key);
            let node = self.node(value, &path, depth + 1)?;
            if let Some(line) = lines.get(&key) {
                self.report(&path, format!("is there twice, first in line {line}"), place);
                continue;
            }
            lines.insert(key.clone(), place.line);
            entries.push(Entry { key, place, node });
        }
    }

    /// Returns a key as it is written, as keys of JSON are all strings; none when it cannot be one.
    fn key(&mut self, event: Located<'t>, path: &Path<'_>, depth: usize) -> Result<Option<String>, Problem> {
        let start = place(event.1.start);
        let Event::Scalar(text, style, anchor, tag) = &event.0 else {
            self.node(event, path, depth + 1)?;
            self.report(path, "a key is a string, not an alias, a list or an object", start);
            return Ok(None);
        };
        if *style == ScalarStyle::Plain && text == "<<" {
            self.report(path, "<< merges nothing here; write the fields out", start);
            return Ok(None);
        }
        self.spend(text.len(), start)?;
        let key = text.to_string();
        self.refuse_tag(tag.as_deref(), &path.field(&key), start);
        let node = Node { place: start, kind: Kind::Whole(Value::from(key.as_str())) };
        self.remember(*anchor, &node)?;
        Ok(Some(key))
    }

    fn alias(&mut self, id: usize, start: Place, path: &Path<'_>, depth: usize) -> Result<Node, Problem> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Problem::new(path, "is an alias of what it is a part of", start));
        };
        if depth + node.depth() > MAX_DEPTH {
            return Err(too_deep(start));
        }
        let node = Rc::clone(node);
        self.spend(node.size(), start)?;
        Ok(Node { place: start, kind: node.kind.clone() })
    }

    /// Keeps what an anchor names for its aliases.
    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), Problem> {
        if anchor != 0 {
            // It is a copy too, and anchors may stand within each other.
            self.spend(node.size(), node.place)?;
            self.anchors.insert(anchor, Rc::new(node.clone()));
        }
        Ok(())
    }

    /// Counts a node and the bytes of its text.
    fn spend(&mut self, bytes: usize, start: Place) -> Result<(), Problem> {
        self.size += NODE + bytes;
        if self.size > MAX_SIZE * self.holds.documents() {
            let what = self.holds.what();
            let message =
                format!("the text, or what anchors and aliases make of it, has more values than any {what}");
            return Err(Problem::new("", message, start));
        }
        Ok(())
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, path: &Path<'_>, start: Place) {
        if let Some(tag) = tag {
            let tag = shown(&tag.original(), MAX_SHOWN);
            let message = format!("the tag {tag} means nothing here; quote what is a string");
            self.report(path, message, start);
        }
    }

    /// Returns whether this is a field of the document's own, not of a value that people choose.
    fn is_field(&self, path: &Path<'_>) -> bool {
        match self.holds {
            Holds::Config => is_field(path, |around| matches!(around, Path::Field(Path::Root, "variants"))),
            Holds::Manifest => {
                is_field(path, |around| matches!(around, Path::Field(_, "variants" | "allowedValues")))
            }
        }
    }

    fn report(&mut self, path: &Path<'_>, message: impl Into<String>, place: Place) {
        // A path can be as long as the text, so none is built in vain.
        if self.problems.len() <= MAX_PROBLEMS {
            self.problems.push(Problem::new(path, message, place));
        }
    }
}

/// Returns whether this is a field, and not in anything that holds values.
fn is_field(path: &Path<'_>, holds_values: impl Fn(&Path<'_>) -> bool) -> bool {
    let &Path::Field(mut around, _) = path else {
        return false;
    };
    while let &(Path::Field(parent, _) | Path::Index(parent, _)) = around {
        if holds_values(around) {
            return false;
        }
        around = parent;
    }
    true
}

fn place(marker: Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

/// Tells no path, which would be as long as it is deep.
fn too_deep(place: Place) -> Problem {
    Problem::new("", format!("lists and mappings nest deeper than {MAX_DEPTH} here"), place)
}

fn not_yaml(error: &ScanError) -> Problem {
    Problem::new("", format!("is not YAML: {}", shown(&error.info(), MAX_INFO)), place(*error.marker()))
}
