//! Breaks lines at a width, so that what goes on stands below where it began.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use crate::look::Look;

/// A character as it is drawn.
type Cell = (char, Style);

/// Returns a line in as many as it takes; all but the first begin with so many blanks.
pub(crate) fn wrap(line: &Line<'_>, width: usize, indent: usize) -> Vec<Line<'static>> {
    let indent = if indent + 8 > width { 0 } else { indent };
    let cells = cells(line);
    let mut lines = Vec::new();
    let mut rest = cells.as_slice();
    loop {
        let first = lines.is_empty();
        let room = if first { width } else { width.saturating_sub(indent) };
        let (now, later) = split(rest, room);
        lines.push(joined(now, if first { 0 } else { indent }));
        if later.is_empty() {
            return lines;
        }
        rest = later;
    }
}

/// Leaves out all but the first rows of what was wrapped at a width, with a sign at the end that says so.
pub(crate) fn shortened(
    mut lines: Vec<Line<'static>>,
    (rows, width): (usize, usize),
    look: Look,
) -> Vec<Line<'static>> {
    if lines.len() <= rows {
        return lines;
    }
    lines.truncate(rows);
    if let Some(last) = lines.last_mut() {
        let style = last.spans.last().map(|span| span.style).unwrap_or_default();
        let mut cells = cells(last);
        while cells.last().is_some_and(|(c, _)| *c == ' ') {
            cells.pop();
        }
        let wide = |cells: &[Cell]| cells.iter().map(|(c, _)| c.width().unwrap_or_default()).sum::<usize>();
        while wide(&cells) + 1 > width && cells.pop().is_some() {}
        cells.push((if look.ascii { '~' } else { '…' }, style));
        *last = joined(&cells, 0);
    }
    lines
}

fn cells(line: &Line<'_>) -> Vec<Cell> {
    let of = |span: &Span<'_>| {
        let style = line.style.patch(span.style);
        span.content.chars().map(|c| (c, style)).collect::<Vec<_>>()
    };
    line.spans.iter().flat_map(of).collect()
}

/// Cuts off what fits, behind a blank where there is one.
fn split(cells: &[Cell], room: usize) -> (&[Cell], &[Cell]) {
    let mut used = 0;
    let mut begun = false;
    let mut blank = None;
    for (at, (c, _)) in cells.iter().enumerate() {
        used += c.width().unwrap_or_default();
        if used > room {
            // At least one, or it would never end.
            let at = if *c == ' ' { at } else { blank.unwrap_or(at) }.max(1);
            let (now, later) = cells.split_at(at);
            let blanks = later.iter().take_while(|(c, _)| *c == ' ').count();
            return (now, later.get(blanks..).unwrap_or_default());
        }
        if *c != ' ' {
            begun = true;
        } else if begun {
            blank = Some(at + 1);
        }
    }
    (cells, &[])
}

fn joined(cells: &[Cell], indent: usize) -> Line<'static> {
    let mut spans = Vec::new();
    if indent > 0 {
        spans.push(Span::raw(" ".repeat(indent)));
    }
    for same in cells.chunk_by(|(_, one), (_, other)| one == other) {
        let text: String = same.iter().map(|(c, _)| *c).collect();
        spans.push(Span::styled(text, same.first().map(|(_, style)| *style).unwrap_or_default()));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use ratatui::text::Line;

    use super::{shortened, wrap};
    use crate::look::Look;

    fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
        wrap(&Line::from(text), width, indent).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_goes_on_is_indented() {
        let text = "  ~ split   control=90 → control=50";
        assert_eq!(wrapped(text, 24, 4), ["  ~ split   control=90 →", "    control=50"]);
        assert_eq!(wrapped(text, 80, 4), [text]);
        assert_eq!(wrapped("", 10, 4), [""]);
    }

    #[test]
    fn what_is_left_out_is_told() {
        let short = |text: &str, width: usize| -> Vec<String> {
            let lines = wrap(&Line::from(text), width, 0);
            shortened(lines, (2, width), Look::default()).iter().map(ToString::to_string).collect()
        };
        assert_eq!(short("one two three", 8), ["one two ", "three"]);
        assert_eq!(short("one two three four", 8), ["one two ", "three…"]);
        assert_eq!(short("abcdefghijkl", 4), ["abcd", "efg…"]);
        assert_eq!(short("abc", 0), ["a", "…"]);
    }

    #[test]
    fn no_width_is_too_small() {
        assert_eq!(wrapped("abc", 0, 4), ["a", "b", "c"]);
        assert_eq!(wrapped("日本語", 3, 0), ["日", "本", "語"], "two columns each");
        assert_eq!(wrapped("    x", 2, 0).last().unwrap(), "x");
    }
}
