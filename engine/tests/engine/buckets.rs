//! Buckets as statistics: even, weighted as asked for, and independent of each other, over a million keys of each kind.
//!
//! The keys are fixed, so each test gives the same χ² whenever it runs: with the bounds below it never fails by chance.

use std::fmt::Write;

use fluxgate_engine::{Context, Criterion, Flag, FlagConfig, Reason, Split, bucket};

use crate::alone::{alone, served};
use crate::strategies::percent;

const KEYS: u32 = 1_000_000;

/// All buckets: thousandths of a percent.
const WHOLE: u32 = 100_000;

/// Into how many rows and columns does a table of two buckets divide them?
const SIDE: usize = 50;

/// The point of the normal distribution that a millionth lies beyond (Abramowitz and Stegun, table 26.6).
const Z: f64 = 4.753_424;

/// Returns what χ² exceeds in one of a million fair draws, or falls below with `z` negated.
///
/// By the cube root that Wilson and Hilferty found: "The Distribution of Chi-Square", PNAS 17 (1931).
fn chi_square_bound(degrees: usize, z: f64) -> f64 {
    let degrees = degrees as f64;
    let part = 2.0 / (9.0 * degrees);
    degrees * (1.0 - part + z * part.sqrt()).max(0.0).powi(3)
}

/// Fails when the counts are further from what is expected, or nearer to it, than a millionth of all fair draws.
fn check_counts(what: &str, degrees: usize, counts: impl Iterator<Item = (u32, f64)>) {
    let distance = |(count, expected): (u32, f64)| (f64::from(count) - expected).powi(2) / expected;
    let sum: f64 = counts.map(distance).sum();
    let (low, high) = (chi_square_bound(degrees, -Z), chi_square_bound(degrees, Z));
    assert!((low..=high).contains(&sum), "{what}: χ² is {sum:.1}, not within {low:.1} to {high:.1}");
}

/// Fails when a part of equally likely cells is favoured.
fn check_even(what: &str, counts: &[u32]) {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    check_counts(what, counts.len() - 1, counts.iter().map(|count| (*count, expected)));
}

/// How often each two buckets come together, in `SIDE` rows and columns.
struct Table(Vec<u32>);

impl Table {
    fn new() -> Self {
        Self(vec![0; SIDE * SIDE])
    }

    fn add(&mut self, row: u32, column: u32) {
        let part = |bucket: u32| bucket as usize * SIDE / WHOLE as usize;
        self.0[part(row) * SIDE + part(column)] += 1;
    }

    /// Fails when a row says anything about the column.
    fn check_independent(&self, what: &str) {
        let sum = |line: &mut dyn Iterator<Item = &u32>| f64::from(line.sum::<u32>());
        let rows: Vec<f64> = self.0.chunks(SIDE).map(|row| sum(&mut row.iter())).collect();
        let columns: Vec<f64> = (0..SIDE).map(|at| sum(&mut self.0.iter().skip(at).step_by(SIDE))).collect();
        let all: f64 = rows.iter().sum();
        let cells = self.0.iter().enumerate();
        let cells = cells.map(|(at, count)| (*count, rows[at / SIDE] * columns[at % SIDE] / all));
        check_counts(what, (SIDE - 1) * (SIDE - 1), cells);
    }
}

/// Writes the unit of a number.
type Kind = fn(u32, &mut String) -> std::fmt::Result;

fn integer(number: u32, unit: &mut String) -> std::fmt::Result {
    write!(unit, "{number}")
}

