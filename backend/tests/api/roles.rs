//! The committed table of who may do what is the one that the services ask:
//! `FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend roles`.

use std::{fs, path::Path};

#[test]
fn committed_roles_are_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/roles.md");
    let made = fluxgate_backend::roles();
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        fs::write(&committed, &made).unwrap();
    }
    let found = fs::read_to_string(&committed).unwrap_or_default();
    assert!(
        found == made,
        "docs/roles.md is stale: run FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend roles"
    );
}
