//! Which features need which: the order in which they are made, and those that have to change at once.

use std::collections::{BTreeMap, BTreeSet};

use fluxgate_engine::FlagConfig;

use super::plan::{Edit, Item, feature};

/// Returns the keys that documents depend on.
fn needed<'c>(configs: impl Iterator<Item = &'c FlagConfig>) -> BTreeSet<String> {
    configs.flat_map(|config| &config.depends_on).map(|needed| needed.feature.clone()).collect()
}

/// Returns the keys of the features that one is to depend on.
fn needs(item: &Item) -> BTreeSet<String> {
    let after = item.after.as_ref().and_then(feature);
    after.map(|after| needed(after.stages.values())).unwrap_or_default()
}

/// Returns features so that each stands behind those that it needs, as far as they are among them.
pub(super) fn in_order<'i>(items: &[&'i Item]) -> Vec<&'i Item> {
    let keys: Vec<&str> = items.iter().map(|item| item.reference.key.as_str()).collect();
    let order = sorted(&keys, &items.iter().map(|item| needs(item)).collect::<Vec<_>>());
    order.into_iter().map(|index| items[index]).collect()
}

/// Divides features that stand in order into those that can be made at once: each needs only what is in a wave before its own.
pub(super) fn waves<'i>(in_order: &[&'i Item]) -> Vec<Vec<&'i Item>> {
    let mut waves: Vec<Vec<&Item>> = Vec::new();
    let mut wave_of: BTreeMap<&str, usize> = BTreeMap::new();
    for item in in_order {
        let before = needs(item).iter().filter_map(|key| wave_of.get(key.as_str())).max().copied();
        let wave = before.map_or(0, |before| before + 1);
        wave_of.insert(&item.reference.key, wave);
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        waves[wave].push(item);
    }
    waves
}

/// Returns features so that each stands before those that it needs, by what is live.
pub(super) fn dependents_first<'i>(items: &[&'i Item]) -> Vec<&'i Item> {
    let needs = |item: &Item| {
        let before = item.before.as_ref().and_then(|before| feature(&before.manifest));
        before.map(|before| needed(before.stages.values())).unwrap_or_default()
    };
    let keys: Vec<&str> = items.iter().map(|item| item.reference.key.as_str()).collect();
    let order = sorted(&keys, &items.iter().map(|item| needs(item)).collect::<Vec<_>>());
    order.into_iter().rev().map(|index| items[index]).collect()
}

/// Divides edits of one environment into those that have to happen at once: features that depend on each other, directly
/// or through others among them. Within a part each stands behind those that it needs.
pub(super) fn together<'p>(
    edits: &[Edit<'p>],
    was: impl Fn(&str) -> Option<&'p FlagConfig>,
) -> Vec<Vec<Edit<'p>>> {
    let keys: Vec<&str> = edits.iter().map(|edit| edit.feature).collect();
    let new: Vec<BTreeSet<String>> = edits.iter().map(|edit| needed(std::iter::once(edit.config))).collect();
    let place: BTreeMap<&str, usize> = keys.iter().enumerate().map(|(index, key)| (*key, index)).collect();
    let mut part: Vec<usize> = (0..edits.len()).collect();
    for (index, edit) in edits.iter().enumerate() {
        let old = needed(was(edit.feature).into_iter());
        for other in new[index].union(&old).filter_map(|key| place.get(key.as_str())) {
            let (a, b) = (root(&part, index), root(&part, *other));
            part[a.max(b)] = a.min(b);
        }
    }
    let mut parts: BTreeMap<usize, Vec<Edit<'p>>> = BTreeMap::new();
    for index in sorted(&keys, &new) {
        parts.entry(root(&part, index)).or_default().push(edits[index].clone());
    }
    parts.into_values().collect()
}

fn root(part: &[usize], mut index: usize) -> usize {
    while part[index] != index {
        index = part[index];
    }
    index
}

