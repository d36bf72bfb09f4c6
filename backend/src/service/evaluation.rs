//! What was evaluated: series over time with their gaps filled, the features asked for most, how many units asked, what
//! is stale. Every answer says how complete it is.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_proto::sketch::Sketch;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    delivery::edges::SILENCE,
    error::{Error, Result},
    service::key,
    store::{
        evaluation::series::{self, CountFilter, Grouping, SeriesRow, Span},
        ingest::{self, Completeness},
        word_enum,
    },
};

/// How many minutes may be watched?
const MAX_WATCHED_MINUTES: i64 = 180;
/// How many points may a series have?
pub const MAX_POINTS: i64 = 1_500;
/// How many series may an answer have?
pub const MAX_SERIES: i64 = 100;
/// How many features may be at the top?
const MAX_TOP: i64 = 100;
/// How many days may be looked at for units?
const MAX_UNIT_DAYS: i64 = 92;
/// How many days may a feature be at rest before it is stale?
const MAX_STALE_DAYS: i64 = 365;

word_enum!(
    /// How long a step of a series is.
    Resolution {
        /// A minute.
        Minute,
        /// An hour.
        Hour,
    }
);

impl Resolution {
    /// A step in seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Resolution::Minute => 60,
            Resolution::Hour => 3_600,
        }
    }
}

/// Series of one answer.
#[derive(Clone, PartialEq)]
pub struct Series {
    /// From when, until before when: whole steps.
    pub span: Span,
    /// The largest first, each with every step.
    pub rows: Vec<SeriesRow>,
}

/// What is watched: the last minutes of a team, by what is grouped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Watched {
    /// The team.
    pub team: Uuid,
    /// Which counts.
    pub filter: CountFilter,
    /// What has a series of its own.
    pub grouping: Grouping,
    /// How many minutes.
    pub minutes: i64,
}

/// What is found of that.
#[derive(PartialEq)]
pub struct Figures {
    /// The series, by the minute.
    pub series: Series,
    /// How complete they are.
    pub completeness: Completeness,
}

impl Watched {
    /// Refuses what is more than an answer may have.
    pub fn check(&self) -> Result<()> {
        if !(1..=MAX_WATCHED_MINUTES).contains(&self.minutes) {
            return Err(Error::invalid("minutes", format!("must be between 1 and {MAX_WATCHED_MINUTES}")));
        }
        Ok(())
    }

