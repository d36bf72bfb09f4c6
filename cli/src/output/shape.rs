//! What was asked to be shown of a result, and how: the flags, checked before anything is done.

use clap::ValueEnum;

use super::Format;
use super::before::Done;
use super::csv::Columns;
use super::fields::Fields;
use super::jq::Jq;
use super::template::Template;
use crate::error::CliError;
use crate::screen::variable;

/// Flags of how a result is shown.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Showing {
    /// How to show the result; FGCTL_OUTPUT when not given
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum)]
    pub(crate) output: Option<Format>,

    /// Only these fields of the JSON, such as key,stages.environment.key; alone it lists the fields
    #[arg(long, global = true, value_name = "FIELDS", num_args = 0..=1, default_missing_value = "")]
    pub(crate) json: Option<String>,

    /// Pass the JSON through a jq expression; strings come out without quotes
    #[arg(short = 'q', long, global = true, value_name = "EXPR", conflicts_with = "template")]
    pub(crate) jq: Option<String>,

    /// Fill in a Jinja template: the result is `it`, an object's fields also stand for themselves
    #[arg(short, long, global = true, value_name = "TEMPLATE")]
    pub(crate) template: Option<String>,

    /// Show the header in a pipe, too
    #[arg(long, global = true)]
    pub(crate) header: bool,

    /// Use no signs but ASCII
    #[arg(long, global = true)]
    pub(crate) ascii: bool,
}

impl Showing {
    /// Returns the format: the flag's, or the variable's, where an empty one is none.
    fn format(&self) -> Result<Format, CliError> {
        let variable = variable("FGCTL_OUTPUT").filter(|_| self.output.is_none());
        match (self.output, variable) {
            (Some(format), _) => Ok(format),
            (None, None) => Ok(Format::default()),
            (None, Some(text)) => Format::from_str(&text, true).map_err(|_| {
                let formats: Vec<String> = Format::value_variants()
                    .iter()
                    .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                    .collect();
                CliError::usage(format!("FGCTL_OUTPUT is {text:?}; it may be {}", formats.join(", ")))
            }),
        }
    }

    /// Returns whether errors are wanted as JSON.
    pub(crate) fn machine(&self) -> bool {
        let json = matches!(self.format(), Ok(Format::Json | Format::Jsonl));
        self.template.is_none() && (json || self.json.is_some() || self.jq.is_some())
    }
}

/// What was asked to be shown of a result, and how.
#[derive(Default)]
pub(crate) struct Shape {
    pub(crate) format: Format,
    pub(crate) header: bool,
    pub(super) fields: Fields,
    pub(super) through: Through,
    /// Of comma-separated values: what was the header.
    pub(super) columns: Columns,
    /// Whether something was done, of which nothing must be lost.
    pub(crate) done: Done,
}

/// What the JSON passes through.
#[derive(Default)]
pub(super) enum Through {
    #[default]
    Nothing,
    Jq(Box<Jq>),
    Template(Template),
}

impl Shape {
    /// Reads the flags; an expression that does not parse is told before anything is done.
    pub(crate) fn new(showing: &Showing) -> Result<Self, CliError> {
        let through = match (&showing.jq, &showing.template) {
            (Some(code), _) => Through::Jq(Box::new(Jq::compile(code)?)),
            (None, Some(source)) => Through::Template(Template::new(source)?),
            (None, None) => Through::Nothing,
        };
        let fields = match showing.json.as_deref() {
            None => Fields::All,
            Some(list) => Fields::parse(list)?,
        };
        let plain = matches!((&through, &fields), (Through::Nothing, Fields::All));
        // What narrows the JSON down asks for it.
        let format = match showing.format()? {
            Format::Table | Format::Wide | Format::Name if !plain => Format::Json,
            format => format,
        };
        Ok(Self { format, header: showing.header, fields, through, ..Self::default() })
    }

    /// Returns what an error is shown as where the flags themselves are wrong.
    pub(crate) fn of_errors(json: bool) -> Self {
        let format = if json { Format::Json } else { Format::Table };
        Self { format, ..Self::default() }
    }

    /// Returns whether a program reads the answer, and the error, as JSON.
    pub(crate) fn machine(&self) -> bool {
        matches!(self.format, Format::Json | Format::Jsonl) && !matches!(self.through, Through::Template(_))
    }

    /// Returns whether colours may be in the text.
    pub(crate) fn coloured(&self) -> bool {
        matches!(self.through, Through::Template(_)) || matches!(self.format, Format::Table | Format::Wide)
    }

    /// Returns whether no fields were named.
    pub(super) fn whole_object(&self) -> bool {
        self.fields == Fields::All
    }

    /// Returns whether the YAML of a whole object is asked for, which is the file that defines it where there is one.
    pub(crate) fn is_file(&self) -> bool {
        self.format == Format::Yaml && self.whole_object() && matches!(self.through, Through::Nothing)
    }

    /// Returns the paths of the result that are asked for by name.
    pub(super) fn wanted(&self) -> Vec<Vec<String>> {
        let mut wanted = self.fields.paths().to_vec();
        if let Through::Template(template) = &self.through {
            wanted.extend(template.wanted());
        }
        wanted
    }

    /// Returns whether only the fields' names are to be told, which must change nothing.
    pub(crate) fn names_only(&self) -> bool {
        matches!(self.fields, Fields::Names)
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, Showing};
    use crate::output::Format;

    fn shape(showing: &Showing) -> Shape {
        Shape::new(showing).unwrap_or_else(|error| panic!("{}", error.message))
    }

    #[test]
    fn fields_and_jq_ask_for_json() {
        let picked = shape(&Showing { json: Some("key".into()), ..Showing::default() });
        assert!(picked.format == Format::Json && picked.machine() && !picked.names_only());
        let csv = Showing { json: Some("key".into()), output: Some(Format::Csv), ..Showing::default() };
        assert_eq!(shape(&csv).format, Format::Csv);
        let template = shape(&Showing { template: Some("{{ it }}".into()), ..Showing::default() });
        assert!(!template.machine());
        assert!(shape(&Showing { json: Some(String::new()), ..Showing::default() }).names_only());
    }

    #[test]
    fn what_does_not_parse_is_told_at_once() {
        for showing in [
            Showing { jq: Some(".[".into()), ..Showing::default() },
            Showing { jq: Some("nosuch(1)".into()), ..Showing::default() },
            Showing { template: Some("{% for %}".into()), ..Showing::default() },
            Showing { json: Some("a,,b".into()), ..Showing::default() },
        ] {
            let error = Shape::new(&showing).err().unwrap();
            assert_eq!(error.exit.code(), 2, "{}", error.message);
        }
    }
}
