//! Turns a view into text.

use anstyle::{AnsiColor, Style};
use minijinja::UndefinedBehavior;

use super::Format;
use super::looks::Looks;
use super::shape::{Shape, Through};
use super::table::table;
use super::view::{Part, View};
use super::wrap::{joined, wrapped, wrapped_at};
use super::{Line, Tone};
use super::{csv, json, yaml};
use crate::error::CliError;
use crate::exit::Exit;
use crate::text::clean;

/// Returns a view as text, lines ended, empty when there is nothing to show.
pub(crate) fn render(view: &View, shape: &Shape, looks: Looks) -> Result<String, CliError> {
    let whole = matches!((&shape.through, shape.names_only()), (Through::Nothing, false));
    match shape.format {
        Format::Name if whole => Ok(view.names.iter().map(|n| format!("{}\n", clean(n))).collect()),
        Format::Table | Format::Wide if whole => {
            Ok(view.parts.iter().map(|part| text(part, shape, looks)).collect())
        }
        _ if view.value.is_null() => Ok(String::new()),
        Format::Csv if whole && shape.whole_object() => Ok(csv::of_view(view, looks, &shape.columns)),
        format => {
            if let Some(file) = view.file.as_deref().filter(|_| shape.is_file()) {
                return Ok(yaml::as_seen(file, looks.terminal).into_owned());
            }
            let value = shape.fields.of(&view.value)?;
            match &shape.through {
                Through::Jq(jq) => {
                    let results = jq.run(&value)?;
                    match view.secret.is_some() && results.iter().all(serde_json::Value::is_null) {
                        true => Err(CliError::new(Exit::Failed, "jq: nothing comes out of the result")),
                        false => Ok(json::results(&results, looks.terminal)),
                    }
                }
                Through::Template(template) => {
                    // What was done is not to end in an empty line.
                    let strict = UndefinedBehavior::SemiStrict;
                    let undefined = if shape.done.is() { strict } else { UndefinedBehavior::Lenient };
                    template.render(&value, looks, undefined)
                }
                // Names are a list, a line each, whatever was asked for.
                Through::Nothing if shape.names_only() => Ok(names(&value)),
                Through::Nothing => Ok(match format {
                    Format::Jsonl => json::lines(&value),
                    Format::Yaml => yaml::of_value(&value, looks.terminal),
                    Format::Csv => csv::of_value(&value, shape.fields.paths(), &shape.columns),
                    _ => json::text(&value, looks.terminal),
                }),
            }
        }
    }
}

/// Returns all of a result as JSON, whatever was asked for.
pub(crate) fn whole(view: &View, looks: Looks) -> String {
    json::text(&view.value, looks.terminal)
}

/// Returns a line without its end, and without breaks.
pub(crate) fn show_line(line: &Line, looks: Looks) -> String {
    let piece = |(tone, text): &(Tone, String)| paint(*tone, &looks.text(text));
    line.0.iter().map(piece).collect()
}

/// Returns a line as a test sees it, with or without the escapes for its tones.
#[cfg(test)]
pub(crate) fn render_line(line: &Line, terminal: bool) -> String {
    let piece = |(tone, text): &(Tone, String)| match terminal {
        true => paint(*tone, &clean(text)),
        false => clean(text).into_owned(),
    };
    line.0.iter().map(piece).collect()
}

fn names(value: &serde_json::Value) -> String {
    let names = value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    names.map(|name| format!("{}\n", clean(name))).collect()
}

fn text(part: &Part, shape: &Shape, looks: Looks) -> String {
    match part {
        Part::Line(line) => {
            let lines = wrapped(line, looks.width);
            lines.iter().map(|line| format!("{}\n", show_line(line, looks))).collect()
        }
        Part::Hanging(line, column) => {
            let lines = wrapped_at(line, looks.width, *column);
            lines.iter().map(|line| format!("{}\n", show_line(line, looks))).collect()
        }
        Part::Facts(facts) => {
            let facts: Vec<String> = facts.iter().map(|fact| looks.text(fact).into_owned()).collect();
            joined(&facts, &looks.text(" ·"), looks.width).iter().map(|line| format!("{line}\n")).collect()
        }
        Part::Rows(rows) => table(&[], rows, shape, looks),
        Part::Value(value) => json::text(value, looks.terminal),
        Part::Table { header, rows } => table(header, rows, shape, looks),
    }
}

