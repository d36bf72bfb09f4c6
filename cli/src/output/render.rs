//! Turns a view into text.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::Format;
use super::cell::{Cell, Line, Tone};
use super::view::{Heading, Part, View};
use crate::text::{clean, is_hostile};
use crate::time;

/// What the text is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looks {
    pub(crate) format: Format,
    /// Whether people read it at once, on a terminal.
    pub(crate) terminal: bool,
    /// What relative times are relative to.
    pub(crate) now: DateTime<Utc>,
}

/// Returns a view as text, lines ended, empty when there is nothing to show.
pub(crate) fn render(view: &View, looks: Looks) -> String {
    match looks.format {
        Format::Json if view.value.is_null() => String::new(),
        Format::Yaml if view.value.is_null() => String::new(),
        Format::Json => json(&view.value, looks.terminal),
        Format::Yaml => yaml(&view.value, looks.terminal),
        Format::Name => view.names.iter().map(|n| format!("{}\n", clean(n))).collect(),
        Format::Table | Format::Wide => view.parts.iter().map(|part| text(part, looks)).collect(),
    }
}

/// Returns a line without its end.
pub(crate) fn render_line(line: &Line, terminal: bool) -> String {
    let piece = |(tone, text): &(Tone, String)| paint(*tone, &clean(text), terminal);
    line.0.iter().map(piece).collect()
}

