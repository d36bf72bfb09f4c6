//! Writes the canonical YAML: block form, two spaces a level, a text where a file may have one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parse::MAX_TEXT;
use super::scalar::{needs_escape, write_short_text, write_text};
use crate::condition::Match;
use crate::config::{Criterion, Dependency, FlagConfig, Split};
use crate::expression::{parse, parse_split, print_split};
use crate::number::{json_number, write_json};

/// How many characters may a list of scalars have to stand in one line?
const MAX_LINE: usize = 80;

/// How many characters may a key have without the `?` that YAML wants before longer ones?
const MAX_KEY: usize = 1000;

/// How many lists and mappings may stand around one that is not written in one line?
const MAX_BLOCKS: usize = 10;

/// How many where a document would become longer than what is read? Enough to have each criterion below the other.
const FEW_BLOCKS: usize = 2;

/// What is written, its fields in their order.
pub(super) enum Tree {
    Scalar(Value),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// What stands behind a key or a dash: something in the same line, and lines below it.
struct Block {
    head: Option<String>,
    lines: Vec<String>,
}

/// Writes a document that has the canonical form.
pub(super) fn write(config: &FlagConfig) -> String {
    let tree = config_tree(config);
    // Each level of blocks indents all lines within it, which can make of one byte a line of sixty.
    let text = write_tree(&tree, MAX_BLOCKS);
    if text.len() > MAX_TEXT { write_tree(&tree, FEW_BLOCKS) } else { text }
}

/// Writes a tree.
pub(super) fn write_manifest(tree: &Tree) -> String {
    write_tree(tree, MAX_BLOCKS)
}

fn write_tree(tree: &Tree, blocks: usize) -> String {
    let mut text = String::new();
    for line in block(tree, blocks).lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// A mapping that leaves out what is absent.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Tree)>);

impl Fields {
    pub(super) fn with(mut self, name: &str, tree: impl Into<Option<Tree>>) -> Self {
        self.0.extend(tree.into().map(|tree| (name.to_owned(), tree)));
        self
    }

    pub(super) fn with_list<T>(self, name: &str, elements: &[T], tree: fn(&T) -> Tree) -> Self {
        let list = (!elements.is_empty()).then(|| Tree::List(elements.iter().map(tree).collect()));
        self.with(name, list)
    }

    /// Adds what a document may leave out.
    pub(super) fn with_rest(self, config: &FlagConfig) -> Self {
        self.with("salt", text(&config.salt))
            .with("sticky", flag(config.sticky))
            .with("clientSide", flag(config.client_side))
            .with_list("dependsOn", &config.depends_on, dependency_tree)
            .with_list("criteria", &config.criteria, criterion_tree)
    }

    pub(super) fn into_tree(self) -> Tree {
        Tree::Map(self.0)
    }
}

fn config_tree(config: &FlagConfig) -> Tree {
    let variants = variants_tree(&config.variants);
    let variant = |key: &Option<String>| text(key).unwrap_or(Tree::Scalar(Value::Null));
    Fields::default()
        .with("enabled", Tree::Scalar(Value::Bool(config.enabled)))
        .with("variants", variants)
        .with("default", variant(&config.default))
        .with("off", variant(&config.off))
        .with_rest(config)
        .into_tree()
}

pub(super) fn variants_tree(variants: &BTreeMap<String, Value>) -> Tree {
    Tree::Map(variants.iter().map(|(key, value)| (key.clone(), Tree::from(value))).collect())
}

fn dependency_tree(dependency: &Dependency) -> Tree {
    let Dependency { feature, variants } = dependency;
    Fields::default()
        .with("feature", string(feature))
        .with_list("variants", variants, |variant| string(variant))
        .into_tree()
}

fn criterion_tree(criterion: &Criterion) -> Tree {
    let Criterion { name, when, rollout, bucket_by, serve, split } = criterion;
    Fields::default()
        .with("name", text(name))
        .with("when", when.as_ref().map(when_tree))
        .with("rollout", rollout.map(|percent| Tree::Scalar(json_number(percent))))
        .with("bucketBy", text(bucket_by))
        .with("serve", text(serve))
        .with("split", (!split.is_empty()).then(|| split_tree(split)))
        .into_tree()
}

/// Writes the expression; a tree that no document may have might not have one that reads back.
fn when_tree(when: &Match) -> Tree {
    let expression = when.to_string();
    if parse(&expression).as_ref() == Ok(when) {
        return string(&expression);
    }
    // Only a map with keys that are no strings could fail, and a tree has none.
    Tree::from(&serde_json::to_value(when).unwrap_or_default())
}

fn split_tree(split: &[Split]) -> Tree {
    let shares = print_split(split);
    if parse_split(&shares).as_deref() == Ok(split) {
        return string(&shares);
    }
    let share = |share: &Split| {
        Fields::default()
            .with("variant", string(&share.variant))
            .with("weight", Tree::Scalar(json_number(share.weight)))
            .into_tree()
    };
    Tree::List(split.iter().map(share).collect())
}

pub(super) fn string(text: &str) -> Tree {
    Tree::Scalar(Value::from(text))
}

pub(super) fn text(text: &Option<String>) -> Option<Tree> {
    text.as_deref().map(string)
}

pub(super) fn flag(is_set: bool) -> Option<Tree> {
    is_set.then_some(Tree::Scalar(Value::Bool(true)))
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(elements) => Self::List(elements.iter().map(Self::from).collect()),
            Value::Object(fields) => {
                Self::Map(fields.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

/// Writes a tree, with so many blocks within each other below it.
fn block(tree: &Tree, blocks: usize) -> Block {
    let inner = blocks.saturating_sub(1);
    match tree {
        Tree::Scalar(Value::String(text)) => literal(text).unwrap_or_else(|| Block::head(write_text(text))),
        Tree::Scalar(scalar) => Block::head(write_json(scalar)),
        Tree::Map(entries) if entries.is_empty() => Block::head("{}".to_owned()),
        Tree::Map(_) if blocks == 0 => Block::head(flow(tree)),
        Tree::Map(entries) => {
            let lines = entries.iter().flat_map(|(key, value)| entry(key, block(value, inner)));
            Block { head: None, lines: lines.collect() }
        }
        Tree::List(elements) => short_list(elements).map_or_else(
            || {
                if blocks == 0 {
                    return Block::head(flow(tree));
                }
                let lines = elements.iter().flat_map(|element| item(block(element, inner)));
                Block { head: None, lines: lines.collect() }
            },
            Block::head,
        ),
    }
}

/// Writes a tree in one line.
fn flow(tree: &Tree) -> String {
    match tree {
        Tree::Scalar(Value::String(text)) => write_short_text(text),
        Tree::Scalar(scalar) => write_json(scalar),
        Tree::List(elements) => {
            format!("[{}]", elements.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Tree::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = write_short_text(key);
                let mark = if key.len() > MAX_KEY { "? " } else { "" };
                format!("{mark}{key}: {}", flow(value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Writes a list of scalars in one line, if it fits.
fn short_list(elements: &[Tree]) -> Option<String> {
    let scalars = elements.iter().map(|element| match element {
        Tree::Scalar(Value::String(text)) => Some(write_short_text(text)),
        Tree::Scalar(scalar) => Some(write_json(scalar)),
        Tree::List(_) | Tree::Map(_) => None,
    });
    let list = format!("[{}]", scalars.collect::<Option<Vec<_>>>()?.join(", "));
    (list.chars().count() <= MAX_LINE).then_some(list)
}

/// Writes a text of several lines as such, unless YAML would not give it back as it is.
fn literal(text: &str) -> Option<Block> {
    let (body, head) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let is_safe = |line: &str| !line.ends_with(' ') && !line.chars().any(needs_escape);
    let is_literal = text.contains('\n') && !text.starts_with([' ', '\n']) && !body.ends_with('\n');
    (is_literal && body.split('\n').all(is_safe))
        .then(|| Block { head: Some(head.to_owned()), lines: body.split('\n').map(str::to_owned).collect() })
}

fn entry(key: &str, value: Block) -> Vec<String> {
    let key = write_short_text(key);
    let is_long = key.len() > MAX_KEY;
    let mut lines = if is_long { vec![format!("? {key}"), ":".to_owned()] } else { vec![format!("{key}:")] };
    if let (Some(line), Some(head)) = (lines.last_mut(), value.head) {
        line.push(' ');
        line.push_str(&head);
    }
    lines.extend(value.lines.into_iter().map(indent));
    lines
}

fn item(value: Block) -> Vec<String> {
    let mut lines: Vec<_> = value.lines.into_iter().map(indent).collect();
    match (value.head, lines.first_mut()) {
        (Some(head), _) => lines.insert(0, format!("- {head}")),
        (None, Some(first)) => first.replace_range(..1, "-"),
        (None, None) => {}
    }
    lines
}

fn indent(line: String) -> String {
    if line.is_empty() { line } else { format!("  {line}") }
}

impl Block {
    fn head(text: String) -> Self {
        Self { head: Some(text), lines: Vec::new() }
    }
}
