//! `fgctl analytics series`

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::analytics::{self, Figures, Filter};
use fluxgate_client::{EvaluationGroup, Resolution, clock};
use fluxgate_wording::figure::complete;

use super::show::{name_of, span};
use super::{Range, resolution};
use crate::error::CliError;
use crate::output::{Cell, Column, View};
use crate::shell::Shell;

/// For how long is each minute told, unless told otherwise?
const BY_MINUTE: TimeDelta = TimeDelta::hours(3);

/// Show how often features were evaluated, step by step
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl analytics series checkout --by variant --from 3h\n  fgctl analytics series --by env --step hour --from 7d -o json\n\nAt most 1500 steps and 100 series. Steps in which nothing was evaluated are\nleft out where there are several series; -o json has all of them."
)]
pub(crate) struct Series {
    /// Only this feature
    #[arg(value_name = "KEY")]
    feature: Option<String>,

    /// A series for each of these
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    by: Vec<By>,

    /// How long a step is; a minute up to three hours when absent, else an hour
    #[arg(long, value_name = "STEP", value_enum)]
    step: Option<Step>,

    /// Only what this client asked for
    #[arg(long, value_name = "NAME")]
    client: Option<String>,

    #[command(flatten)]
    range: Range,
}

/// What has a series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Each feature
    Feature,
    /// Each environment
    Env,
    /// Each variant
    Variant,
    /// Each reason
    Reason,
    /// Each client
    Client,
}

/// How long a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    /// A minute
    Minute,
    /// An hour
    Hour,
}

impl Series {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let when = self.range.span()?;
        let step = match self.step {
            Some(Step::Minute) => Resolution::Minute,
            Some(Step::Hour) => Resolution::Hour,
            None => resolution(when, BY_MINUTE),
        };
        let filter = Filter {
            feature: self.feature,
            environment: self.range.env,
            client: self.client,
            ..Filter::default()
        };
        let group_by: Vec<EvaluationGroup> = self.by.iter().map(|by| by.group()).collect();
        let figures = analytics::series(&api, &team, filter, when, (step, group_by)).await?;
        Ok(shown(&figures))
    }
}

impl By {
    fn group(self) -> EvaluationGroup {
        match self {
            Self::Feature => EvaluationGroup::Feature,
            Self::Env => EvaluationGroup::Environment,
            Self::Variant => EvaluationGroup::Variant,
            Self::Reason => EvaluationGroup::Reason,
            Self::Client => EvaluationGroup::Client,
        }
    }
}

/// A step of a series.
#[derive(serde::Serialize)]
struct Point {
    at: DateTime<Utc>,
    name: String,
    evaluations: i64,
}

fn shown(figures: &Figures) -> View {
    let step = match figures.resolution {
        Resolution::Minute => TimeDelta::minutes(1),
        _ => TimeDelta::hours(1),
    };
    let steps = figures.series.iter().map(|series| series.points.len()).max().unwrap_or_default();
    let several = figures.series.len() > 1;
    let mut points = Vec::new();
    let mut at = figures.from;
    for index in 0..steps {
        for series in &figures.series {
            let evaluations = series.points.get(index).copied().unwrap_or_default();
            if evaluations > 0 || !several {
                points.push(Point { at, name: name_of(series), evaluations });
            }
        }
        at += step;
    }
    let columns = [
        // A point in time, also on a terminal: ages of steps are hard to read.
        Column::new("FROM", |point: &Point| Cell::text(crate::time::instant(point.at))),
        Column::new("EVALUATED", |point: &Point| Cell::text(&point.name)),
        Column::new("EVALUATIONS", |point: &Point| Cell::text(point.evaluations.to_string())),
    ];
    let view = View::of(figures).table(&points, &columns);
    let view = match points.is_empty() {
        true => view.note(format!("nothing was evaluated, {}", span(figures.from, figures.until))),
        false => view,
    };
    view.note(complete(&figures.completeness, figures.until.min(clock::now())))
}
