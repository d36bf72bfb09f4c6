//! Times and durations as people read and type them.

mod point;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use fluxgate_client::clock;

pub use point::{left, minute, of_day, parse_past, past, when};

/// How far ahead may something be that has happened already, by a clock that is not this one?
const SKEW: TimeDelta = TimeDelta::seconds(10);

/// Returns how long ago something was, or in how long it will be, in its largest unit.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if then - now > SKEW {
        return format!("in {}", nearest((then - now).num_seconds()));
    }
    unit((now - then).num_seconds().max(0))
}

/// Returns the nearest number of the largest unit: what was set to happen in two hours is not in one a second later.
fn nearest(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_570 => format!("{}m", (seconds + 30) / 60),
        3_570..171_000 => format!("{}h", (seconds + 1_800) / 3_600),
        _ => format!("{}d", (seconds + 43_200) / 86_400),
    }
}

fn unit(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Returns an instant as scripts read it.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns a short time: milliseconds below a second, seconds with one decimal above.
pub fn seconds(span: TimeDelta) -> String {
    let milliseconds = span.num_milliseconds().max(0);
    if milliseconds < 1_000 {
        return format!("{milliseconds} ms");
    }
    let tenths = (milliseconds + 50) / 100;
    format!("{}.{}s", tenths / 10, tenths % 10)
}

/// Returns a duration as people type it.
pub fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// Reads an instant: RFC 3339, a day, or how long from now.
pub fn parse_moment(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text, clock::now())
}

/// Reads an instant as it is from a moment on.
pub fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    // Without seconds, as people write it, too.
    let forms = [text.to_owned(), format!("{}:00Z", text.trim_end_matches('Z'))];
    if let Some(at) = forms.iter().find_map(|form| DateTime::parse_from_rfc3339(form).ok()) {
        return Ok(at.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let ahead = text.trim_start_matches("in ").trim_start_matches('+').trim_end_matches(" from now");
    let ahead = humantime::parse_duration(ahead);
    let ahead = ahead.ok().and_then(|ahead| TimeDelta::from_std(ahead).ok());
    let at = ahead.filter(|ahead| !ahead.is_zero()).and_then(|ahead| now.checked_add_signed(ahead));
    at.ok_or_else(|| {
        "is no time; write it like 2026-11-30T07:00Z, 2026-11-30, or 2h for in two hours".to_owned()
    })
}

/// Reads a duration such as `30s`, `15m` or `1h 30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be more than nothing".to_owned()),
        Ok(duration) if duration > Duration::from_hours(24 * 30) => Err("is more than 30 days".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 30s, 15m or 1h")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{ago, instant, moment, parse_duration, seconds};

    #[test]
    fn ages_have_one_unit() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(100);
        let cases = [(5, "5s"), (90, "1m"), (2_640, "44m"), (11_520, "3h")];
        for (age, text) in cases {
            assert_eq!(ago(now - TimeDelta::seconds(age), now), text);
        }
        assert_eq!(ago(now - TimeDelta::days(9), now), "9d");
        assert_eq!(ago(now + TimeDelta::days(9), now), "in 9d");
        assert_eq!(ago(now + TimeDelta::seconds(80), now), "in 1m");
        assert_eq!(ago(now + TimeDelta::seconds(7_199), now), "in 2h");
        assert_eq!(ago(now + TimeDelta::seconds(9), now), "0s", "clocks differ");
    }

    #[test]
    fn short_spans_have_tenths() {
        assert_eq!(seconds(TimeDelta::milliseconds(94)), "94 ms");
        assert_eq!(seconds(TimeDelta::milliseconds(1_060)), "1.1s");
        assert_eq!(seconds(TimeDelta::milliseconds(-5)), "0 ms");
    }

    #[test]
    fn moments_are_said_in_several_ways() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let said = |text: &str| moment(text, now).map(instant);
        assert_eq!(said("2026-11-30T07:00:05+01:00").unwrap(), "2026-11-30T06:00:05Z");
        assert_eq!(said("2026-11-30T07:00Z").unwrap(), "2026-11-30T07:00:00Z");
        assert_eq!(said("2026-11-30").unwrap(), "2026-11-30T00:00:00Z");
        assert_eq!(said("2h").unwrap(), "1970-01-01T02:00:00Z");
        assert_eq!(said("in 2h").unwrap(), "1970-01-01T02:00:00Z");
        assert_eq!(said("2h from now").unwrap(), "1970-01-01T02:00:00Z");
        assert_eq!(said("in 1d 2h").unwrap(), "1970-01-02T02:00:00Z");
        for wrong in ["", "soon", "from now", "0s", "2026-13-01", "999999999999999d"] {
            assert!(said(wrong).unwrap_err().contains("write it like"), "{wrong}");
        }
    }

    #[test]
    fn durations_are_bounded() {
        assert!(parse_duration("30m").is_ok());
        assert!(parse_duration("0s").is_err());
        assert!(parse_duration("400d").is_err());
        assert!(parse_duration("soon").unwrap_err().contains("15m"));
    }
}
