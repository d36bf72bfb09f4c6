//! Somebody's editor, on a file of ours.

use std::fs;
use std::io::{self, Write};

use tempfile::TempPath;
use tokio::process::Command;

/// What somebody made of a text, in a file that goes away unless it is kept.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) text: String,
    path: TempPath,
}

impl Edited {
    /// Keeps the file, and says where: what was typed is not lost where it cannot be used.
    pub(crate) fn keep(self) -> String {
        let words = format!("what you wrote is kept in {}", self.path.display());
        match self.path.keep() {
            Ok(_) => words,
            Err(error) => format!("what you wrote cannot be kept: {error}"),
        }
    }
}

/// Opens text in an editor and returns what became of it; words say why nothing did.
///
/// The file is readable by its owner only.
pub(crate) async fn edit(command: &str, text: &str) -> Result<Edited, String> {
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
    let text =
        fs::read_to_string(&path).map_err(|error| format!("cannot read what {command} wrote: {error}"))?;
    Ok(Edited { text, path })
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
        let edited = edit("echo 'enabled: false' >", "enabled: true\n").await.unwrap();
        assert_eq!(edited.text, "enabled: false\n");
        let words = edited.keep();
        let path = words.rsplit(' ').next().unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "enabled: false\n");
        std::fs::remove_file(path).unwrap();
        assert!(edit("false", "").await.unwrap_err().contains("nothing was changed"));
    }
}
