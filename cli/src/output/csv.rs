//! Comma-separated values, as spreadsheets read them.

use serde_json::Value;

use super::cell::Cell;
use super::fields::names;
use super::looks::Looks;
use super::table::field;
use super::view::{Part, View};

/// Returns a view's table, all its columns; without one, the fields of its value.
pub(super) fn of_view(view: &View, looks: Looks) -> String {
    let table = view.parts.iter().find_map(|part| match part {
        Part::Table { header, rows } => Some((header, rows)),
        _ => None,
    });
    let Some((header, rows)) = table else {
        return of_value(&view.value);
    };
    let mut lines = vec![header.iter().map(|heading| heading.name.to_lowercase()).collect::<Vec<_>>()];
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
pub(super) fn of_value(value: &Value) -> String {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => return String::new(),
        one => std::slice::from_ref(one),
    };
    let all = names(value);
    // A field with fields below it is told by those.
    let leaf = |name: &&String| !all.iter().any(|other| other.starts_with(&format!("{name}.")));
    let columns: Vec<&String> = all.iter().filter(leaf).collect();
    if columns.is_empty() {
        return written(&items.iter().map(|item| vec![scalar(item)]).collect::<Vec<_>>());
    }
    let mut lines = vec![columns.iter().map(|name| (*name).clone()).collect::<Vec<_>>()];
    for item in items {
        lines.push(columns.iter().map(|path| at(item, path)).collect());
    }
    written(&lines)
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

    use super::of_value;

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
