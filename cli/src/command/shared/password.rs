//! Passwords: from stdin, from a prompt, or made by chance. Never from a flag.

use std::io::{BufRead, Read};

use secrecy::SecretString;
use uuid::Uuid;

use crate::error::CliError;

/// How long may a line be that holds one? The server takes less.
const MAX_BYTES: u64 = 64 * 1024;

/// Where a password comes from.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct PasswordStdin {
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

impl PasswordStdin {
    /// Returns the password for somebody else, and whether it was made by chance, so that it is to be shown.
    pub(crate) fn for_another(self) -> Result<(SecretString, bool), CliError> {
        if !self.password_stdin {
            return Ok((generated(), true));
        }
        let [password] = lines_of_stdin()?;
        Ok((password, false))
    }
}

/// Returns a password that nobody could guess: 122 bits by chance.
fn generated() -> SecretString {
    SecretString::from(Uuid::new_v4().simple().to_string())
}

/// Reads passwords from stdin, a line each.
pub(crate) fn lines_of_stdin<const N: usize>() -> Result<[SecretString; N], CliError> {
    lines(&mut std::io::stdin().lock())
}

fn lines<const N: usize>(input: &mut impl BufRead) -> Result<[SecretString; N], CliError> {
    let mut passwords = Vec::with_capacity(N);
    for _ in 0..N {
        let mut line = String::new();
        input
            .take(MAX_BYTES)
            .read_line(&mut line)
            .map_err(|error| CliError::usage(format!("cannot read the password: {error}")))?;
        if line.len() as u64 == MAX_BYTES {
            return Err(CliError::usage(format!("a password has less than {} KiB", MAX_BYTES / 1024)));
        }
        match line.trim_end_matches(['\r', '\n']) {
            "" => break,
            password => passwords.push(SecretString::from(password)),
        }
    }
    passwords.try_into().map_err(|found: Vec<_>| match N {
        1 => CliError::usage("stdin has no password"),
        _ => CliError::usage(format!("stdin has {} of {N} passwords, a line each", found.len())),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::lines;

    #[test]
    fn a_password_is_a_line() {
        let read = |mut text: &[u8]| lines::<2>(&mut text);
        let [old, new] = read(b"one \r\ntwo\nthree\n").unwrap();
        assert_eq!((old.expose_secret(), new.expose_secret()), ("one ", "two"));
        assert!(read(b"one").unwrap_err().message.contains("1 of 2"));
        assert!(lines::<1>(&mut &b"\n"[..]).is_err());
        let [one]: [SecretString; 1] = lines(&mut &b"x"[..]).unwrap();
        assert_eq!(one.expose_secret(), "x");
    }
}