fn uuid(number: u32, unit: &mut String) -> std::fmt::Result {
    let (high, low) = (mixed(u64::from(number) * 2), mixed(u64::from(number) * 2 + 1));
    write!(unit, "{:08x}-{:04x}-4{:03x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff)?;
    write!(unit, "-{:04x}-{:012x}", 0x8000 | (low >> 50), low & 0xffff_ffff_ffff)
}

/// Mixes a counter as Steele's SplitMix64 does.
fn mixed(counter: u64) -> u64 {
    let mut bits = counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn email(number: u32, unit: &mut String) -> std::fmt::Result {
    const FIRST: [&str; 8] = ["ann", "bob", "chen", "dmitri", "eve", "fatima", "george", "hana"];
    const LAST: [&str; 5] = ["smith", "garcia", "ivanov", "li", "o.brien"];
    const DOMAIN: [&str; 4] = ["example.com", "corp.example", "mail.example.org", "example.co.uk"];
    let index = number as usize;
    let (first, last, domain) = (FIRST[index % 8], LAST[index / 8 % 5], DOMAIN[index / 40 % 4]);
    write!(unit, "{first}.{last}{}@{domain}", number / 160)
}

fn base36(mut number: u32, unit: &mut String) -> std::fmt::Result {
    loop {
        unit.push(char::from_digit(number % 36, 36).unwrap());
        number /= 36;
        if number == 0 {
            return Ok(());
        }
    }
}

fn long_prefix(number: u32, unit: &mut String) -> std::fmt::Result {
    unit.push_str("eu-central-1/organisations/5f0c3ab1/users/");
    write!(unit, "{number:07}")
}

fn non_ascii(number: u32, unit: &mut String) -> std::fmt::Result {
    let letter = |first: char, place: u32| char::from_u32(u32::from(first) + place).unwrap();
    unit.push(letter('가', number / 1000));
    unit.push(letter('一', number % 1000));
    Ok(())
}

/// Weights in thousandths of a percent; what is left of the whole is served the default.
const SPLITS: &[&[u32]] = &[
    &[50_000, 50_000],
    &[1_000, 99_000],
    &[33_333, 33_333, 33_334],
    &[1, 99_999],
    &[1, 1, 10, 50],
    &[12_345, 0, 23_456, 20_000],
];

fn check_kind(name: &str, kind: Kind) {
    let mut counts = vec![0_u32; WHOLE as usize];
    let mut split_counts = counts.clone();
    let [mut purposes, mut flags, mut splits, mut salts] = std::array::from_fn(|_| Table::new());
    let mut unit = String::new();
    for number in 0..KEYS {
        unit.clear();
        kind(number, &mut unit).unwrap();
        let rollout = bucket("flag-1", "rollout", &unit);
        let split = bucket("flag-1", "split", &unit);
        counts[rollout as usize] += 1;
        split_counts[split as usize] += 1;
        // An eighth of the keys is plenty for a table of 2,500 cells.
        if number % 8 == 0 {
            purposes.add(rollout, split);
            flags.add(rollout, bucket("flag-2", "rollout", &unit));
            splits.add(split, bucket("flag-2", "split", &unit));
            salts.add(rollout, bucket("flag-1-again", "rollout", &unit));
        }
    }
    check_even(&format!("buckets of {name}"), &counts);
    for (purpose, counts) in [("rollout", &counts), ("split", &split_counts)] {
        let cells: Vec<u32> = counts.chunks(100).map(|cell| cell.iter().sum()).collect();
        check_even(&format!("thousands of {purpose} buckets of {name}"), &cells);
    }
    for weights in SPLITS {
        check_weights(&format!("{weights:?} for {name}"), weights, &split_counts);
    }
    purposes.check_independent(&format!("rollout and split of {name}"));
    flags.check_independent(&format!("rollouts of two flags for {name}"));
    splits.check_independent(&format!("splits of two flags for {name}"));
    salts.check_independent(&format!("an old and a new salt for {name}"));
}

fn check_weights(what: &str, weights: &[u32], counts: &[u32]) {
    let rest = WHOLE - weights.iter().sum::<u32>();
    let mut from = 0;
    let mut shares = Vec::new();
    for weight in weights.iter().copied().chain([rest]).filter(|weight| *weight > 0) {
        let upto = from + weight as usize;
        let expected = f64::from(KEYS) * f64::from(weight) / f64::from(WHOLE);
        shares.push((counts[from..upto].iter().sum(), expected));
        from = upto;
    }
    check_counts(what, shares.len() - 1, shares.into_iter());
}

#[test]
fn integers() {
    check_kind("integers", integer);
}

#[test]
fn uuids() {
    check_kind("UUIDs", uuid);
}

#[test]
fn emails() {
    check_kind("e-mail addresses", email);
}

#[test]
fn short_texts() {
    check_kind("short texts", base36);
}

#[test]
fn long_common_prefixes() {
    check_kind("units with a long common prefix", long_prefix);
}

#[test]
fn letters_beyond_ascii() {
    check_kind("units beyond ASCII", non_ascii);
}

/// Returns a unit of each kind in turn.
fn units(count: u32) -> impl Iterator<Item = String> {
    let kinds: [Kind; 6] = [integer, uuid, email, base36, long_prefix, non_ascii];
    (0..count).map(move |number| {
        let mut unit = String::new();
        kinds[number as usize % kinds.len()](number * 37, &mut unit).unwrap();
        unit
    })
}

fn subject(unit: &str) -> Context<'_> {
    let mut context = Context::new();
    context.push("targetingKey", unit.into());
    context
}

#[test]
fn the_bounds_are_those_of_the_tables() {
    // Abramowitz and Stegun, table 26.8: χ² with ν degrees that one of ten thousand exceeds; z is 3.719016 then.
    for (degrees, table) in [(10, 35.564), (30, 67.633), (100, 161.319)] {
        let bound = chi_square_bound(degrees, 3.719_016);
        assert!((bound / table - 1.0).abs() < 0.02, "{bound} for {degrees} degrees");
    }
}

#[test]
fn a_rollout_takes_in_exactly_the_buckets_below_it() {
    for unit in units(2000) {
        let bucket = bucket("f", "rollout", &unit);
        let is_in = |thousandths: u32| {
            let rollout = Some(percent(thousandths));
            let criterion = Criterion { rollout, serve: Some("on".to_owned()), ..Criterion::default() };
            served(&alone(criterion), &subject(&unit)) == (Some("on".to_owned()), Reason::Split)
        };
        assert!(!is_in(bucket), "{unit} is in at {bucket}");
        // At 100 % nobody is asked for a bucket any more.
        assert!(bucket + 1 == WHOLE || is_in(bucket + 1), "{unit} is out at {}", bucket + 1);
    }
}

#[test]
fn a_share_takes_exactly_its_buckets() {
    for unit in units(2000) {
        let bucket = bucket("f", "split", &unit);
        let weights = [("off", bucket), ("on", 1), ("off", WHOLE - bucket - 1)];
        let share =
            |(variant, weight): (&str, u32)| Split { variant: variant.to_owned(), weight: percent(weight) };
        let criterion = Criterion { split: weights.map(share).to_vec(), ..Criterion::default() };
        let variant = served(&alone(criterion), &subject(&unit));
        assert_eq!(variant, (Some("on".to_owned()), Reason::Split), "{unit} in {bucket}");
    }
}

/// Validation compares with the threshold, so what it takes for three decimals has exactly that threshold.
#[test]
fn every_thousandth_of_a_percent_is_a_threshold() {
    let all: Vec<u32> = (0..=WHOLE).collect();
    for thousandths in all.chunks(200) {
        let mut config = FlagConfig::simple(true);
        config.criteria = thousandths
            .iter()
            // As a person writes it.
            .map(|number| format!("{}.{:03}", number / 1000, number % 1000).parse().unwrap())
            .map(|rollout| Criterion {
                rollout: Some(rollout),
                serve: Some("on".to_owned()),
                ..Criterion::default()
            })
            .collect();
        assert_eq!(config.validate(), Ok(()));
        assert!(Flag::compile("f", &config).is_ok());
    }
}
