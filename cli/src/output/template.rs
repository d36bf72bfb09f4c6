//! `--template`: Jinja over the JSON of a result.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use minijinja::value::{Rest, Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use serde_json::Value as Json;

use super::looks::Looks;
use super::table::{aligned, cut};
use crate::error::CliError;
use crate::output::Tone;
use crate::text::{clean, is_hostile};
use crate::time;

/// Names that a template has of itself.
const ITS_OWN: [&str; 4] = ["loop", "self", "super", "caller"];

/// A template that parses.
pub(super) struct Template(String);

impl Template {
    /// Reads a template.
    pub(super) fn new(source: &str) -> Result<Self, CliError> {
        match Environment::new().template_from_str(source) {
            Ok(_) => Ok(Self(source.to_owned())),
            Err(error) => Err(wrong(&error).hint("nothing was done")),
        }
    }

    /// Returns the paths of the result that it names.
    pub(super) fn wanted(&self) -> Vec<Vec<String>> {
        let environment = Environment::new();
        let names =
            environment.template_from_str(&self.0).map(|template| template.undeclared_variables(true));
        let is_its_own =
            |name: &str| ITS_OWN.contains(&name) || environment.globals().any(|(global, _)| global == name);
        let path = |name: &String| {
            let mut path: Vec<String> = name.split('.').map(str::to_owned).collect();
            if path.first().is_some_and(|first| first == "it") {
                path.remove(0);
            }
            path
        };
        let mut wanted: Vec<_> = names.iter().flatten().map(path).collect();
        wanted.retain(|path| path.first().is_none_or(|first| !is_its_own(first)));
        wanted
    }

    /// Fills it in. `undefined` says what becomes of what the result has not.
    pub(super) fn render(
        &self,
        value: &Json,
        looks: Looks,
        undefined: UndefinedBehavior,
    ) -> Result<String, CliError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(undefined);
        environment.set_formatter(|out, _, value| {
            match value.as_str() {
                Some(text) if !value.is_safe() => out.write_str(&clean(text))?,
                _ if value.is_undefined() || value.is_none() => {}
                _ => out.write_str(&value.to_string())?,
            }
            Ok(())
        });
        filters(&mut environment, looks);
        let fields = match value {
            Json::Object(_) => Value::from(Serde(value)),
            _ => Value::from(Serde(Json::Object(serde_json::Map::new()))),
        };
        let it = Value::from(Serde(value));
        let text = environment.render_str(&self.0, context! { it, ..fields });
        text.map(|text| finished(&text)).map_err(|error| wrong(&error))
    }
}

fn filters(environment: &mut Environment<'_>, looks: Looks) {
    environment.add_filter("timeago", move |text: &str| match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(time::ago(at.with_timezone(&Utc), looks.now)),
        Err(_) => Err(refused(format!("timeago: {text:?} is no time"))),
    });
    environment.add_filter("truncate", move |text: &str, width: usize| cut(text, width, looks.cut()));
    environment.add_filter("color", |text: &Value, name: &str| {
        let style = style(name).ok_or_else(|| refused(format!("color: there is no colour {name:?}")))?;
        let text = clean(&text.to_string()).into_owned();
        Ok::<_, Error>(Value::from_safe_string(format!("{style}{text}{style:#}")))
    });
    environment.add_filter("hyperlink", move |text: &str, url: &str| {
        let (text, url) = (clean(text).into_owned(), clean(url).into_owned());
        match looks.terminal {
            true => Value::from_safe_string(format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\")),
            false => Value::from(text),
        }
    });
    environment.add_filter("table", move |rows: &Value, fields: Rest<String>| table(rows, &fields, looks));
}

/// Aligns lists, or these fields of objects, in columns.
fn table(rows: &Value, fields: &[String], looks: Looks) -> Result<Value, Error> {
    let mut lines = Vec::new();
    for row in rows.try_iter()? {
        let mut line = Vec::new();
        if row.kind() == ValueKind::Map {
            for field in fields {
                line.push(row.get_attr(field)?);
            }
        } else {
            line.extend(row.try_iter()?);
        }
        let text = |value: &Value| match value.is_none() || value.is_undefined() {
            true => (Tone::Plain, "-".to_owned()),
            false => (Tone::Plain, looks.text(&value.to_string()).into_owned()),
        };
        lines.push(line.iter().map(text).collect());
    }
    Ok(Value::from_safe_string(aligned(&lines, looks).trim_end().to_owned()))
}

