//! Lines that are longer than a terminal is wide go on below, indented.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Line, Tone};

/// How much further than its line does what goes on below begin?
const HANG: usize = 2;

/// How narrow may a screen be before its own way to break lines is no worse?
const LEAST: usize = 16;

/// Returns a line as lines no wider than this, broken between words. A word that is wider stays whole.
pub(crate) fn wrapped(line: &Line, width: Option<usize>) -> Vec<Line> {
    wrapped_at(line, width, HANG + indentation(line))
}

/// Returns the same, where what goes on below begins at this column.
pub(crate) fn wrapped_at(line: &Line, width: Option<usize>, indent: usize) -> Vec<Line> {
    let whole: usize = line.0.iter().map(|(_, text)| text.width()).sum();
    let Some(width) = width.filter(|width| *width >= LEAST && whole > *width) else {
        return vec![line.clone()];
    };
    // Where the column is narrow what stands in it is better read from the left.
    let indent = if indent + LEAST > width { HANG } else { indent };
    let (mut lines, mut current, mut used) = (Vec::new(), Line::default(), 0);
    for (tone, word) in words(line) {
        let wide = word.trim_end().width();
        if used + wide > width && used > indent {
            let full = std::mem::replace(&mut current, Line::from(" ".repeat(indent)));
            lines.push(trimmed(full));
            used = indent;
        }
        used += word.width();
        current = add(current, tone, &word);
    }
    lines.push(current);
    lines
}

/// Returns text as lines no wider than this: broken between words, and within those that are wider.
pub(super) fn folded(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut used) = (vec![String::new()], 0);
    for (_, word) in words(&Line::from(text)) {
        let wide = word.trim_end().width();
        if used > 0 && used + wide > width {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or_default();
            if used > 0 && used + wide > width {
                // A space at the end of a line is not seen.
                if c == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            used += wide;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// Returns facts in lines no wider than this, joined by a sign; none is torn apart.
pub(crate) fn joined(facts: &[String], sign: &str, width: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, fact) in facts.iter().enumerate() {
        let sign = if index + 1 < facts.len() { sign } else { "" };
        let room = |line: &&mut String| {
            width.is_none_or(|width| line.width() + 1 + fact.width() + sign.width() <= width)
        };
        match lines.last_mut().filter(room) {
            Some(line) => *line += &format!(" {fact}{sign}"),
            None => lines.push(format!("{fact}{sign}")),
        }
    }
    lines
}

/// Returns how far a line is indented, its sign included.
fn indentation(line: &Line) -> usize {
    let first = line.0.iter().map(|(_, text)| text.as_str()).collect::<String>();
    let spaces = first.len() - first.trim_start().len();
    let signed = matches!(first.trim_start().chars().nth(1), Some(' '));
    if signed { spaces } else { spaces.min(LEAST / 2) }
}

/// Splits a line into words with the spaces behind them, each with its tone.
fn words(line: &Line) -> Vec<(Tone, String)> {
    let mut words: Vec<(Tone, String)> = Vec::new();
    for (tone, text) in &line.0 {
        let mut begin = 0;
        let bytes = text.as_bytes();
        for at in 1..bytes.len() {
            if bytes[at - 1] == b' ' && bytes[at] != b' ' {
                words.push((*tone, text[begin..at].to_owned()));
                begin = at;
            }
        }
        words.push((*tone, text[begin..].to_owned()));
    }
    words
}

fn trimmed(mut line: Line) -> Line {
    if let Some((_, text)) = line.0.last_mut() {
        text.truncate(text.trim_end().len());
    }
    line
}

fn add(mut line: Line, tone: Tone, word: &str) -> Line {
    match line.0.last_mut() {
        Some((last, text)) if *last == tone => text.push_str(word),
        _ => line.0.push((tone, word.to_owned())),
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{folded, joined, wrapped};
    use crate::output::{Line, Tone};

    fn plain(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.0.iter().map(|(_, text)| text.trim_end_matches(' ')).collect()).collect()
    }

    #[test]
    fn long_lines_go_on_below() {
        let line =
            Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, "a reason that has many words in it");
        let lines = wrapped(&line, Some(20));
        let texts: Vec<String> =
            lines.iter().map(|l| l.0.iter().map(|(_, t)| t.as_str()).collect::<String>()).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.trim_end()).collect();
        assert_eq!(texts, ["✗ a reason that has", "  many words in it"]);
        assert_eq!(lines[0].0[0].0, Tone::Bad);
    }

    #[test]
    fn short_lines_and_pipes_stay() {
        let line = Line::from("one two");
        assert_eq!(wrapped(&line, Some(20)), std::slice::from_ref(&line));
        assert_eq!(wrapped(&Line::from("x ".repeat(99)), None).len(), 1);
    }

    #[test]
    fn a_long_word_stays_whole() {
        let long = "https://fluxgate.example/with/a/long/path";
        let lines = wrapped(&Line::from(format!("see {long} now")), Some(20));
        assert!(plain(&lines).iter().any(|line| line.contains(long)), "{lines:?}");
    }

    #[test]
    fn text_is_folded_even_within_words() {
        assert_eq!(folded("one two three", 8), ["one two", "three"]);
        assert_eq!(folded("criteria.employees.serve a", 10), ["criteria.e", "mployees.s", "erve a"]);
        assert_eq!(folded("ユーザー", 5), ["ユー", "ザー"]);
        assert_eq!(folded("", 5), [""]);
        assert_eq!(folded("ab", 0), ["a", "b"]);
    }

    #[test]
    fn facts_stay_whole() {
        let facts = ["simple", "pipeline default", "by lead"].map(str::to_owned);
        assert_eq!(joined(&facts, " ·", Some(27)), ["simple · pipeline default ·", "by lead"]);
        assert_eq!(joined(&facts, " ·", None), ["simple · pipeline default · by lead"]);
    }
}
