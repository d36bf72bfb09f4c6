//! How often something was evaluated, in words: shares, and how far figures can be trusted.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::analytics::{Completeness, whole_minutes};

use crate::{Line, Tone, time};

/// How long is a minute?
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// How long before the end of what was asked for may a minute have ended that is still told as the last one?
const LATE: TimeDelta = TimeDelta::minutes(3);

/// Returns the last minute that is over and that all edges have told: its place among those from when until when, and when
/// it began. None where the last ones are not told yet.
pub fn last_minute(
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    known: &Completeness,
) -> Option<(usize, DateTime<Utc>)> {
    let end = whole_minutes(known.until?.min(until));
    let begin = end - MINUTE;
    if is_late(end, until) || begin < from {
        return None;
    }
    Some((usize::try_from((begin - from).num_minutes()).ok()?, begin))
}

/// Returns whether what is known ends so long before the end of what was asked for that it says nothing of then.
fn is_late(known: DateTime<Utc>, until: DateTime<Utc>) -> bool {
    until - whole_minutes(known.min(until)) > LATE
}

/// Returns a part of a whole in percent.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub fn share(part: i64, all: i64) -> String {
    match all {
        0 => String::new(),
        all => format!("{:.1} %", part as f64 * 100.0 / all as f64),
    }
}

/// Says how far figures can be trusted that were asked for until then.
pub fn complete(of: &Completeness, end: DateTime<Utc>) -> Line {
    let late = of.until.is_some_and(|known| is_late(known, end));
    let until = of.until.map(time::instant);
    match (&until, of.complete) {
        (None, _) => {
            Line::default().and(Tone::Waiting, "◐ ").and(Tone::Plain, "no edge has told anything yet")
        }
        (Some(until), true) if late => Line::default()
            .and(Tone::Waiting, "◐ ")
            .and(Tone::Plain, format!("complete up to {until}, what was later is not told yet")),
        (Some(until), true) => {
            Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, format!("complete up to {until}"))
        }
        (Some(until), false) => Line::default().and(Tone::Waiting, "◐ ").and(
            Tone::Plain,
            format!(
                "not complete: {} batches are missing and {} evaluations known to be lost, up to {until}",
                of.missing_batches, of.lost_events
            ),
        ),
    }
}

/// Says the same in few words, for today, of what was added up until then: all of it is told, or it says how much.
pub fn complete_today(of: &Completeness, end: DateTime<Utc>) -> Line {
    match (of.until, of.complete) {
        (None, _) => Line::default().and(Tone::Waiting, "◐ ").and(Tone::Plain, "no edge has told anything"),
        (Some(until), true) if until < end => Line::default()
            .and(Tone::Waiting, "◐ ")
            .and(Tone::Plain, format!("told up to {}", time::minute(until))),
        (Some(until), true) => Line::default()
            .and(Tone::Good, "✓ ")
            .and(Tone::Plain, format!("complete up to {}", time::of_day(until))),
        (Some(until), false) => Line::default()
            .and(Tone::Waiting, "◐ ")
            .and(Tone::Plain, format!("incomplete to {}", time::of_day(until))),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use fluxgate_client::analytics::Completeness;

    use super::{complete, complete_today, last_minute};
    use crate::Line;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-20T{text}Z").parse().unwrap()
    }

    fn known(until: &str) -> Completeness {
        Completeness { complete: true, missing_batches: 0, lost_events: 0, until: Some(at(until)) }
    }

    #[test]
    fn what_is_not_told_yet_is_not_complete() {
        let said = |line: Line| line.0.into_iter().map(|(_, text)| text).collect::<String>();
        let today = |until: &str| said(complete_today(&known(until), at("12:41:00")));
        assert_eq!(today("12:41:03"), "✓ complete up to 12:41:03Z");
        assert_eq!(today("12:40:58"), "◐ told up to 12:40Z");
        let complete = |until: &str| said(complete(&known(until), at("12:42:00")));
        assert_eq!(complete("12:39:00"), "✓ complete up to 2026-11-20T12:39:00Z");
        assert!(complete("12:38:59").starts_with("◐ complete up to 2026-11-20T12:38:59Z, what was later"));
        assert_eq!(complete("12:50:00"), "✓ complete up to 2026-11-20T12:50:00Z");
    }

    #[test]
    fn the_last_minute_is_one_that_is_over_and_told() {
        let last = |until: Option<&str>| {
            let known =
                Completeness { complete: true, missing_batches: 0, lost_events: 0, until: until.map(at) };
            last_minute((at("11:41:00"), at("12:42:00")), &known)
        };
        assert_eq!(last(Some("12:41:03")), Some((59, at("12:40:00"))));
        assert_eq!(last(Some("12:41:00")), Some((59, at("12:40:00"))));
        assert_eq!(last(Some("12:40:59")), Some((58, at("12:39:00"))));
        assert_eq!(last(Some("12:38:59")), None, "what is told so late is not of now");
        assert_eq!(last(None), None);
    }
}