/// Returns the indexes so that each stands behind what it needs; where that goes in a circle, somewhere.
fn sorted(keys: &[&str], needs: &[BTreeSet<String>]) -> Vec<usize> {
    let place: BTreeMap<&str, usize> = keys.iter().enumerate().map(|(index, key)| (*key, index)).collect();
    let mut missing: Vec<usize> = Vec::new();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); keys.len()];
    for (index, needs) in needs.iter().enumerate() {
        let among: Vec<usize> = needs.iter().filter_map(|key| place.get(key.as_str()).copied()).collect();
        missing.push(among.len());
        among.into_iter().for_each(|other| followers[other].push(index));
    }
    let mut ready: BTreeSet<usize> = (0..keys.len()).filter(|index| missing[*index] == 0).collect();
    let mut order = Vec::with_capacity(keys.len());
    let mut left: BTreeSet<usize> = (0..keys.len()).collect();
    while let Some(index) = ready.pop_first().or_else(|| left.first().copied()) {
        if !left.remove(&index) {
            continue;
        }
        order.push(index);
        for follower in &followers[index] {
            missing[*follower] = missing[*follower].saturating_sub(1);
            if missing[*follower] == 0 {
                ready.insert(*follower);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::{FlagConfig, read_manifests};
    use serde_json::json;

    use super::super::reference::Reference;
    use super::{Edit, Item, in_order, together, waves};

    fn config(needs: &[&str]) -> FlagConfig {
        let needs: Vec<_> = needs.iter().map(|key| json!({"feature": key})).collect();
        serde_json::from_value(
            json!({"enabled": true, "variants": {"on": true}, "default": "on", "off": null,
            "dependsOn": needs}),
        )
        .unwrap()
    }

    #[test]
    fn those_that_need_each_other_change_at_once() {
        let wanted = [
            ("a", config(&["d"])),
            ("b", config(&[])),
            ("c", config(&["elsewhere"])),
            ("d", config(&["e"])),
            ("e", config(&[])),
        ];
        let before = config(&["b"]);
        let edit = |(feature, config): &'static (&'static str, FlagConfig)| Edit {
            feature,
            environment: "dev",
            config,
            base: None,
        };
        let wanted: &'static [_] = Box::leak(Box::new(wanted));
        let before: &'static FlagConfig = Box::leak(Box::new(before));
        // b is needed by what e was.
        let parts =
            together(&wanted.iter().map(edit).collect::<Vec<_>>(), |key| (key == "e").then_some(before));
        let keys: Vec<Vec<&str>> =
            parts.iter().map(|part| part.iter().map(|edit| edit.feature).collect()).collect();
        assert_eq!(keys, [vec!["b", "e", "d", "a"], vec!["c"]]);
    }

    #[test]
    fn what_is_needed_is_in_an_earlier_wave() {
        let item = |(key, needs): &(&str, &[&str])| {
            let needs: Vec<String> = needs.iter().map(|key| format!("{{feature: {key}}}")).collect();
            let text = format!(
                "apiVersion: fluxgate/v1\nkind: Feature\nmetadata: {{key: {key}}}\nspec:\n  kind: SIMPLE\n  \
                 stages: {{dev: {{enabled: true, dependsOn: [{}]}}}}\n",
                needs.join(", ")
            );
            let mut file = read_manifests(&text);
            assert!(file.problems.is_empty(), "{:?}", file.problems);
            let after = Some(file.documents.remove(0).manifest);
            Item { reference: Reference::feature(key), before: None, after, differences: Vec::new() }
        };
        // d and e need each other, which the server refuses; they are asked for all the same.
        let wanted: [(&str, &[&str]); 6] = [
            ("a", &["c", "b"]),
            ("b", &["c"]),
            ("c", &["elsewhere"]),
            ("d", &["e"]),
            ("e", &["d"]),
            ("f", &[]),
        ];
        let items: Vec<Item> = wanted.iter().map(item).collect();
        let items: Vec<&Item> = items.iter().collect();
        let waves = waves(&in_order(&items));
        let keys: Vec<Vec<&str>> =
            waves.iter().map(|wave| wave.iter().map(|item| item.reference.key.as_str()).collect()).collect();
        assert_eq!(keys, [vec!["c", "f", "d"], vec!["b", "e"], vec!["a"]]);
    }
}
