//! A context's tokens, in a file of their own that only its owner can read.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use fluxgate_client::{Keep, Kept, Tokens};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::exit::Exit;
use crate::file;
use crate::screen::variable;

/// How much of a token's file is read? A token is shorter by far.
const MAX_TOKEN_FILE_BYTES: u64 = 16 * 1024;

/// Where a context's tokens are.
#[derive(Clone, Debug)]
pub(crate) struct CredentialsFile {
    path: PathBuf,
}

/// What the file holds.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    /// The only server that may see the tokens.
    pub(crate) server: String,
    /// Whose they are.
    pub(crate) username: String,
    access_token: String,
    access_expires_at: DateTime<Utc>,
    refresh_token: String,
}

impl Saved {
    fn new(server: &str, username: &str, tokens: &Tokens) -> Self {
        Self {
            server: server.to_owned(),
            username: username.to_owned(),
            access_token: tokens.access.expose_secret().to_owned(),
            access_expires_at: tokens.access_expires_at,
            refresh_token: tokens.refresh.expose_secret().to_owned(),
        }
    }

    /// Returns the tokens.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens {
            access: SecretString::from(self.access_token.as_str()),
            access_expires_at: self.access_expires_at,
            refresh: SecretString::from(self.refresh_token.as_str()),
        }
    }
}

impl CredentialsFile {
    /// Names the file of a context; nothing is read or written.
    pub(crate) fn new(folder: &Path, context: &str) -> Result<Self, CliError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if context.is_empty() || context.starts_with('.') || !context.chars().all(plain) {
            return Err(CliError::usage(format!(
                "{context:?} is no name for a context: letters, digits, '.', '_' and '-' make one"
            )));
        }
        Ok(Self { path: folder.join("credentials").join(format!("{context}.json")) })
    }

    /// Reads the file; none is nobody signed in.
    pub(crate) fn read(&self) -> Result<Option<Saved>, CliError> {
        self.try_read().map_err(|error| {
            CliError::new(Exit::SignIn, format!("cannot read {}: {error}", self.path.display()))
                .hint("fgctl login")
        })
    }

    /// Returns what there is to say of a file that others can read.
    pub(crate) fn warning(&self) -> Option<String> {
        warning_of("your sign-in", &self.path)
    }

    /// Returns where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that tokens could be written, before there are any to lose.
    pub(crate) fn probe(&self) -> Result<(), CliError> {
        file::lock(&self.lock_path()).map(drop).map_err(|error| self.unwritable(&error))
    }

    /// Writes the file.
    pub(crate) fn write(&self, server: &str, username: &str, tokens: &Tokens) -> Result<(), CliError> {
        let saved = Saved::new(server, username, tokens);
        file::lock(&self.lock_path())
            .and_then(|_lock| self.try_write(&saved))
            .map_err(|error| self.unwritable(&error))
    }

    /// Removes the file.
    pub(crate) fn remove(&self) -> Result<(), CliError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unwritable(&error)),
            _ => Ok(()),
        }
    }

    /// Returns how the connection with a server keeps renewed tokens here.
    pub(crate) fn keep(self, server: String) -> Keep {
        Box::new(move || {
            let lock = file::lock(&self.lock_path())?;
            // Signed in elsewhere meanwhile: another server never gets to see those, nor are they replaced.
            let saved = self.try_read()?.filter(|saved| saved.server == server);
            let tokens = saved.as_ref().map(Saved::tokens);
            let place = self.clone();
            Ok(Kept {
                tokens,
                save: Box::new(move |tokens| {
                    // Held until the new tokens are on the disk.
                    let _lock = lock;
                    // Signed out meanwhile: the new tokens are not for keeping.
                    saved.map_or(Ok(()), |old| {
                        place.try_write(&Saved::new(&old.server, &old.username, tokens))
                    })
                }),
            })
        })
    }

    fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    fn try_read(&self) -> io::Result<Option<Saved>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn try_write(&self, saved: &Saved) -> io::Result<()> {
        file::replace(&self.path, &serde_json::to_vec_pretty(saved)?)
    }

    fn unwritable(&self, error: &io::Error) -> CliError {
        CliError::new(Exit::Failed, format!("cannot write {}: {error}", self.path.display()))
            .hint("FGCTL_CONFIG_DIR names another folder")
    }
}

