//! What is at the other end of stdout and stderr: terminals, how wide, and what they can show.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use anstream::{AutoStream, ColorChoice};
use terminal_size::{Height, Width, terminal_size_of};

/// How wide is a terminal that does not say?
const WIDTH: usize = 80;

/// One of the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    /// Whether people read it at once.
    pub(crate) terminal: bool,
    /// How many columns it has; none in a pipe.
    pub(crate) width: Option<usize>,
    /// How many lines it has; none where that is not known.
    pub(crate) height: Option<usize>,
    /// Whether it gets colours.
    pub(crate) colour: ColorChoice,
    /// Whether it is a terminal with no signs but ASCII.
    pub(crate) ascii: bool,
}

/// Both streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) stdout: Stream,
    pub(crate) stderr: Stream,
    /// Whether the terminal cannot do more than print lines.
    pub(crate) dumb: bool,
    /// Whether stdout was closed when the process began.
    pub(crate) closed: bool,
}

impl Screen {
    /// Looks at what the process was given.
    pub(crate) fn look() -> Self {
        let forced = Forced::read(variable("FGCTL_FORCE_TTY").as_deref());
        let stdout = io::stdout();
        let stderr = io::stderr();
        let size = terminal_size_of(&stdout);
        let colour = AutoStream::choice(&stdout);
        Self {
            stdout: Stream::new((stdout.is_terminal(), size, colour), forced),
            stderr: Stream::new(
                (stderr.is_terminal(), terminal_size_of(&stderr), AutoStream::choice(&stderr)),
                Forced::No,
            ),
            dumb: variable("TERM").is_none_or(|term| term == "dumb"),
            closed: was_closed(&stdout),
        }
    }
}

/// Returns whether a stream was closed when the process began. What is not there then is opened before anything runs, as a
/// device that takes everything and that can be read as well; `> /dev/null` cannot.
fn was_closed(stream: &impl AsFd) -> bool {
    let is_null = |path: &str| {
        let (null, own) = (nix::sys::stat::stat(path), nix::sys::stat::fstat(stream));
        matches!((null, own), (Ok(null), Ok(own)) if null.st_rdev == own.st_rdev && null.st_rdev != 0)
    };
    let reads = nix::fcntl::fcntl(stream, nix::fcntl::FcntlArg::F_GETFL)
        .is_ok_and(|flags| flags & nix::libc::O_ACCMODE == nix::libc::O_RDWR);
    reads && is_null("/dev/null")
}

impl Stream {
    fn new((terminal, size, colour): (bool, Option<(Width, Height)>, ColorChoice), forced: Forced) -> Self {
        let real = terminal.then_some(size).flatten();
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|n| *n > 0);
        let measured = real.map(|(Width(width), _)| usize::from(width)).filter(|width| *width > 0);
        let width = match forced {
            Forced::Width(width) => Some(width),
            Forced::Yes => Some(measured.or(columns).unwrap_or(WIDTH)),
            Forced::No => terminal.then(|| measured.or(columns).unwrap_or(WIDTH)),
        };
        let forces = !matches!(forced, Forced::No);
        let colour = match colour {
            // Nobody said no but the pipe.
            ColorChoice::Never if forces && !terminal && variable("NO_COLOR").is_none() => {
                if variable("TERM").is_some_and(|term| term == "dumb") {
                    colour
                } else {
                    ColorChoice::AlwaysAnsi
                }
            }
            colour => colour,
        };
        Self {
            terminal: terminal || forces,
            width,
            height: real.map(|(_, Height(height))| usize::from(height)).filter(|height| *height > 0),
            colour,
            ascii: terminal && !utf8(),
        }
    }
}

/// Whether stdout is to be written as if it were a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forced {
    No,
    Yes,
    Width(usize),
}

impl Forced {
    fn read(value: Option<&str>) -> Self {
        match value {
            None | Some("0" | "false" | "no") => Self::No,
            Some(value) => match value.parse() {
                Ok(width) if width > 1 => Self::Width(width),
                _ => Self::Yes,
            },
        }
    }
}

/// Returns whether the locale's encoding is UTF-8.
fn utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let locale = locale.to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Returns a variable that says something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Forced;

    #[test]
    fn a_terminal_can_be_made_up() {
        assert_eq!(Forced::read(None), Forced::No);
        assert_eq!(Forced::read(Some("0")), Forced::No);
        assert_eq!(Forced::read(Some("1")), Forced::Yes);
        assert_eq!(Forced::read(Some("yes")), Forced::Yes);
        assert_eq!(Forced::read(Some("100")), Forced::Width(100));
    }
}
