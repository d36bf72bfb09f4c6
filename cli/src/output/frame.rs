//! Text that is drawn over what was drawn before, on a terminal of a size.

use unicode_width::UnicodeWidthChar;

/// Returns what draws `text` over the last `drawn` lines, and how many lines it is. Lines are cut to the terminal's width, and
/// those at the bottom left out that would push the first ones off the screen.
pub(crate) fn frame(text: &str, (columns, rows): (usize, usize), drawn: usize) -> (String, usize) {
    let mut lines: Vec<String> = text.lines().map(|line| cut(line, columns)).collect();
    let room = rows.saturating_sub(1).max(1);
    if lines.len() > room {
        let more = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(cut(&format!("… {more} more lines"), columns));
    }
    let mut out = String::new();
    if drawn > 0 {
        // Where the screen has become smaller, the rest has left it at the top.
        out.push_str(&format!("\x1b[{}A", drawn.min(room)));
    }
    for line in &lines {
        // What is longer from before is erased.
        out.push_str(&format!("\r{line}\x1b[K\n"));
    }
    out.push_str("\x1b[J");
    (out, lines.len())
}

/// Returns a line as far as it fits; colours take no room.
fn cut(line: &str, columns: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut width = 0;
    let mut chars = line.chars().peekable();
    let mut held = String::new();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            out.push(c);
            for c in chars.by_ref() {
                out.push(c);
                if c == 'm' {
                    break;
                }
            }
            continue;
        }
        let wide = c.width().unwrap_or_default();
        if width + wide > columns {
            // The last one makes room for the sign.
            while let Some(last) = out.pop() {
                held.insert(0, last);
                if last != 'm' && !last.is_control() {
                    break;
                }
            }
            return format!("{out}…\x1b[0m");
        }
        width += wide;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cut, frame};

    #[test]
    fn a_frame_takes_the_place_of_the_one_before() {
        let (first, lines) = frame("a\nbb\n", (80, 24), 0);
        assert_eq!((first.as_str(), lines), ("\ra\x1b[K\n\rbb\x1b[K\n\x1b[J", 2));
        let (second, lines) = frame("c\n", (80, 24), 2);
        assert_eq!((second.as_str(), lines), ("\x1b[2A\rc\x1b[K\n\x1b[J", 1));
    }

    #[test]
    fn what_does_not_fit_is_said_to_be_there() {
        let (text, lines) = frame("1\n2\n3\n4\n5\n", (80, 4), 0);
        assert_eq!(lines, 3);
        assert!(text.contains("\r1\x1b[K\n\r2\x1b[K\n\r… 3 more lines"), "{text:?}");
    }

    #[test]
    fn lines_are_cut_by_what_is_seen() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…\x1b[0m");
        assert_eq!(cut("\x1b[31mabc\x1b[0m", 3), "\x1b[31mabc\x1b[0m");
        assert_eq!(cut("ユーザー", 5), "ユ…\x1b[0m");
        assert_eq!(cut("abc", 0), "…\x1b[0m");
    }

    #[test]
    fn no_size_is_too_small() {
        for size in [(0, 0), (1, 1), (20, 2)] {
            frame("a line of text\nanother\nand a third\n", size, 5);
        }
    }
}
