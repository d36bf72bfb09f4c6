//! Sketches: a merge is a union, one set has one encoding, estimates keep to their error, and garbage is no sketch.

use fluxgate_proto::sketch::{MAX_BYTES, STANDARD_ERROR, Sketch};
use proptest::{collection::vec, prelude::*};

fn of(units: impl IntoIterator<Item = u64>) -> Sketch {
    let mut sketch = Sketch::default();
    units.into_iter().for_each(|unit| sketch.insert(&unit.to_le_bytes()));
    sketch
}

#[test]
fn few_are_counted_exactly_and_many_within_the_error() {
    assert_eq!((of([]).estimate(), of([7]).estimate(), of([7, 7, 8]).estimate()), (0, 1, 2));
    for size in [10_u64, 100, 1_000, 5_000, 10_000, 50_000, 200_000] {
        let errors: Vec<f64> = (0..40)
            .map(|seed| of((0..size).map(|n| seed << 32 | n)).estimate() as f64 / size as f64 - 1.0)
            .collect();
        let mean = errors.iter().sum::<f64>() / 40.0;
        let deviation = (errors.iter().map(|error| error * error).sum::<f64>() / 40.0).sqrt();
        assert!(deviation < 1.35 * STANDARD_ERROR, "{size}: deviates by {deviation}");
        assert!(mean.abs() < STANDARD_ERROR / 2.0, "{size}: biased by {mean}");
        let near = |error: &f64| error.abs() < 4.5 * STANDARD_ERROR || (error * size as f64).abs() < 1.5;
        assert!(errors.iter().all(near), "{size}: {errors:?}");
    }
}

#[test]
fn the_form_is_what_it_was() {
    // Stored sketches are read for ever: these bytes must not change.
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut few = Sketch::default();
    ["user-15", "user-16", ""].iter().for_each(|unit| few.insert(unit.as_bytes()));
    assert_eq!(hex(&few.encode()), "01be0206d00202460701");
    let many = of(0..100_000).encode();
    assert_eq!((many.len(), hex(&many[..16])), (MAX_BYTES, "02c95114072110448110c45210889114".to_owned()));
}

#[test]
fn garbage_is_no_sketch() {
    let dense = of(0..10_000).encode();
    let few = of(0..500).encode();
    let mut ranked = dense.clone();
    ranked[1] |= 63;
    let sparse_as_dense = [vec![2], vec![0; MAX_BYTES - 1]].concat();
    let listed = |entries: &[[u8; 3]]| [vec![1], entries.concat()].concat();
    for (garbage, why) in [
        (vec![], "unknown"),
        (vec![0], "unknown"),
        (vec![3, 1, 2], "unknown"),
        (few[..few.len() - 1].to_vec(), "cut off"),
        (dense[..dense.len() - 1].to_vec(), "long"),
        ([dense.clone(), vec![0]].concat(), "long"),
        (ranked, "rank"),
        (sparse_as_dense, "few enough"),
        (listed(&[[1, 0, 1], [0, 0, 1]]), "order"),
        (listed(&[[1, 0, 1], [1, 0, 2]]), "order"),
        (listed(&[[0, 16, 1]]), "range"),
        (listed(&[[0, 0, 0]]), "rank"),
        (listed(&[[0, 0, 54]]), "rank"),
        (
            listed(
                &(0..1_024_u16).map(|at| [at.to_le_bytes()[0], at.to_le_bytes()[1], 1]).collect::<Vec<_>>(),
            ),
            "too long",
        ),
    ] {
        let refused = Sketch::decode(&garbage).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused} for {why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_merge_is_a_union_in_any_order(a in vec(0_u64..5_000, 0..3_000), b in vec(0_u64..5_000, 0..3_000)) {
        let union = of(a.iter().chain(&b).copied());
        let (mut ab, mut ba) = (of(a.iter().copied()), of(b.iter().copied()));
        let (left, right) = (ab.clone(), ba.clone());
        ab.merge(&right);
        ba.merge(&left);
        prop_assert_eq!(&ab, &union);
        prop_assert_eq!(&ba, &union);
        prop_assert_eq!(ab.encode(), union.encode());
        // Once more changes nothing.
        ab.merge(&right);
        prop_assert_eq!(&ab, &union);
        let mut reversed = of(b.iter().chain(&a).rev().copied());
        prop_assert_eq!(&reversed, &union);
        reversed.merge(&Sketch::default());
        prop_assert_eq!(&reversed, &union);
    }

    #[test]
    fn encodings_come_back_and_nothing_else_does(units in vec(any::<u64>(), 0..4_000), noise in vec(any::<u8>(), 0..4_000)) {
        let sketch = of(units);
        let bytes = sketch.encode();
        prop_assert!(bytes.len() <= MAX_BYTES);
        prop_assert_eq!(&Sketch::decode(&bytes).unwrap(), &sketch);
        // What is read at all is written again as it was: there is no second encoding.
        for first in [1, 2] {
            let noise = [&[first], &noise[..]].concat();
            if let Ok(read) = Sketch::decode(&noise) {
                prop_assert_eq!(read.encode(), noise);
                read.estimate();
            }
        }
    }
}

#[test]
fn what_is_beyond_another_is_what_it_lacks() {
    for (mine, other) in [(0..50, 25..80), (0..9_000, 4_000..20_000), (0..50, 0..30_000), (0..30_000, 0..50)]
    {
        let (mine, other) = (of(mine), of(other));
        let mut both = mine.clone();
        both.merge(&other);
        let mut caught_up = other.clone();
        caught_up.merge(&mine.beyond(&other));
        assert_eq!(caught_up.encode(), both.encode());
        assert!(mine.beyond(&both).is_empty());
    }
}
