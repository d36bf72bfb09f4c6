//! The shared vectors pass in full.

use crate::runner::run;

fn assert_all_pass(text: &str, count: usize) {
    let outcome = run(&serde_json::from_str(text).unwrap());
    assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n"));
    assert_eq!(outcome.passed, count, "has the file been cut?");
}

#[test]
fn evaluations() {
    assert_all_pass(include_str!("../vectors/evaluation.json"), 8835);
}

#[test]
fn version_ranges() {
    assert_all_pass(include_str!("../vectors/semver.json"), 761);
}
