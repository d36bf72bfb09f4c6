//! Evaluations of the last minutes: a table in place on a terminal, elsewhere the figures whenever they are others.

use std::sync::Arc;

use chrono::TimeDelta;
use fluxgate_client::analytics::{self, Figures, Filter, WatchEvaluations, watch_evaluations};
use fluxgate_client::subscribe::Topics;
use fluxgate_client::{Api, EvaluationGroup, Resolution, clock};
use serde_json::{Value, json};

use super::super::analytics as command;
use super::super::live;
use super::line::row;
use super::print;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// How many minutes are watched?
const MINUTES: i64 = 60;

pub(super) async fn run(
    shell: &Shell,
    (api, team): (&Arc<Api>, &str),
    (feature, env): (Option<&str>, Option<&str>),
) -> Result<View, CliError> {
    // Of one feature: what it comes to. Of all: each of them.
    let group = if feature.is_some() { EvaluationGroup::Variant } else { EvaluationGroup::Feature };
    let variables = watch_evaluations::Variables {
        team: team.to_owned(),
        feature: feature.map(str::to_owned),
        environment: env.map(str::to_owned),
        group_by: Some(vec![group.clone()]),
        minutes: Some(MINUTES),
    };
    if shell.ui.in_place() {
        let topics = Topics::new(Arc::clone(api)).with::<WatchEvaluations>(variables, |_| ())?;
        let filter = Filter {
            feature: feature.map(str::to_owned),
            environment: env.map(str::to_owned),
            ..Filter::default()
        };
        let ask = async || {
            let now = clock::now();
            // The minute that runs is one of them: both ends of a span are made whole.
            let span = (now - TimeDelta::minutes(MINUTES - 1), now);
            analytics::series(api, team, filter.clone(), span, (Resolution::Minute, vec![group.clone()]))
                .await
        };
        return live::follow(shell, topics.start(), ask, command::lately).await;
    }
    let topics = Topics::new(Arc::clone(api)).with::<WatchEvaluations>(variables, |data| data.figures)?;
    let objects = shell.ui.in_objects();
    print(shell, topics.start(), move |figures: Figures| {
        if objects {
            return vec![object(&figures)];
        }
        let at = clock::now();
        let line = |series: &analytics::Series| {
            let name = command::name_of(series);
            let last = series.points.last().copied().unwrap_or_default();
            let fields =
                ["evaluations".into(), name, series.total.to_string(), last.to_string(), String::new()];
            row((at, Value::Null), &fields, false)
        };
        figures.series.iter().map(line).collect()
    })
    .await
}

fn object(figures: &Figures) -> View {
    let mut value = json!({ "event": "evaluations" });
    if let (Some(fields), Ok(Value::Object(figures))) = (value.as_object_mut(), serde_json::to_value(figures))
    {
        fields.extend(figures);
    }
    View::of(&value)
}
