//! docs/configuration.md says what the program takes: `FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend documents`.

use clap::CommandFactory as _;
use fluxgate_backend::config::Cli;
use fluxgate_server::settings;

#[test]
fn the_settings_are_documented_as_they_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let made = settings::documented(&text, &Cli::command()).unwrap();
    if std::env::var_os("FLUXGATE_REGENERATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    let how = "run FLUXGATE_REGENERATE=1 cargo test -p fluxgate-backend documents";
    assert!(found == made, "docs/configuration.md is stale: {how}");
}