/// Returns text with the escapes for its tone. A stream that has no colours takes them out again.
pub(super) fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Plain => Style::new(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Waiting => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
    };
    if style.is_plain() || text.is_empty() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use crate::output::{Cell, Column, Format, Looks, Shape, Tone, View};

    fn render(view: &View, format: Format, terminal: bool) -> String {
        let shape = Shape { format, ..Shape::default() };
        show(view, &shape, terminal)
    }

    fn show(view: &View, shape: &Shape, terminal: bool) -> String {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(44);
        let looks = Looks { terminal, width: terminal.then_some(80), ascii: false, now };
        plain(&super::render(view, shape, looks).unwrap())
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
            render(&view(), Format::Table, false),
            "a\ton\t1970-01-01T00:00:00Z\ngröße\\u{202e}\\n\ton\t1970-01-01T00:00:00Z\n"
        );
    }

    #[test]
    fn a_terminal_gets_columns() {
        let text = render(&view(), Format::Wide, true);
        assert_eq!(
            text,
            "NAME             ID  STATE  SINCE\n\
             a                7   ● on   44m\n\
             größe\\u{202e}\\n  7   ● on   44m\n"
        );
    }

    #[test]
    fn what_hangs_goes_on_below_its_own_column() {
        let words = "a finding of many words that does not fit into the one line that there is for it";
        let view = View::nothing().hanging(format!("x check  {words}"), 9);
        assert_eq!(
            render(&view, Format::Table, true),
            "x check  a finding of many words that does not fit into the one line that there\n         is for it\n"
        );
    }

    #[test]
    fn wide_has_more_columns() {
        let row = |format| render(&view(), format, false).lines().next().unwrap().to_owned();
        assert_eq!(row(Format::Wide).matches('\t').count(), 3);
        assert_eq!(row(Format::Table).matches('\t').count(), 2);
    }

    #[test]
    fn json_stays_json_and_is_safe_to_look_at() {
        let text = render(&view(), Format::Json, false);
        assert_eq!(text, "[\"a\",\"größe\\u202e\\n\"]\n");
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back[1], "größe\u{202e}\n");
        assert!(render(&view(), Format::Json, true).starts_with("[\n  \"a\",\n"));
    }

    #[test]
    fn names_are_for_xargs() {
        let view = View::of("x").named("feature/a");
        assert_eq!(render(&view, Format::Name, true), "feature/a\n");
    }

    #[test]
    fn yaml_is_the_same_object() {
        let view = View::of(&serde_json::json!({"key": "a", "tags": ["x"]}));
        let text = render(&view, Format::Yaml, false);
        assert!(text.contains("key: a\n") && text.contains("tags:"), "{text}");
    }

    #[test]
    fn a_header_when_asked_for() {
        let shape = Shape { header: true, ..Shape::default() };
        assert!(show(&view(), &shape, false).starts_with("NAME\tSTATE\tSINCE\na\ton\t"));
    }

    #[test]
    fn csv_has_all_columns() {
        assert_eq!(
            render(&view(), Format::Csv, false),
            "name,id,state,since\na,7,on,1970-01-01T00:00:00Z\ngröße\\u{202e}\\n,7,on,1970-01-01T00:00:00Z\n"
        );
    }

    #[test]
    fn lines_of_json() {
        assert_eq!(render(&view(), Format::Jsonl, true), "\"a\"\n\"größe\\u202e\\n\"\n");
    }

    #[test]
    fn ascii_has_no_signs() {
        let looks = Looks { terminal: true, width: None, ascii: true, now: DateTime::UNIX_EPOCH };
        let view = View::nothing().line("✗ a → b …").row(vec![Cell::State(Tone::Waiting, "x".into())]);
        let text = plain(&super::render(&view, &Shape::default(), looks).unwrap());
        assert_eq!(text, "x a -> b ...\n~ x\n");
    }

    #[test]
    fn no_rows_is_no_output() {
        let none: [String; 0] = [];
        let columns = [Column::new("NAME", |name: &String| Cell::text(name))];
        let view = View::list(&none, &columns, Clone::clone);
        assert_eq!(render(&view, Format::Table, true), "");
        assert_eq!(render(&view, Format::Json, false), "[]\n");
    }
}
