//! Comma-separated values, as spreadsheets read them.

use std::sync::OnceLock;

use serde_json::Value;

use super::cell::Cell;
use super::fields::names;
use super::looks::Looks;
use super::table::field;
use super::view::{Part, View};

/// Fields that hold a document of any form, which is one cell.
const DOCUMENTS: [&str; 2] = ["before", "after"];

/// The columns, from the first result on: of a stream of many, only that one has a header.
pub(super) type Columns = OnceLock<Vec<String>>;

/// Returns a view's table, all its columns; without one, the fields of its value.
pub(super) fn of_view(view: &View, looks: Looks, columns: &Columns) -> String {
    let table = view.parts.iter().find_map(|part| match part {
        Part::Table { header, rows } => Some((header, rows)),
        _ => None,
    });
    let Some((header, rows)) = table else {
        return of_value(&view.value, &[], columns);
    };
    let names: Vec<String> = header.iter().map(|heading| heading.name.to_lowercase()).collect();
    let mut lines = if columns.set(names.clone()).is_ok() { vec![names] } else { Vec::new() };
    let plain = Looks { terminal: false, ascii: false, ..looks };
    let text = |cell: &Cell| match cell {
        Cell::Text(text) | Cell::Prose(text) if text.is_empty() => String::new(),
        Cell::Time(None) | Cell::Version(None) => String::new(),
        cell => field(cell, plain).1,
    };
    lines.extend(rows.iter().map(|row| row.iter().map(text).collect()));
    written(&lines)
}

/// Returns a value's objects, a column for each field that is no object or list of them.
pub(super) fn of_value(value: &Value, named: &[Vec<String>], columns: &Columns) -> String {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => return String::new(),
        one => std::slice::from_ref(one),
    };
    let mut lines = Vec::new();
    let columns = match columns.get() {
        Some(columns) => columns,
        None => {
            let names = leaves(value, named);
            if names.is_empty() {
                return written(&items.iter().map(|item| vec![scalar(item)]).collect::<Vec<_>>());
            }
            lines.push(names.clone());
            columns.get_or_init(|| names)
        }
    };
    lines.extend(items.iter().map(|item| columns.iter().map(|path| at(item, path)).collect()));
    written(&lines)
}

/// Returns the fields that are columns: one with fields below it is told by those, a document only by those that were named.
fn leaves(value: &Value, named: &[Vec<String>]) -> Vec<String> {
    let is_named = |name: &String| named.iter().any(|path| path.join(".") == *name);
    let mut all = names(value);
    all.retain(|name| {
        let above = name.rsplit_once('.').map_or("", |(above, _)| above);
        !above.split('.').any(|field| DOCUMENTS.contains(&field)) || is_named(name)
    });
    let leaf = |name: &&String| !all.iter().any(|other| other.starts_with(&format!("{name}.")));
    all.iter().filter(leaf).cloned().collect()
}

/// Returns what a path leads to; of a list, all of it.
fn at(value: &Value, path: &str) -> String {
    match value {
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(|item| at(item, path)).collect();
            texts.join(";")
        }
        Value::Object(fields) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            match fields.get(name) {
                Some(field) if rest.is_empty() => scalar(field),
                Some(field) => at(field, rest),
                None => String::new(),
            }
        }
        _ => String::new(),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(scalar).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

fn written(lines: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for line in lines {
        // Nothing fails that is written to memory.
        let _ = writer.write_record(line.iter().map(|text| crate::text::clean(text).into_owned()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Columns;

    fn of_value(value: &serde_json::Value) -> String {
        super::of_value(value, &[], &Columns::new())
    }

    #[test]
    fn a_document_is_a_cell_unless_its_fields_were_named() {
        let value = json!({"after": {"config": {"enabled": true}}});
        assert_eq!(of_value(&value), "after\n\"{\"\"config\"\":{\"\"enabled\"\":true}}\"\n");
        let named = [["after", "config", "enabled"].map(str::to_owned).to_vec()];
        assert_eq!(super::of_value(&value, &named, &Columns::new()), "after.config.enabled\ntrue\n");
    }

    #[test]
    fn a_stream_has_one_header() {
        let columns = Columns::new();
        let event = |number: i64, kill: serde_json::Value, after: serde_json::Value| {
            super::of_value(&json!({"number": number, "kill": kill, "after": after}), &[], &columns)
        };
        assert_eq!(event(1, json!(null), json!({"a": 1})), "after,kill,number\n\"{\"\"a\"\":1}\",,1\n");
        assert_eq!(event(2, json!({"by": "dev"}), json!(null)), ",\"{\"\"by\"\":\"\"dev\"\"}\",2\n");
    }

    #[test]
    fn objects_are_rows() {
        let value = json!([
            {"key": "a", "tags": ["x", "y"], "env": {"key": "dev"}, "note": "a, \"b\"\n"},
            {"key": "b", "tags": [], "env": {"key": "prod"}, "note": null},
        ]);
        assert_eq!(of_value(&value), "env.key,key,note,tags\ndev,a,\"a, \"\"b\"\"\\n\",x;y\nprod,b,,\n");
    }

    #[test]
    fn lists_below_are_joined() {
        let value = json!({"key": "a", "stages": [{"env": "dev"}, {"env": "prod"}]});
        assert_eq!(of_value(&value), "key,stages.env\na,dev;prod\n");
        assert_eq!(of_value(&json!(["a", "b"])), "a\nb\n");
    }
}