/// Returns the token of `FGCTL_TOKEN` or `FGCTL_TOKEN_FILE`.
pub(crate) fn token_from_environment() -> Result<Option<SecretString>, CliError> {
    let given = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    if let Some(token) = given("FGCTL_TOKEN") {
        return one_token("FGCTL_TOKEN", &token).map(Some);
    }
    let Some(path) = given("FGCTL_TOKEN_FILE") else {
        return Ok(None);
    };
    let unreadable = |error| CliError::usage(format!("cannot read FGCTL_TOKEN_FILE {path}: {error}"));
    let mut text = String::new();
    // It may be a pipe, which has no length before its end.
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    file.take(MAX_TOKEN_FILE_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    one_token(&format!("FGCTL_TOKEN_FILE {path}"), &text).map(Some)
}

/// Returns what there is to say of a token's file that others can read.
pub(crate) fn warning_of_environment() -> Option<String> {
    if std::env::var("FGCTL_TOKEN").is_ok_and(|token| !token.is_empty()) {
        return None;
    }
    let path = std::env::var_os("FGCTL_TOKEN_FILE").filter(|path| !path.is_empty())?;
    warning_of("the token", Path::new(&path))
}

fn warning_of(what: &str, path: &Path) -> Option<String> {
    file::open_to_others(path).map(|_| {
        format!(
            "others on this machine can read {what} in {}: chmod 600 {}",
            path.display(),
            file::quoted(path)
        )
    })
}

/// Makes sure that text is one token, and nothing that was written beside it: of that, no server need hear.
fn one_token(place: &str, text: &str) -> Result<SecretString, CliError> {
    let token = text.trim();
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(CliError::new(Exit::SignIn, format!("{place} does not hold one token and nothing else"))
            .hint("`fgctl token create NAME --role ROLE > FILE` writes one; what it says beside that goes to stderr"));
    }
    Ok(SecretString::from(token))
}

/// Returns whether requests are signed with a token of the environment.
pub(crate) fn token_is_given() -> bool {
    variable("FGCTL_TOKEN").or_else(|| variable("FGCTL_TOKEN_FILE")).is_some()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use fluxgate_client::Tokens;
    use secrecy::{ExposeSecret, SecretString};

    use super::CredentialsFile;

    fn tokens(access: &str) -> Tokens {
        Tokens {
            access: SecretString::from(access),
            access_expires_at: DateTime::<Utc>::UNIX_EPOCH,
            refresh: SecretString::from("r"),
        }
    }

    #[test]
    fn renewed_tokens_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = CredentialsFile::new(folder.path(), "local").unwrap();
        file.write("http://a", "dev", &tokens("1")).unwrap();
        let kept = file.clone().keep("http://a".to_owned())().unwrap();
        assert_eq!(kept.tokens.unwrap().access.expose_secret(), "1");
        (kept.save)(&tokens("2")).unwrap();
        let saved = file.read().unwrap().unwrap();
        assert_eq!(saved.tokens().access.expose_secret(), "2");
        assert_eq!(saved.username, "dev");
    }

    #[test]
    fn tokens_of_another_server_are_neither_shown_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = CredentialsFile::new(folder.path(), "local").unwrap();
        file.write("http://b", "dev", &tokens("1")).unwrap();
        let kept = file.clone().keep("http://a".to_owned())().unwrap();
        assert!(kept.tokens.is_none());
        (kept.save)(&tokens("2")).unwrap();
        let saved = file.read().unwrap().unwrap();
        assert_eq!((saved.server.as_str(), saved.tokens().access.expose_secret()), ("http://b", "1"));
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "..", "../x", "a/b", ".hidden"] {
            assert!(CredentialsFile::new(folder.path(), name).is_err(), "{name}");
        }
    }
}
