//! Somebody's editor, on a file of ours.

use std::env::temp_dir;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use tokio::process::Command;

/// Opens text in an editor and returns what became of it; words say why nothing did.
///
/// The file is readable by its owner only, and goes away afterwards.
pub(crate) async fn edit(command: &str, text: &str) -> Result<String, String> {
    let file = File::new(text).map_err(|error| format!("cannot write a file for the editor: {error}"))?;
    // The command may have arguments, as in `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{command} \"$1\""))
        .arg("sh")
        .arg(&file.path)
        .status()
        .await
        .map_err(|error| format!("cannot start {command}: {error}"))?;
    if !status.success() {
        return Err(format!("{command} ended with {status}; nothing was changed"));
    }
    fs::read_to_string(&file.path).map_err(|error| format!("cannot read what {command} wrote: {error}"))
}

struct File {
    path: PathBuf,
}

impl File {
    fn new(text: &str) -> std::io::Result<Self> {
        let path = temp_dir().join(format!("fgctl-{}.yaml", std::process::id()));
        let file = Self { path };
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path)?;
        open.write_all(text.as_bytes())?;
        Ok(file)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
