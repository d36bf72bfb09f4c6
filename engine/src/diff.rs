//! What changed between two documents, in the words that people see everywhere a change is shown.

mod matching;
mod words;

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use self::words::{
    criterion_path, criterion_text, dependency_text, position_text, rollout_text, variant_text, when_text,
};
use crate::config::{Criterion, Dependency, FlagConfig, is_false};
use crate::expression::print_split;
use crate::hidden::{escape, escape_json};
use crate::movement::{Deciding, criterion_movement, reshuffles};
use crate::number::write_json;
use crate::path::Path;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiffEntry {
    /// What happened.
    pub kind: DiffKind,
    /// To what, such as `variants.control` or `criteria["US split"].rollout`.
    pub path: String,
    /// How it was, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The percentage of the units that a criterion matches which get another variant, when it can be told.
    ///
    /// It is that of the whole criterion, once: with its `split` when that changed, else its `rollout`, else its `serve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<f64>,
    /// Whether units fall into other buckets, so that who gets what is drawn anew.
    ///
    /// A diff does not know the feature: a salt that is written out, where there was none, counts as another one even if
    /// it is the feature's key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reshuffles: bool,
}

/// What happened to a part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiffKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
    /// It is the same, or nearly, in another position.
    Moved,
}

/// Returns what changes from one document to the other; nothing when they mean the same.
pub fn diff(before: Option<&FlagConfig>, after: &FlagConfig) -> Vec<DiffEntry> {
    let mut changes = Changes::default();
    let after = after.clone().into_canonical();
    let Some(before) = before else {
        let nothing = FlagConfig {
            default: None,
            off: None,
            variants: Default::default(),
            ..FlagConfig::simple(false)
        };
        changes.field("enabled", None, Some(&after.enabled), bool::to_string);
        changes.variants(&nothing, &after);
        changes.field("default", None, Some(&after.default), variant_text);
        changes.field("off", None, Some(&after.off), variant_text);
        changes.optional_fields(&nothing, &after);
        return changes.0;
    };
    let before = before.clone().into_canonical();
    changes.boolean("enabled", before.enabled, after.enabled);
    changes.variants(&before, &after);
    for (path, before, after) in
        [("default", &before.default, &after.default), ("off", &before.off, &after.off)]
    {
        changes.field(path, Some(before), Some(after), variant_text);
    }
    changes.optional_fields(&before, &after);
    changes.0
}

/// Returns what goes when a document is served no more.
pub fn removed(before: &FlagConfig) -> Vec<DiffEntry> {
    let gone =
        |entry: DiffEntry| DiffEntry { kind: DiffKind::Removed, before: entry.after, after: None, ..entry };
    diff(None, before).into_iter().map(gone).collect()
}

/// The differences found so far.
#[derive(Default)]
struct Changes(Vec<DiffEntry>);

impl Changes {
    fn optional_fields(&mut self, before: &FlagConfig, after: &FlagConfig) {
        self.field("salt", before.salt.as_ref(), after.salt.as_ref(), String::clone);
        self.boolean("sticky", before.sticky, after.sticky);
        self.boolean("clientSide", before.client_side, after.client_side);
        self.dependencies(&before.depends_on, &after.depends_on);
        self.criteria(before, after);
    }

    fn variants(&mut self, before: &FlagConfig, after: &FlagConfig) {
        let keys: BTreeSet<_> = before.variants.keys().chain(after.variants.keys()).collect();
        let variants = Path::Root.field("variants");
        for key in keys {
            let (before, after) = (before.variants.get(key), after.variants.get(key));
            self.field(variants.field(key), before, after, |value| escape_json(&write_json(value)));
        }
    }

    fn dependencies(&mut self, before: &[Dependency], after: &[Dependency]) {
        let path = |dependency: &Dependency| format!("dependsOn[{:?}]", dependency.feature);
        let pairs = matching::pair(before, after, &[|a: &Dependency, b: &Dependency| a.feature == b.feature]);
        for index in pairs.removed() {
            let dependency = &before[index];
            self.field(path(dependency), Some(dependency), None, dependency_text);
        }
        for (old, new) in pairs.in_new_order() {
            let dependency = &after[new];
            self.field(path(dependency), old.map(|old| &before[old]), Some(dependency), dependency_text);
            self.moved(path(dependency), pairs.moved(new), new);
        }
    }

