//! Tests of the engine as its callers see it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails is to say where")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod allocation;
mod alone;
mod buckets;
mod bulk;
mod corpus;
mod cost;
mod dependency;
mod diff;
mod document;
mod explain;
mod expression;
mod file;
mod file_hostile;
mod file_round_trip;
mod guards;
mod limits;
mod lint;
mod logic;
mod manifest;
mod merge;
mod movement;
mod numbers;
mod properties;
mod reference;
mod reweight;
mod runner;
mod sticky;
mod strategies;
mod validation;
mod vectors;
