//! Reads features: page by page as they come, some by themselves, and how often each is evaluated.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::analytics::{self, Filter};
use fluxgate_client::feature::Feature;
use fluxgate_client::pipeline::{self, Pipeline};
use fluxgate_client::{Api, Code, Error, EvaluationGroup, Resolution, change, feature, feature_row};
use fluxgate_wording::{Line, Tone, change::diff_lines, figure::last_minute};
use futures_util::future::{join, join_all};
use serde_json::Value;

use super::Answer;
use crate::screen::features::{Rates, Row};

/// How many features does a page have?
const PAGE: i64 = 100;
/// Of how many features is it known how often they are evaluated?
const TOP: i64 = 100;
/// How far back is the last minute looked for that edges have told?
const LATELY: TimeDelta = TimeDelta::minutes(5);
/// For how long is what was evaluated looked at?
pub(super) const LOOKED_AT: TimeDelta = TimeDelta::minutes(60);

/// A page of features.
#[derive(Debug)]
pub struct RowsPage {
    pub(crate) rows: Vec<Row>,
    /// Whether it is the first one.
    pub(crate) first: bool,
    /// Whether there is no other.
    pub(crate) last: bool,
    /// How many features all pages have.
    pub(crate) total: usize,
}

/// Documents of a stage, and what they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Paper {
    /// One that is to be read.
    File {
        /// What is live.
        config: Value,
    },
    /// Two that are to be compared.
    Two {
        /// What is there now.
        before: Option<Value>,
        /// What it is compared with.
        after: Value,
        /// Which those are, in words.
        words: String,
    },
    /// Differences that are in words already.
    Lines(Vec<Line>),
}

/// Reads all features, and tells each page; ends when nobody listens.
pub(crate) async fn pages(api: &Api, team: &str, tell: impl Fn(Result<Answer, Error>) -> bool) {
    let (mut after, mut first, mut known) = (None, true, None);
    loop {
        let page = feature_row::page_of(api, team, (PAGE, after));
        let (page, pipelines) = match known.take() {
            Some(pipelines) => (page.await, Some(pipelines)),
            None => join(page, pipelines(api, team)).await,
        };
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tell(Err(error));
                return;
            }
        };
        after = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page && !page.nodes.is_empty());
        let last = after.is_none();
        let total = usize::try_from(page.total_count).unwrap_or_default();
        let led = |row| Row::from(row).led(pipelines.as_deref().unwrap_or_default());
        let rows = page.nodes.into_iter().map(led).collect();
        if !tell(Ok(Answer::FeatureRows(RowsPage { rows, first, last, total }))) || last {
            return;
        }
        (first, known) = (false, pipelines);
    }
}

/// Reads the pipelines; that they are not known only means that more is offered than can be done.
pub(super) async fn pipelines(api: &Api, team: &str) -> Option<Vec<Pipeline>> {
    pipeline::list(api, team).await.ok().map(|all| all.nodes)
}

/// Reads some features again; none for those that are gone.
pub(super) async fn some(
    api: &Api,
    team: &str,
    keys: Vec<String>,
) -> Result<Vec<(String, Option<Row>)>, Error> {
    let read = keys.into_iter().map(async |key| match feature_row::get(api, team, &key).await {
        Ok(row) => Ok((key, Some(Row::from(row)))),
        Err(error) if error.code() == Some(Code::NotFound) => Ok((key, None)),
        Err(error) => Err(error),
    });
    let (rows, pipelines) = join(join_all(read), pipelines(api, team)).await;
    let led = |(key, row): (String, Option<Row>)| {
        (key, row.map(|row| row.led(pipelines.as_deref().unwrap_or_default())))
    };
    rows.into_iter().map(|row| row.map(led)).collect()
}

/// Returns how often features are evaluated, in one environment or in all.
pub(super) async fn rates(
    api: &Api,
    team: &str,
    env: Option<&str>,
    until: DateTime<Utc>,
) -> Result<Rates, Error> {
    let filter = Filter { environment: env.map(str::to_owned), ..Filter::default() };
    let by = (Resolution::Minute, vec![EvaluationGroup::Feature]);
    match analytics::series(api, team, filter, (until - LOOKED_AT, until), by).await {
        // Those of more features than the server counts minute by minute at once.
        Err(error) if error.code() == Some(Code::Invalid) => most(api, team, env, until).await,
        figures => Ok(Rates::of_all(figures?)),
    }
}

