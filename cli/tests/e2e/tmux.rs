//! A real terminal that nobody looks at: tmux, with a server of its own that ends with the test.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::poll::until;

/// A terminal in which one program runs.
#[derive(Debug)]
pub(crate) struct Tmux {
    place: TempDir,
}

impl Tmux {
    /// Runs a command in a terminal of this size, with its settings; the shell says how it ended.
    pub(crate) fn start((width, height): (u16, u16), command: &Command) -> Self {
        let tmux = Self { place: tempfile::tempdir().unwrap() };
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
        let set = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| match value {
            Some(value) => format!("{}={}", name.to_string_lossy(), quoted(&value.to_string_lossy())),
            None => format!("-u {}", name.to_string_lossy()),
        };
        let mut settings: Vec<String> = command.get_envs().map(set).collect();
        settings.sort_by_key(|setting| !setting.starts_with("-u"));
        let line = format!("env {} {}; echo \"ended with $?\"; cat", settings.join(" "), line.join(" "));
        let size = [width.to_string(), height.to_string()];
        tmux.call(&["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], &line]);
        tmux
    }

    fn socket(&self) -> PathBuf {
        self.place.path().join("tmux")
    }

    fn call(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.socket())
            .args(args)
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap_or_else(|error| panic!("install the package tmux: {error}"));
        assert!(output.status.success(), "tmux {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Presses keys, as tmux calls them.
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.call(&[&["send-keys"], keys].concat());
    }

    /// Types text.
    pub(crate) fn types(&self, text: &str) {
        self.call(&["send-keys", "-l", text]);
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.call(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// Returns what is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.call(&["capture-pane", "-p"])
    }

    /// Returns what is on the screen, with its colours.
    pub(crate) fn painted(&self) -> String {
        self.call(&["capture-pane", "-e", "-p"])
    }

    /// Returns where keys go: the row of the cursor where text is typed, or else the button that is reversed.
    pub(crate) fn focus(&self) -> String {
        let cursor = self.call(&["display-message", "-p", "#{cursor_flag} #{cursor_y}"]);
        let (is_seen, row) = cursor.trim().split_once(' ').unwrap();
        if is_seen == "1" {
            return self.screen().lines().nth(row.parse().unwrap()).unwrap_or_default().to_owned();
        }
        let painted = self.painted();
        let reversed = painted.split("\u{1b}[").filter_map(|piece| piece.split_once('m'));
        let reversed =
            reversed.filter(|(style, text)| style.split(';').any(|n| n == "7") && text.starts_with('['));
        reversed.map(|(_, text)| text.to_owned()).last().unwrap_or_default()
    }

    /// Waits until text is on the screen, and returns all of it.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) -> String {
        until(text, || self.screen(), |screen| screen.contains(text))
    }

    /// Waits until text is on the screen no more.
    #[track_caller]
    pub(crate) fn sees_no(&self, text: &str) -> String {
        until(text, || self.screen(), |screen| !screen.contains(text))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").arg("-S").arg(self.socket()).arg("kill-server").output();
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