    fn criteria(&mut self, before: &FlagConfig, after: &FlagConfig) {
        let (olds, news) = (&before.criteria, &after.criteria);
        let pairs = matching::pair(olds, news, matching::CRITERIA);
        for index in pairs.removed() {
            let text = |criterion: &Criterion| criterion_text(criterion, index);
            self.field(criterion_path(olds, index), Some(&olds[index]), None, text);
        }
        for (old, new) in pairs.in_new_order() {
            let (path, now) = (criterion_path(news, new), &news[new]);
            match old {
                None => self.field(path, None, Some(now), |criterion| criterion_text(criterion, new)),
                Some(old) => {
                    self.moved(path.clone(), pairs.moved(new), new);
                    let now = Deciding { config: after, criterion: now };
                    self.criterion(&path, Deciding { config: before, criterion: &olds[old] }, now);
                }
            }
        }
    }

    fn criterion(&mut self, path: &str, before: Deciding<'_>, after: Deciding<'_>) {
        let own = |name| format!("{path}.{name}");
        let (old, new) = (before.criterion, after.criterion);
        self.field(own("name"), old.name.as_ref(), new.name.as_ref(), String::clone);
        self.field(own("when"), Some(&old.when), Some(&new.when), when_text);
        self.field(own("rollout"), Some(&old.rollout), Some(&new.rollout), rollout_text);
        self.field(own("bucketBy"), Some(old.bucket_key()), Some(new.bucket_key()), str::to_owned);
        self.field(own("serve"), old.serve.as_ref(), new.serve.as_ref(), String::clone);
        let split = |criterion: &'_ Criterion| (!criterion.split.is_empty()).then(|| criterion.split.clone());
        self.field(own("split"), split(old).as_ref(), split(new).as_ref(), |split| print_split(split));
        self.count_movement(path, before, after);
    }

    /// Says whom a criterion moves, in the entries that do it.
    fn count_movement(&mut self, path: &str, before: Deciding<'_>, after: Deciding<'_>) {
        let own = |name| format!("{path}.{name}");
        if reshuffles(before, after) {
            let causes = ["salt".to_owned(), own("bucketBy")];
            for entry in self.0.iter_mut().filter(|entry| causes.contains(&entry.path)) {
                entry.reshuffles = true;
            }
        }
        let effects = ["split", "rollout", "serve"].map(own);
        let first = effects.iter().find_map(|path| self.0.iter().position(|entry| entry.path == *path));
        if let Some(first) = first {
            self.0[first].movement = criterion_movement(before, after);
        }
    }

    fn boolean(&mut self, path: &str, before: bool, after: bool) {
        self.field(path, Some(&before), Some(&after), bool::to_string);
    }

    /// Adds an entry when the values differ, whatever their texts.
    fn field<T: PartialEq + Serialize + ?Sized>(
        &mut self,
        path: impl Display,
        before: Option<&T>,
        after: Option<&T>,
        text: impl Fn(&T) -> String,
    ) {
        let kind = match (before, after) {
            (before, after) if before == after => return,
            (None, _) => DiffKind::Added,
            (_, None) => DiffKind::Removed,
            _ => DiffKind::Changed,
        };
        let mut texts = [before, after].map(|value| value.map(&text));
        // No wording hides a difference.
        if texts[0] == texts[1] {
            texts = [before, after].map(|value| value.map(|value| escape_json(&write_json(&value))));
        }
        let [before, after] = texts;
        self.push(kind, path, before, after);
    }

    fn moved(&mut self, path: String, from: Option<usize>, to: usize) {
        if let Some(from) = from {
            let position = |index| Some(position_text(index));
            self.push(DiffKind::Moved, path, position(from), position(to));
        }
    }

    fn push(&mut self, kind: DiffKind, path: impl Display, before: Option<String>, after: Option<String>) {
        let path = escape(&path.to_string());
        let [before, after] = [before, after].map(|text| text.map(|text| escape(&text)));
        self.0.push(DiffEntry { kind, path, before, after, movement: None, reshuffles: false });
    }
}