fn json(value: &Value, pretty: bool) -> String {
    let text = if pretty { format!("{value:#}\n") } else { format!("{value}\n") };
    // Outside of strings there is nothing hostile but the line ends.
    let mut safe = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

fn yaml(value: &Value, terminal: bool) -> String {
    let text = serde_saphyr::to_string(value).unwrap_or_default();
    let lines = text.lines().map(|line| match terminal {
        true => format!("{}\n", clean(line)),
        false => format!("{line}\n"),
    });
    lines.collect()
}

fn text(part: &Part, looks: Looks) -> String {
    match part {
        Part::Line(line) => format!("{}\n", render_line(line, looks.terminal)),
        Part::Rows(rows) => table(&[], rows, looks),
        Part::Table { header, rows } => table(header, rows, looks),
    }
}

fn table(header: &[Heading], rows: &[Vec<Cell>], looks: Looks) -> String {
    let shown =
        |index: usize| looks.format == Format::Wide || header.get(index).is_none_or(|heading| !heading.wide);
    let mut lines: Vec<Vec<(Tone, String)>> = Vec::with_capacity(rows.len() + 1);
    if looks.terminal && !header.is_empty() && !rows.is_empty() {
        lines.push(header.iter().map(|h| (Tone::Dim, clean(&h.name).into_owned())).collect());
    }
    for row in rows {
        lines.push(row.iter().map(|cell| field(cell, looks)).collect());
    }
    for line in &mut lines {
        let mut index = 0;
        line.retain(|_| {
            index += 1;
            shown(index - 1)
        });
    }
    if looks.terminal { aligned(&lines) } else { separated(&lines) }
}

/// Returns a cell's tone and text.
fn field(cell: &Cell, looks: Looks) -> (Tone, String) {
    let dash = || "-".to_owned();
    match cell {
        Cell::Text(text) if text.is_empty() => (Tone::Plain, dash()),
        Cell::Text(text) => (Tone::Plain, clean(text).into_owned()),
        Cell::State(tone, word) if looks.terminal => (*tone, format!("{}{}", tone.glyph(), clean(word))),
        Cell::State(tone, word) => (*tone, clean(word).into_owned()),
        Cell::Time(None) | Cell::Version(None) => (Tone::Plain, dash()),
        Cell::Time(Some(at)) if looks.terminal => (Tone::Dim, time::ago(*at, looks.now)),
        Cell::Time(Some(at)) => (Tone::Plain, time::instant(*at)),
        Cell::Version(Some(number)) if looks.terminal => (Tone::Plain, format!("v{number}")),
        Cell::Version(Some(number)) => (Tone::Plain, number.to_string()),
    }
}

fn separated(lines: &[Vec<(Tone, String)>]) -> String {
    let line = |line: &Vec<(Tone, String)>| {
        let fields: Vec<&str> = line.iter().map(|(_, text)| text.as_str()).collect();
        format!("{}\n", fields.join("\t"))
    };
    lines.iter().map(line).collect()
}

fn aligned(lines: &[Vec<(Tone, String)>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths = vec![0; columns];
    for line in lines {
        for (width, (_, text)) in widths.iter_mut().zip(line) {
            *width = text.width().max(*width);
        }
    }
    let mut out = String::new();
    for line in lines {
        for (index, (tone, text)) in line.iter().enumerate() {
            out.push_str(&paint(*tone, text, true));
            // The last column needs no space behind it.
            if index + 1 < line.len() {
                let gap = widths[index] - text.width() + 2;
                out.extend(std::iter::repeat_n(' ', gap));
            }
        }
        out.push('\n');
    }
    out
}

fn paint(tone: Tone, text: &str, terminal: bool) -> String {
    let style = match tone {
        Tone::Plain => Style::new(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Waiting => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
    };
    if terminal && !style.is_plain() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Looks, render};
    use crate::output::{Cell, Column, Format, Tone, View};

    fn looks(format: Format, terminal: bool) -> Looks {
        Looks { format, terminal, now: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(44) }
    }

    fn view() -> View {
        let things = ["a".to_owned(), "größe\u{202e}\n".to_owned()];
        let columns = [
            Column::new("NAME", |name: &String| Cell::text(name)),
            Column::wide("ID", |_| Cell::text("7")),
            Column::new("STATE", |_| Cell::State(Tone::Good, "on".into())),
            Column::new("SINCE", |_| Cell::Time(Some(DateTime::UNIX_EPOCH))),
        ];
        View::list(&things, &columns, |name| format!("thing/{name}"))
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_pipe_gets_tabs_and_no_header() {
        assert_eq!(
            render(&view(), looks(Format::Table, false)),
            "a\ton\t1970-01-01T00:00:00Z\ngröße\\u{202e}\\n\ton\t1970-01-01T00:00:00Z\n"
        );
    }

    #[test]
    fn a_terminal_gets_columns() {
        let text = render(&view(), looks(Format::Wide, true));
        assert_eq!(
            plain(&text),
            "NAME             ID  STATE  SINCE\n\
             a                7   ● on   44m\n\
             größe\\u{202e}\\n  7   ● on   44m\n"
        );
    }

    #[test]
    fn wide_has_more_columns() {
        let row = |format| render(&view(), looks(format, false)).lines().next().unwrap().to_owned();
        assert_eq!(row(Format::Wide).matches('\t').count(), 3);
        assert_eq!(row(Format::Table).matches('\t').count(), 2);
    }

    #[test]
    fn json_stays_json_and_is_safe_to_look_at() {
        let text = render(&view(), looks(Format::Json, false));
        assert_eq!(text, "[\"a\",\"größe\\u202e\\n\"]\n");
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back[1], "größe\u{202e}\n");
        assert!(render(&view(), looks(Format::Json, true)).starts_with("[\n  \"a\",\n"));
    }

    #[test]
    fn names_are_for_xargs() {
        let view = View::of("x").named("feature/a");
        assert_eq!(render(&view, looks(Format::Name, true)), "feature/a\n");
    }

    #[test]
    fn yaml_is_the_same_object() {
        let view = View::of(&serde_json::json!({"key": "a", "tags": ["x"]}));
        let text = render(&view, looks(Format::Yaml, false));
        assert!(text.contains("key: a\n") && text.contains("tags:"), "{text}");
    }

    #[test]
    fn no_rows_is_no_output() {
        let none: [String; 0] = [];
        let columns = [Column::new("NAME", |name: &String| Cell::text(name))];
        let view = View::list(&none, &columns, Clone::clone);
        assert_eq!(render(&view, looks(Format::Table, true)), "");
        assert_eq!(render(&view, looks(Format::Json, false)), "[]\n");
    }
}
