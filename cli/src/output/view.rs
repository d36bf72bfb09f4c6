//! The value that a command returns: the object, and its table, its lines, its names.

use serde::Serialize;
use serde_json::Value;

use super::cell::Cell;
use super::fit::Stays;
use super::{Line, Tone};
use crate::exit::Exit;

/// What a command shows on stdout, and how it ends.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) value: Value,
    pub(crate) names: Vec<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) exit: Exit,
    pub(crate) notes: Vec<Line>,
    pub(crate) next: Vec<String>,
    /// The file that `fgctl apply` takes, which is what YAML is of things that files define.
    pub(crate) file: Option<String>,
    /// How to get another secret, where one is shown that is told only here.
    pub(crate) secret: Option<String>,
}

/// A part of the table format.
#[derive(Debug)]
pub(crate) enum Part {
    /// A line of text.
    Line(Line),
    /// A line of text, of which what goes on below begins at this column.
    Hanging(Line, usize),
    /// Short facts in a line, such as `a · b`, of which none is torn apart.
    Facts(Vec<String>),
    /// Rows with a header, which only terminals show.
    Table { header: Vec<Heading>, rows: Vec<Vec<Cell>> },
    /// Rows that need no header.
    Rows(Vec<Vec<Cell>>),
    /// The value itself: there is no other way to show it.
    Value(Value),
}

/// A column's name, and whether only `-o wide` shows it.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    pub(crate) name: String,
    pub(crate) wide: bool,
    /// Whether it holds sentences, which go on below where others are cut.
    pub(crate) prose: bool,
    /// How long it stays where there is little room; what is in it decides when nothing is said.
    pub(crate) stays: Option<Stays>,
}

/// A column of a list, as data.
pub(crate) struct Column<T> {
    heading: Heading,
    cell: Box<dyn Fn(&T) -> Cell>,
}

impl<T> Column<T> {
    /// Makes a column that is always shown.
    pub(crate) fn new(name: impl Into<String>, cell: impl Fn(&T) -> Cell + 'static) -> Self {
        let heading = Heading { name: name.into(), wide: false, prose: false, stays: None };
        Self { heading, cell: Box::new(cell) }
    }

    /// Makes a column that only `-o wide` shows.
    pub(crate) fn wide(name: impl Into<String>, cell: impl Fn(&T) -> Cell + 'static) -> Self {
        let mut column = Self::new(name, cell);
        column.heading.wide = true;
        column
    }

    /// Makes a column of sentences, of which nothing is cut off.
    pub(crate) fn prose(name: impl Into<String>, cell: impl Fn(&T) -> Cell + 'static) -> Self {
        let mut column = Self::new(name, cell);
        column.heading.prose = true;
        column
    }

    /// Says how long it stays where there is little room.
    pub(crate) fn stays(mut self, stays: Stays) -> Self {
        self.heading.stays = Some(stays);
        self
    }
}

impl View {
    /// Shows nothing.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// Shows a list.
    pub(crate) fn list<T: Serialize>(
        things: &[T],
        columns: &[Column<T>],
        name: impl Fn(&T) -> String,
    ) -> Self {
        Self {
            names: things.iter().map(name).collect(),
            parts: vec![Part::table(things, columns)],
            ..Self::of(things)
        }
    }

    /// Shows one object, so far only in the formats that need no columns.
    pub(crate) fn of<T: Serialize + ?Sized>(thing: &T) -> Self {
        Self {
            // What graphql_client generates always serializes.
            value: serde_json::to_value(thing).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Shows what `fgctl apply` takes, as it is written.
    pub(crate) fn file(text: String) -> Self {
        let view = text.lines().fold(Self::nothing(), View::line);
        Self { value: serde_saphyr::from_str(&text).unwrap_or_default(), file: Some(text), ..view }
    }

    /// Shows JSON, whatever it holds.
    pub(crate) fn json(value: &Value) -> Self {
        Self { value: value.clone(), parts: vec![Part::Value(value.clone())], ..Self::default() }
    }

    /// Names the object, such as `feature/checkout`.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Adds a line.
    #[must_use]
    pub(crate) fn line(mut self, line: impl Into<Line>) -> Self {
        self.parts.push(Part::Line(line.into()));
        self
    }

    /// Adds a line, of which what goes on below begins at this column.
    #[must_use]
    pub(crate) fn hanging(mut self, line: impl Into<Line>, column: usize) -> Self {
        self.parts.push(Part::Hanging(line.into(), column));
        self
    }

    /// Adds a line of short facts.
    #[must_use]
    pub(crate) fn facts(mut self, facts: Vec<String>) -> Self {
        self.parts.push(Part::Facts(facts));
        self
    }

    /// Puts a line before everything.
    #[must_use]
    pub(crate) fn before(mut self, line: impl Into<Line>) -> Self {
        self.parts.insert(0, Part::Line(line.into()));
        self
    }

    /// Adds a row without a header, aligned with those around it.
    #[must_use]
    pub(crate) fn row(mut self, row: Vec<Cell>) -> Self {
        match self.parts.last_mut() {
            Some(Part::Rows(rows)) => rows.push(row),
            _ => self.parts.push(Part::Rows(vec![row])),
        }
        self
    }

    /// Adds a table.
    #[must_use]
    pub(crate) fn table<T>(mut self, things: &[T], columns: &[Column<T>]) -> Self {
        self.parts.push(Part::table(things, columns));
        self
    }

    /// Ends the process with another code than 0.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Says something on stderr, after the result.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<Line>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says that all of it was taken back. A secret that holds nowhere is none.
    pub(crate) fn rehearsed(self) -> Self {
        // An answer that is shown as it is says so itself.
        if matches!(self.parts.as_slice(), [Part::Value(_)]) {
            return self;
        }
        let is_secret = self.secret.is_some();
        let mut view = match self.secret {
            Some(_) => Self { value: self.value, ..Self::default() },
            None => Self { next: Vec::new(), ..self },
        };
        match &mut view.value {
            Value::Array(all) => all.iter_mut().for_each(|one| tried(one, is_secret)),
            one => tried(one, is_secret),
        }
        view.line(Line::default().and(Tone::Dim, "(dry run)"))
    }

    /// Suggests the next command, on terminals only.
    #[must_use]
    pub(crate) fn next(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }
}

/// Marks an object as tried, and takes the secret out of it.
fn tried(value: &mut Value, is_secret: bool) {
    told(value);
    if let Some(object) = value.as_object_mut() {
        if is_secret {
            object.remove("key");
            object.remove("password");
        }
        object.insert("dryRun".to_owned(), Value::Bool(true));
    }
}

/// Empties the lists of what belongs to an object: it was read when all was taken back, and says what is, not what would be.
fn told(value: &mut Value) {
    for inner in value.as_object_mut().into_iter().flat_map(|object| object.values_mut()) {
        match inner.as_array_mut() {
            Some(list) if list.iter().any(Value::is_object) => list.clear(),
            Some(_) => {}
            None => told(inner),
        }
    }
}

impl Part {
    fn table<T>(things: &[T], columns: &[Column<T>]) -> Self {
        let row = |thing| columns.iter().map(|column| (column.cell)(thing)).collect();
        Self::Table {
            header: columns.iter().map(|column| column.heading.clone()).collect(),
            rows: things.iter().map(row).collect(),
        }
    }
}
