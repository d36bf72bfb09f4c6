//! What became of a rule: its conditions, then its buckets.

use fluxgate_engine::{BucketBy, CriterionOutcome, CriterionStep, RolloutTrace, SplitTrace};

use super::condition;
use super::rows::Row;
use crate::output::Tone;

/// All buckets.
const BUCKETS: u32 = 100_000;

/// Returns the rows of a rule; `result` is what was decided, should it have decided.
pub(super) fn rows(step: &CriterionStep, result: &str, indent: usize) -> Vec<Row> {
    let name = step.name.as_deref().unwrap_or("(no name)");
    let title = format!("{} {name}", step.index + 1);
    if step.outcome == CriterionOutcome::NotReached {
        let row = Row::new(indent + 2).and(Tone::Dim, title);
        return vec![row.note(Tone::Dim, "not reached")];
    }
    let matched = step.outcome == CriterionOutcome::Matched;
    let mut rows = vec![Row::new(indent).mark(matched).and(Tone::Strong, title)];
    match &step.when {
        Some(when) => rows.extend(condition::rows(when, indent + 4)),
        None => rows.push(Row::new(indent + 4).mark(true).and(Tone::Plain, "everyone")),
    }
    if matched {
        rows.extend(decision(step, result, indent + 4));
    }
    rows
}

/// Returns what a rule that matched did.
fn decision(step: &CriterionStep, result: &str, indent: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let place = step.bucket_by.as_ref();
    if let Some(BucketBy { key, unit: None }) = place {
        let row = Row::new(indent).mark(false).and(Tone::Plain, format!("bucket by {key}"));
        let row = row.note(Tone::Plain, format!("{key} is missing, empty, a list or an object"));
        return vec![row.decides(result)];
    }
    let unit = place.map_or_else(String::new, unit);
    if let Some(rollout) = &step.rollout {
        let row = rollout_row(rollout, &unit, indent);
        if !rollout.taken_in {
            return vec![row.decides(result)];
        }
        rows.push(row);
    }
    if let Some(variant) = &step.serve {
        rows.push(Row::new(indent + 2).and(Tone::Plain, format!("serve {variant}")).decides(result));
    }
    if let Some(split) = &step.split {
        rows.extend(split_rows(split, &unit, result, indent + 2));
    }
    rows
}

/// Names what the buckets are made of.
fn unit(by: &BucketBy) -> String {
    let unit = by.unit.as_deref().unwrap_or_default();
    match by.key.as_str() {
        "targetingKey" => unit.to_owned(),
        key => format!("{key} {unit}"),
    }
}

fn rollout_row(rollout: &RolloutTrace, unit: &str, indent: usize) -> Row {
    let fine = is_fine([rollout.threshold]);
    let row = Row::new(indent).mark(rollout.taken_in);
    let row = row.and(Tone::Plain, format!("rollout {} %", f64::from(rollout.threshold) / 1_000.0));
    let taken = if rollout.taken_in { "taken in" } else { "left out" };
    row.note(Tone::Plain, format!("{unit} is at {}, {taken}", percent(rollout.bucket, fine)))
}

fn split_rows(split: &SplitTrace, unit: &str, result: &str, indent: usize) -> Vec<Row> {
    let fine = is_fine(split.shares.iter().map(|share| share.upto));
    let at = format!("{unit} is at {}", percent(split.bucket, fine));
    let rest = split.shares.last().map_or(0, |share| share.upto);
    let names = split.shares.iter().map(|share| share.variant.chars().count());
    let width = names.chain([if rest < BUCKETS { 4 } else { 0 }]).max().unwrap_or_default();
    let digits = if fine { 7 } else { 6 };
    let kept = split.kept.as_ref().is_some_and(|kept| kept.decided);
    let row = |index: usize, name: &str, (from, upto): (u32, u32)| {
        let label = if index == 0 { "split" } else { "" };
        let (from, upto) = (percent(from, fine), percent(upto, fine));
        let row = Row::new(indent)
            .and(Tone::Plain, format!("{label:<6}{name:<width$}  {from:>digits$} .. {upto:>digits$}"));
        if (from_of(split, index)..upto_of(split, index)).contains(&split.bucket) {
            row.note(Tone::Plain, at.clone())
        } else {
            row
        }
    };
    let mut rows = Vec::new();
    for (index, share) in split.shares.iter().enumerate() {
        let mut row = row(index, &share.variant, (share.from, share.upto));
        if share.chosen && kept {
            row = row.note(Tone::Plain, "kept from before");
        }
        rows.push(if share.chosen { row.decides(result) } else { row });
    }
    if rest < BUCKETS {
        let row = row(split.shares.len(), "rest", (rest, BUCKETS));
        let is_chosen = split.shares.iter().all(|share| !share.chosen);
        rows.push(if is_chosen { row.decides(result) } else { row });
    }
    rows
}

/// Returns the first bucket of a share; past the last, of the rest.
fn from_of(split: &SplitTrace, index: usize) -> u32 {
    let share = split.shares.get(index).map(|share| share.from);
    share.unwrap_or_else(|| split.shares.last().map_or(0, |share| share.upto))
}

fn upto_of(split: &SplitTrace, index: usize) -> u32 {
    split.shares.get(index).map_or(BUCKETS, |share| share.upto)
}

/// Returns whether two decimals are not enough to tell where something ends.
fn is_fine(ends: impl IntoIterator<Item = u32>) -> bool {
    ends.into_iter().any(|end| !end.is_multiple_of(10))
}

/// Returns thousandths of a percent as a percentage, cut and never rounded up: it would seem to be in the next share.
fn percent(thousandths: u32, fine: bool) -> String {
    let (whole, part) = (thousandths / 1_000, thousandths % 1_000);
    match fine {
        true => format!("{whole}.{part:03}"),
        false => format!("{whole}.{:02}", part / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_bucket_is_never_shown_in_the_next_share() {
        assert_eq!(percent(89_999, false), "89.99");
        assert_eq!(percent(33_333, true), "33.333");
        assert_eq!(percent(7, false), "0.00");
    }
}
