//! What a feature is for someone, as it is shown, and whether that counts as yes.

use fluxgate_client::evaluation::Evaluation;
use serde::Serialize;
use serde_json::Value;

use crate::output::{Cell, Column, Stays};

/// An evaluation, and which line of stdin it is for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    /// Of the line: whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) targeting_key: Option<Value>,
    #[serde(flatten)]
    pub(super) evaluation: Evaluation,
}

impl Answer {
    pub(super) fn error_code(&self) -> Option<&str> {
        self.evaluation.error_code.as_deref()
    }

    /// Returns whether the value is anything but false, 0, empty or none.
    pub(super) fn is_truthy(&self) -> bool {
        self.evaluation.value.as_ref().is_some_and(is_truthy)
    }

    /// Says what went wrong.
    pub(super) fn failure(&self) -> String {
        let line = self.line.map_or_else(String::new, |line| format!("line {line}: "));
        let details = self.evaluation.error_details.as_deref().unwrap_or_default();
        format!("{line}{}: {} {details}", self.evaluation.feature, self.error_code().unwrap_or_default())
    }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Returns the columns; a single answer is first of all its value.
pub(super) fn columns((of_lines, features): (bool, usize)) -> Vec<Column<Answer>> {
    let mut columns = Vec::new();
    if of_lines {
        columns.push(Column::wide("LINE", |answer: &Answer| {
            Cell::text(answer.line.map_or_else(String::new, |line| line.to_string()))
        }));
        columns.push(Column::new("KEY", |answer: &Answer| Cell::text(unit(answer))));
    }
    if features > 1 {
        columns.push(Column::new("FEATURE", |answer: &Answer| Cell::text(&answer.evaluation.feature)));
    }
    columns.push(
        Column::new("VALUE", |answer: &Answer| {
            let value = answer.evaluation.value.as_ref().map(ToString::to_string);
            Cell::text(value.unwrap_or_default())
        })
        .stays(Stays::Always),
    );
    columns.push(Column::new("VARIANT", |answer: &Answer| {
        Cell::text(answer.evaluation.variant.as_deref().unwrap_or_default())
    }));
    columns.push(Column::new("REASON", |answer: &Answer| {
        let reason = answer.evaluation.reason.as_deref().or(answer.error_code());
        Cell::text(reason.unwrap_or_default())
    }));
    columns.push(Column::new("WHY", |answer: &Answer| Cell::text(why(&answer.evaluation))));
    columns.push(
        Column::new("VERSION", |answer: &Answer| Cell::Version(answer.evaluation.version))
            .stays(Stays::Short),
    );
    columns
}

fn unit(answer: &Answer) -> String {
    match &answer.targeting_key {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Returns what decided, in a few words.
fn why(result: &Evaluation) -> String {
    if result.kill_switch {
        return "killed".to_owned();
    }
    if let Some(feature) = &result.blocked_by {
        return format!("needs {feature}");
    }
    match (&result.criterion_name, result.criterion) {
        (Some(name), _) => format!("rule {name:?}"),
        (None, Some(index)) => format!("rule {}", index + 1),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_truthy;

    #[test]
    fn every_type_of_value_has_its_no() {
        for no in
            [json!(false), json!(0), json!(0.0), json!(-0.0), json!(""), json!(null), json!({}), json!([])]
        {
            assert!(!is_truthy(&no), "{no}");
        }
        for yes in [json!(true), json!(1), json!(-0.5), json!("false"), json!({"a": null}), json!([false])] {
            assert!(is_truthy(&yes), "{yes}");
        }
    }
}
