//! Every input of the fuzz targets' corpora still keeps what it must.

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let count = targets::replay(target, &folder).unwrap();
    assert!(count > 30, "{count} inputs: has the corpus been cut?");
}

#[test]
fn documents() {
    replay("document", targets::document);
}

#[test]
fn contexts() {
    replay("context", targets::context);
}

#[test]
fn expressions() {
    replay("expression", targets::expression);
}

#[test]
fn files() {
    replay("file", targets::file);
}

#[test]
fn ranges() {
    replay("range", targets::range);
}
