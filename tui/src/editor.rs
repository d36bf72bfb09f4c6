//! Somebody's editor, on a file of ours.

use std::fs;
use std::io::{self, Write};

use tempfile::TempPath;
use tokio::process::Command;

/// Opens text in an editor and returns what became of it; words say why nothing did.
///
/// The file is readable by its owner only, and goes away afterwards.
pub(crate) async fn edit(command: &str, text: &str) -> Result<String, String> {
    let path = written(text).map_err(|error| format!("cannot write a file for the editor: {error}"))?;
    // The command may have arguments, as in `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{command} \"$1\""))
        .arg("sh")
        .arg(&path)
        .status()
        .await
        .map_err(|error| format!("cannot start {command}: {error}"))?;
    if !status.success() {
        return Err(format!("{command} ended with {status}; nothing was changed"));
    }
    fs::read_to_string(&path).map_err(|error| format!("cannot read what {command} wrote: {error}"))
}

/// Writes text to a file of ours, by a name that nobody knows before.
fn written(text: &str) -> io::Result<TempPath> {
    let mut file = tempfile::Builder::new().prefix("fgctl-").suffix(".yaml").tempfile()?;
    file.write_all(text.as_bytes())?;
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{edit, written};

    #[test]
    fn its_owner_alone_reads_it_and_it_goes_away() {
        let path = written("enabled: true\n").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(path.to_string_lossy().ends_with(".yaml"));
        let there = path.to_path_buf();
        drop(path);
        assert!(!there.exists());
    }

    #[tokio::test]
    async fn what_an_editor_wrote_comes_back() {
        assert_eq!(edit("echo 'enabled: false' >", "enabled: true\n").await.unwrap(), "enabled: false\n");
        assert!(edit("false", "").await.unwrap_err().contains("nothing was changed"));
    }
}
