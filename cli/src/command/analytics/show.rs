//! Figures as tables, and how complete they are.

use chrono::{DateTime, Utc};
use fluxgate_client::EvaluationReason;
use fluxgate_client::analytics::{Figures, Series};
use fluxgate_client::clock;
use fluxgate_wording::figure::{complete, share};

use crate::output::{Cell, Column, View};
use crate::time;

/// How many of the last steps stand beside the whole?
const LAST: u8 = 5;

/// Shows the figures of the last minutes.
pub(crate) fn lately(figures: &Figures) -> View {
    let sum = |series: &Series, last: u8| {
        let sum: i64 = series.points.iter().rev().take(last.into()).sum();
        Cell::text(sum.to_string())
    };
    let minutes = (figures.until - figures.from).num_minutes();
    let columns = [
        Column::new("EVALUATED", |series: &Series| Cell::text(name_of(series))),
        Column::new("THIS MINUTE", move |series: &Series| sum(series, 1)),
        Column::new(period(LAST.into()), move |series: &Series| sum(series, LAST)),
        Column::new(period(minutes), |series: &Series| Cell::text(series.total.to_string())),
    ];
    let view = View::of(figures).table(&figures.series, &columns);
    let view = match figures.series.is_empty() {
        true => view.line("nothing was evaluated"),
        false => view,
    };
    view.line(complete(&figures.completeness, figures.until.min(clock::now())))
}

/// Names the minutes until now.
fn period(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (1, 0) => "LAST HOUR".to_owned(),
        (hours @ 2.., 0) => format!("LAST {hours} HOURS"),
        _ => format!("LAST {minutes} MIN"),
    }
}

/// Shows totals, each with its share.
pub(super) fn totals(view: View, heading: &str, figures: &Figures) -> View {
    let all: i64 = figures.series.iter().map(|series| series.total).sum();
    let columns = [
        Column::new(heading, |series: &Series| Cell::text(name_of(series))),
        Column::new("EVALUATIONS", |series: &Series| Cell::text(series.total.to_string())),
        Column::new("SHARE", move |series: &Series| Cell::Text(share(series.total, all))),
    ];
    view.line("").table(&figures.series, &columns)
}

/// Returns what a series is of.
pub(crate) fn name_of(series: &Series) -> String {
    let mut names: Vec<String> = Vec::new();
    names.extend(series.feature.as_ref().map(|feature| feature.key.clone()));
    names.extend(series.environment.as_ref().map(|environment| environment.key.clone()));
    names.extend(series.client.as_ref().map(|client| client.name.clone()));
    names.extend(series.variant.clone());
    if series.is_default {
        names.push("the application's own default".to_owned());
    }
    names.extend(series.reason.as_ref().map(reason));
    match names.is_empty() {
        true => "all".to_owned(),
        false => names.join(" "),
    }
}

fn reason(reason: &EvaluationReason) -> String {
    reason.as_str().to_owned()
}

/// Says from when until when.
pub(super) fn span(from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    format!("{} .. {}", time::instant(from), time::instant(until))
}

#[cfg(test)]
mod tests {
    use super::period;

    #[test]
    fn periods_are_called_what_people_call_them() {
        let names = [5, 59, 60, 61, 120].map(period);
        assert_eq!(names, ["LAST 5 MIN", "LAST 59 MIN", "LAST HOUR", "LAST 61 MIN", "LAST 2 HOURS"]);
    }
}