/// Returns the same of those that were evaluated most in the last minute that edges have told.
async fn most(api: &Api, team: &str, env: Option<&str>, until: DateTime<Utc>) -> Result<Rates, Error> {
    let lately = analytics::top(api, team, env, (until - LATELY, until), 1).await?;
    let Some((_, at)) = last_minute((lately.from, lately.until), &lately.completeness) else {
        return Ok(Rates::default());
    };
    let top = analytics::top(api, team, env, (at, at + TimeDelta::minutes(1)), TOP).await?;
    let whole = i64::try_from(top.features.len()).is_ok_and(|count| count < TOP);
    Ok(Rates::of_most(top, whole))
}

/// Reads the document that is live in a stage.
pub(super) async fn file(api: &Api, team: &str, (key, env): (&str, &str)) -> Result<Paper, Error> {
    let feature = feature::get(api, team, key).await?;
    let live = feature.stage(env).and_then(|stage| stage.live.as_ref());
    Ok(match live {
        Some(live) => Paper::File { config: live.config.clone() },
        None => Paper::Lines(vec![Line::from(format!("nothing of {key} is live in {env}"))]),
    })
}

/// Reads what a change alters in a stage, or the documents of the stage and of the one before it.
pub(super) async fn difference(
    api: &Api,
    team: &str,
    (key, env): (&str, &str),
    number: Option<i64>,
) -> Result<Paper, Error> {
    if let Some(number) = number {
        let change = change::get(api, team, number).await?;
        let items = change.items.iter();
        let item = items.into_iter().find(|item| item.feature.key == key && item.environment.key == env);
        return Ok(Paper::Lines(item.map(diff_lines).unwrap_or_default()));
    }
    let (feature, pipelines) = join(feature::get(api, team, key), pipelines(api, team)).await;
    let feature = feature?;
    let pipeline = pipelines.iter().flatten().find(|pipeline| pipeline.key == feature.pipeline);
    let stage = pipeline.and_then(|one| one.stages.iter().find(|stage| stage.environment.key == env));
    Ok(compared(&feature, env, stage.map(|stage| stage.after.as_deref())))
}

/// Returns the document of a stage and that of the one before it, which would come there: by the pipeline, or by their order
/// while that is not known.
fn compared(feature: &Feature, env: &str, known: Option<Option<&str>>) -> Paper {
    let at = feature.stages.iter().position(|stage| stage.environment.key == env);
    let before = match known {
        Some(before) => before.and_then(|before| feature.stage(before)),
        None => at.and_then(|at| feature.stages.get(at.checked_sub(1)?)),
    };
    let live = |stage: &feature::Stage| stage.live.as_ref().map(|live| live.config.clone());
    let here = at.and_then(|at| feature.stages.get(at));
    match (here, before) {
        (Some(here), Some(before)) => match live(before) {
            Some(after) => {
                let words = format!("{} → {env}", before.environment.key);
                Paper::Two { before: live(here), after, words }
            }
            None => nothing(&format!("nothing is live in {}, the stage before", before.environment.key)),
        },
        _ => nothing(&format!("{env} is the first stage: there is none before to compare it with")),
    }
}

fn nothing(words: &str) -> Paper {
    Paper::Lines(vec![Line::default().and(Tone::Dim, words)])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Paper, compared};
    use crate::app::tests::read;

    #[test]
    fn a_stage_is_compared_with_what_would_come_there() {
        let stage = |env: &str, live: Value| {
            json!({"environment": {"key": env, "name": env, "type": "STAGING"}, "status": "DEPLOYED",
                "live": live, "kill": null, "pending": [], "changedAt": null})
        };
        let live = |enabled: bool| {
            json!({"number": 1, "config": {"enabled": enabled}, "createdAt": "2026-11-15T12:00:00Z",
                "createdBy": "lead"})
        };
        let feature =
            read(json!({"id": "018f0000-0000-7000-8000-000000000001", "key": "checkout", "name": "",
            "description": "", "kind": "SIMPLE", "valueType": "BOOLEAN", "lifecycle": "ACTIVE", "tags": [],
            "owner": null, "removalDate": null, "createdAt": "2026-09-01T12:00:00Z",
            "changedAt": "2026-11-20T11:57:02Z", "createdBy": "dev", "pipeline": "default",
            "stages": [stage("staging", live(true)), stage("prod", live(false))]}));
        let (before, after) = (Some(json!({"enabled": false})), json!({"enabled": true}));
        let words = "staging → prod".to_owned();
        assert_eq!(compared(&feature, "prod", None), Paper::Two { before, after, words });
        assert!(matches!(compared(&feature, "staging", None), Paper::Lines(_)));
        // A branch: what comes before it is not what stands before it.
        let branch = compared(&feature, "prod", Some(Some("elsewhere")));
        assert!(matches!(branch, Paper::Lines(_)), "{branch:?}");
        assert!(matches!(compared(&feature, "prod", Some(None)), Paper::Lines(_)));
    }
}