    /// The figures now, with the minute that is not over.
    pub async fn figures(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Figures> {
        let span = (now - TimeDelta::minutes(self.minutes), now);
        let what = (&self.filter, self.grouping);
        let series = series(conn, self.team, what, (span, Resolution::Minute)).await?;
        let place = (self.team, self.filter.environment);
        let completeness = completeness(conn, place, series.span, now).await?;
        Ok(Figures { series, completeness })
    }
}

/// Adds up counts by time and by what is grouped.
pub async fn series(
    conn: &mut PgConnection,
    team: Uuid,
    (filter, grouping): (&CountFilter, Grouping),
    (span, resolution): (Span, Resolution),
) -> Result<Series> {
    let span = whole_steps(span, resolution.seconds())?;
    let points = points(span, resolution.seconds());
    if points > MAX_POINTS {
        let longest = TimeDelta::seconds(resolution.seconds() * MAX_POINTS);
        let most =
            format!("{MAX_POINTS} steps of a series, {} hours at this resolution", longest.num_hours());
        return Err(Error::invalid("from", format!("is {points} steps before until; at most {most}")));
    }
    let step = (span, resolution.seconds());
    let rows = series::series(conn, team, (filter, grouping), step, MAX_SERIES + 1).await?;
    if rows.len() > usize::try_from(MAX_SERIES).unwrap_or(0) {
        let message = format!("makes more than {MAX_SERIES} series: group by less, or filter");
        return Err(Error::invalid("groupBy", message));
    }
    let is_one = [grouping.environment, grouping.feature, grouping.client, grouping.variant, grouping.reason]
        .iter()
        .all(|grouped| !grouped);
    let rows = if is_one && rows.is_empty() { vec![SeriesRow::default()] } else { rows };
    let points = usize::try_from(points).unwrap_or(0);
    Ok(Series { span, rows: rows.into_iter().map(|row| filled(row, points)).collect() })
}

/// A series with a count for every step.
fn filled(row: SeriesRow, points: usize) -> SeriesRow {
    let mut counts = vec![0; points];
    for (step, count) in row.steps.iter().zip(&row.counts) {
        if let Some(place) = usize::try_from(*step).ok().and_then(|step| counts.get_mut(step)) {
            *place += count;
        }
    }
    SeriesRow { counts, steps: Vec::new(), ..row }
}

/// The features that are asked for most, and how often.
pub async fn top(
    conn: &mut PgConnection,
    team: Uuid,
    environment: Option<Uuid>,
    span: Span,
    first: Option<i64>,
) -> Result<(Span, Vec<(Uuid, i64)>)> {
    let first = first.unwrap_or(10);
    if !(1..=MAX_TOP).contains(&first) {
        return Err(Error::invalid("first", format!("must be between 1 and {MAX_TOP}")));
    }
    let span = whole_steps(span, Resolution::Minute.seconds())?;
    Ok((span, series::top(conn, team, environment, span, first).await?))
}

/// About how many units asked for a feature, whatever edges they asked, in whole hours.
pub async fn units(
    conn: &mut PgConnection,
    team: Uuid,
    (feature, environment): (Uuid, Option<Uuid>),
    span: Span,
) -> Result<(Span, u64)> {
    let span = whole_steps(span, Resolution::Hour.seconds())?;
    if span.1 - span.0 > TimeDelta::days(MAX_UNIT_DAYS) {
        return Err(Error::invalid("from", format!("is more than {MAX_UNIT_DAYS} days before until")));
    }
    let mut all = Sketch::default();
    series::each_sketch(conn, team, (feature, environment), span, |bytes| match Sketch::decode(bytes) {
        Ok(sketch) => all.merge(&sketch),
        Err(error) => tracing::error!(%error, %feature, "a stored sketch cannot be read and is left out"),
    })
    .await?;
    Ok((span, all.estimate()))
}

/// How complete a team's figures of a time are.
pub async fn completeness(
    conn: &mut PgConnection,
    (team, environment): (Uuid, Option<Uuid>),
    span: Span,
    now: DateTime<Utc>,
) -> Result<Completeness> {
    Ok(ingest::completeness(conn, (team, environment), span, now - SILENCE).await?)
}

/// Since when nothing has happened to what is stale after so many days.
pub fn stale_since(days: i64, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if !(1..=MAX_STALE_DAYS).contains(&days) {
        return Err(Error::invalid("days", format!("must be between 1 and {MAX_STALE_DAYS}")));
    }
    Ok(now - TimeDelta::days(days))
}

/// A time as whole steps: those that it touches.
fn whole_steps((from, until): Span, step: i64) -> Result<Span> {
    key::check_instant("from", Some(from))?;
    key::check_instant("until", Some(until))?;
    if from >= until {
        return Err(Error::invalid("until", "must be after from"));
    }
    let instant = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let first = from.timestamp().div_euclid(step) * step;
    let part = i64::from(until.timestamp_subsec_nanos() > 0);
    let last = (until.timestamp() + part + step - 1).div_euclid(step) * step;
    Ok((instant(first), instant(last)))
}

fn points((from, until): Span, step: i64) -> i64 {
    (until - from).num_seconds() / step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_is_widened_to_whole_steps() {
        let (from, until) = (at("2026-03-01T10:20:30Z"), at("2026-03-01T11:00:00.5Z"));
        let span = |from: &str, until: &str| (at(from), at(until));
        assert_eq!(
            whole_steps((from, until), 3_600).unwrap(),
            span("2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z")
        );
        let minutes = whole_steps((from, until), 60).unwrap();
        assert_eq!(minutes, span("2026-03-01T10:20:00Z", "2026-03-01T11:01:00Z"));
        assert_eq!(points(minutes, 60), 41);
        let exact = span("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
        assert_eq!(whole_steps(exact, 3_600).unwrap(), exact);
        assert!(whole_steps((until, from), 60).is_err());
        assert!(whole_steps((from, from), 60).is_err());
    }

    #[test]
    fn gaps_are_zeros() {
        let row = SeriesRow { steps: vec![3, 0], counts: vec![7, 2], ..SeriesRow::default() };
        assert_eq!(filled(row, 5).counts, [2, 0, 0, 7, 0]);
        assert_eq!(filled(SeriesRow::default(), 2).counts, [0, 0]);
    }
}
