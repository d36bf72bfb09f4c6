//! Times and durations as people read and type them.

mod point;

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub(crate) use point::{left, of_day, parse_past};

/// Returns how long ago something was, in its largest unit.
pub(crate) fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Returns an instant as scripts read it.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns a short time: milliseconds below a second, seconds with one decimal above.
pub(crate) fn seconds(span: TimeDelta) -> String {
    let milliseconds = span.num_milliseconds().max(0);
    if milliseconds < 1_000 {
        return format!("{milliseconds} ms");
    }
    let tenths = (milliseconds + 50) / 100;
    format!("{}.{}s", tenths / 10, tenths % 10)
}

/// Returns a duration as people type it.
pub(crate) fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// Reads a duration such as `30s`, `15m` or `1h 30m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
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

    use super::{ago, parse_duration, seconds};

    #[test]
    fn ages_have_one_unit() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(100);
        let cases = [(5, "5s"), (90, "1m"), (2_640, "44m"), (11_520, "3h")];
        for (age, text) in cases {
            assert_eq!(ago(now - TimeDelta::seconds(age), now), text);
        }
        assert_eq!(ago(now - TimeDelta::days(9), now), "9d");
        assert_eq!(ago(now + TimeDelta::days(9), now), "0s");
    }

    #[test]
    fn short_spans_have_tenths() {
        assert_eq!(seconds(TimeDelta::milliseconds(94)), "94 ms");
        assert_eq!(seconds(TimeDelta::milliseconds(1_060)), "1.1s");
        assert_eq!(seconds(TimeDelta::milliseconds(-5)), "0 ms");
    }

    #[test]
    fn durations_are_bounded() {
        assert!(parse_duration("30m").is_ok());
        assert!(parse_duration("0s").is_err());
        assert!(parse_duration("400d").is_err());
        assert!(parse_duration("soon").unwrap_err().contains("15m"));
    }
}
