//! Getting PostgreSQL onto a machine that has none: Debian's package where we may install it, else one line that says
//! what to do.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use nix::unistd::geteuid;
use tokio::process::Command;

use super::fault::{Fault, OrFault};
use super::folder::last_lines;

const APT: &str = "/usr/bin/apt-get";

/// Tells whether PostgreSQL can be installed without asking anyone: as root, on a system with Debian's packages.
pub(crate) fn possible() -> bool {
    geteuid().is_root() && Path::new(APT).exists()
}

/// Returns the fault of a machine without PostgreSQL, with what to install.
pub(crate) fn missing() -> Fault {
    let hint = if Path::new(APT).exists() {
        "sudo apt-get install postgresql, or fgctl dev --database-url postgres://..."
    } else if cfg!(target_os = "macos") {
        "brew install postgresql@17, or fgctl dev --database-url postgres://..."
    } else {
        "install your system's package of the PostgreSQL server, or fgctl dev --database-url postgres://..."
    };
    Fault::new("PostgreSQL is not installed (looked on PATH and where packages put it)").hint(hint)
}

/// Installs Debian's package; what apt says goes to a log. A cluster that the package starts is left alone.
pub(crate) async fn install(log: &Path) -> Result<(), Fault> {
    apt(&["update"], log).await?;
    apt(&["install", "--yes", "--no-install-recommends", "postgresql"], log).await
}

async fn apt(args: &[&str], log: &Path) -> Result<(), Fault> {
    let doing = || format!("run apt-get {}", args[0]);
    let output = File::options().create(true).append(true).open(log).or_fault(doing)?;
    let errors = output.try_clone().or_fault(doing)?;
    // In a group of its own and never killed: a package that is half unpacked spoils the machine.
    let status = Command::new(APT)
        .args(["-o", "DPkg::Lock::Timeout=120", "-q"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .status()
        .await
        .or_fault(doing)?;
    if status.success() {
        return Ok(());
    }
    let said = last_lines(log, 3).join(" | ");
    Err(Fault::new(format!("apt-get {} failed: {said}", args[0]))
        .hint(format!("the whole output is in {}", log.display())))
}