fn style(name: &str) -> Option<Style> {
    Some(match name {
        "red" => AnsiColor::Red.on_default(),
        "green" => AnsiColor::Green.on_default(),
        "yellow" => AnsiColor::Yellow.on_default(),
        "blue" => AnsiColor::Blue.on_default(),
        "magenta" => AnsiColor::Magenta.on_default(),
        "cyan" => AnsiColor::Cyan.on_default(),
        "bold" => Style::new().bold(),
        "dim" => Style::new().dimmed(),
        _ => return None,
    })
}

/// Ends the last line, and takes out what filters let through that steers a terminal, but for what they made themselves.
fn finished(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\x1b' => safe.push(c),
            c if is_hostile(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    if !safe.is_empty() && !safe.ends_with('\n') {
        safe.push('\n');
    }
    safe
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn wrong(error: &Error) -> CliError {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let line =
        error.line().filter(|line| *line > 1).map_or_else(String::new, |line| format!(", line {line}"));
    CliError::usage(format!("--template: {what}{line}"))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use minijinja::UndefinedBehavior;
    use serde_json::{Value, json};

    use super::Template;
    use crate::output::Looks;

    fn fill(source: &str, value: &Value) -> String {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(44);
        let looks = Looks { terminal: true, width: Some(80), ascii: false, now };
        let template = Template::new(source).unwrap_or_else(|e| panic!("{}", e.message));
        template.render(value, looks, UndefinedBehavior::Lenient).unwrap()
    }

    #[test]
    fn fields_stand_for_themselves() {
        assert_eq!(fill("{{ key }} {{ it.key }}", &json!({"key": "a"})), "a a\n");
        let list = json!([{"key": "a"}, {"key": "b"}]);
        assert_eq!(fill("{% for f in it %}{{ f.key }} {% endfor %}", &list), "a b \n");
    }

    #[test]
    fn filters_help() {
        let value =
            json!({"at": "1970-01-01T00:00:00Z", "name": "a long name", "rows": [["a", 1], ["bcd", 2]]});
        assert_eq!(fill("{{ at|timeago }}", &value), "44m\n");
        assert_eq!(fill("{{ name|truncate(6) }}", &value), "a lon…\n");
        assert_eq!(fill("{{ rows|table }}", &value), "a    1\nbcd  2\n");
        assert_eq!(fill("{{ [it]|table('name', 'at') }}", &value), "a long name  1970-01-01T00:00:00Z\n");
        assert_eq!(fill("{{ name|color('red') }}", &value), "\u{1b}[31ma long name\u{1b}[0m\n");
    }

    #[test]
    fn nothing_in_the_data_steers_the_terminal() {
        let value = json!({"name": "a\u{1b}]0;x\u{7}\u{202e}"});
        for source in ["{{ name }}", "{{ name|color('red') }}", "{{ it|tojson }}", "{{ [[name]]|table }}"] {
            let text = fill(source, &value);
            assert!(
                !text.contains("\u{1b}]") && !text.contains('\u{7}') && !text.contains('\u{202e}'),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_it_names_is_known_before() {
        let source = "{{ it.key }} {% for k in client.keys %}{{ k.id }} {{ loop.index }}{% endfor %}\
            {% set x = range(3) %}{{ x }} {{ name|upper }}";
        let mut wanted: Vec<String> = Template::new(source)
            .unwrap_or_else(|e| panic!("{}", e.message))
            .wanted()
            .iter()
            .map(|p| p.join("."))
            .collect();
        wanted.sort();
        assert_eq!(wanted, ["client.keys", "key", "name"]);
    }

    #[test]
    fn a_mistake_is_told() {
        let error = Template::new("{{ a | }}").err().unwrap();
        assert!(error.message.starts_with("--template: "), "{}", error.message);
    }
}
