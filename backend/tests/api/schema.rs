//! The committed schema is what the server exports: `FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend schema`.

use std::{fs, path::Path};

#[test]
fn committed_schema_is_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/schema.graphql");
    let made = fluxgate_backend::graphql::sdl();
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        fs::write(&committed, &made).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap();
    assert!(
        found == made,
        "client/schema.graphql is stale: run FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend schema"
    );
}
