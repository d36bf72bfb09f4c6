//! Shows the place of a problem: the lines around it, and a caret below what is wrong.

use fluxgate_engine::Problem;
use unicode_width::UnicodeWidthStr;

use crate::text::clean;

/// How many lines are shown before the one with the problem?
const LINES_BEFORE: usize = 2;
/// How many characters of a line are shown, and how many of them before the problem?
const MAX_LINE: usize = 100;
const MAX_BEFORE: usize = 60;

/// Returns the lines around a problem, with its message behind a caret.
pub(super) fn lines(text: &str, problem: &Problem) -> Vec<String> {
    let number = problem.line.to_string().len().max(4);
    let first = problem.line.saturating_sub(LINES_BEFORE).max(1);
    let all = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
    let around: Vec<(usize, &str)> = all
        .skip(first - 1)
        .take(problem.line + 1 - first)
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    let start = problem.column.saturating_sub(1);
    let from = start.saturating_sub(MAX_BEFORE);
    let mut shown: Vec<String> =
        around.iter().map(|(at, line)| format!("{at:>number$} │ {}", window(line, from))).collect();
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
    let before: String = line.chars().take(start).skip(from).collect();
    let elided = usize::from(from > 0);
    let indent = clean(&before).replace('\t', " ").width() + elided;
    let carets = "^".repeat(length(line, start).min(MAX_LINE - MAX_BEFORE));
    shown.push(format!("{:>number$} │ {:indent$}{carets} {}", "", "", problem.message));
    shown
}

/// Returns the part of a line that is shown.
fn window(line: &str, from: usize) -> String {
    let mut part: String = line.chars().skip(from).take(MAX_LINE).collect();
    if line.chars().count() > from + MAX_LINE {
        part.push('…');
    }
    let part = clean(&part.replace('\t', " ")).into_owned();
    if from > 0 { format!("…{part}") } else { part }
}

/// Returns how wide the word is that begins in a line after so many characters.
fn length(line: &str, start: usize) -> usize {
    let mut rest = line.chars().skip(start).peekable();
    let word: String = match rest.peek() {
        Some(quote @ ('"' | '\'')) => {
            let quote = *quote;
            let inner: String = rest.skip(1).take_while(|c| *c != quote).collect();
            format!("{quote}{inner}{quote}")
        }
        _ => rest.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '#')).collect(),
    };
    clean(&word).width().max(1)
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::Problem;

    use super::lines;

    fn at(text: &str, line: usize, column: usize) -> String {
        let problem = Problem { path: String::new(), message: "is wrong".into(), line, column };
        lines(text, &problem).join("\n")
    }

    #[test]
    fn a_caret_stands_below_what_is_wrong() {
        assert_eq!(
            at("a: 1\n\nb:\n  größe: contrl=50, 東京=50\n", 4, 10),
            "   3 │ b:\n   4 │   größe: contrl=50, 東京=50\n     │          ^^^^^^ is wrong"
        );
        assert_eq!(
            at("x: 東京, ctrl\u{1b}", 1, 8),
            "   1 │ x: 東京, ctrl\\u{1b}\n     │          ^^^^ is wrong"
        );
        assert_eq!(at("a: \"b c\" d", 1, 4), "   1 │ a: \"b c\" d\n     │    ^^^^^ is wrong");
    }

    #[test]
    fn the_end_and_long_lines_have_places_too() {
        assert_eq!(at("a: 1\n", 2, 1), "   1 │ a: 1\n     │ ^ is wrong");
        let long = format!("a: {}here {}", "x".repeat(200), "y".repeat(200));
        let shown = at(&long, 1, 204);
        let (line, caret) = shown.split_once('\n').unwrap();
        assert!(line.chars().count() < 112, "{line}");
        let place = |text: &str, what: &str| text[..text.find(what).unwrap()].chars().count();
        assert_eq!(place(line, "here"), place(caret, "^^^^"));
    }
}
