//! The committed code is what the .proto says: `FLUXGATE_REGENERATE=1 cargo test -p fluxgate-proto` rewrites it.

use std::{fs, path::Path};

#[test]
fn committed_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile(["fluxgate/delivery/v1/delivery.proto"], [root.join("proto")]).unwrap();
    let out = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(out.path())
        // Shared by all streams that send it.
        .bytes(".fluxgate.delivery.v1.BackendMessage.snapshot_chunk")
        .compile_fds(descriptors)
        .unwrap();
    let made = fs::read_to_string(out.path().join("fluxgate.delivery.v1.rs")).unwrap();
    let committed = root.join("src/generated/fluxgate.delivery.v1.rs");
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        fs::create_dir_all(root.join("src/generated")).unwrap();
        fs::write(&committed, &made).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap_or_default();
    assert!(
        found == made,
        "proto/src/generated is stale: run FLUXGATE_REGENERATE=1 cargo test -p fluxgate-proto"
    );
}
