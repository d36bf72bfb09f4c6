//! Whether others on this machine can read, or change, what only its owner should.

use std::path::PathBuf;

use super::Finding;
use crate::config::Config;
use crate::file::{open_to_others, quoted};
use crate::screen::variable;

/// What others may do who can write to a file.
const WRITE: u32 = 0o022;

/// Looks at the config file, at every context's sign-in, and at the file of a token.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let contexts = config.contexts();
    let signed_in = contexts.iter().filter_map(|context| config.credentials(&context.name).ok());
    let mut secret: Vec<PathBuf> = signed_in.map(|file| file.path().to_owned()).collect();
    secret.extend(variable("FGCTL_TOKEN_FILE").map(PathBuf::from));
    let open: Vec<&PathBuf> = secret.iter().filter(|path| open_to_others(path).is_some()).collect();
    let mut findings = Vec::new();
    if !open.is_empty() {
        let text = format!("others on this machine can read a sign-in: {}", listed(&open));
        findings.push(Finding::problem("files", text).hint(format!("chmod 600 {}", listed(&open))));
    }
    let path = config.path();
    match open_to_others(&path) {
        Some(mode) if mode & WRITE != 0 => {
            let text = format!(
                "others on this machine can change {}, and so where a sign-in is sent",
                path.display()
            );
            findings.push(Finding::problem("files", text).hint(format!("chmod 600 {}", quoted(&path))));
        }
        Some(_) => {
            let text = format!("others on this machine can read {}", path.display());
            findings.push(Finding::warning("files", text).hint(format!("chmod 600 {}", quoted(&path))));
        }
        None => {}
    }
    if findings.is_empty() {
        findings.push(Finding::ok("files", "nobody else on this machine reads the config or a sign-in"));
    }
    findings
}

fn listed(paths: &[&PathBuf]) -> String {
    paths.iter().map(|path| quoted(path)).collect::<Vec<_>>().join(" ")
}
