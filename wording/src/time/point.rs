//! Points in time, as logs and countdowns show them, and as people type those that are past.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use fluxgate_client::clock;

/// Returns the time of day, as a line of a log begins on a terminal.
pub fn of_day(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%SZ").to_string()
}

/// Returns the time of day to the minute, as figures of one minute are named.
pub fn minute(at: DateTime<Utc>) -> String {
    at.format("%H:%MZ").to_string()
}

/// Returns the time of day of what is of today, and else the day with it.
pub fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (at.date_naive() == now.date_naive(), at.year() == now.year()) {
        (true, _) => of_day(at),
        (false, true) => at.format("%-d %b %H:%MZ").to_string(),
        (false, false) => at.format("%-d %b %Y").to_string(),
    }
}

/// Returns how long until something is, in its two largest units.
pub fn left(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (then - now).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..172_800 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Reads a point that is past: how long ago, a day, or RFC 3339.
pub fn parse_past(text: &str) -> Result<DateTime<Utc>, String> {
    past(text, clock::now())
}

/// Reads a point before another: how long before, a day, or RFC 3339.
pub fn past(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    // Without seconds, as people write it, too.
    let forms = [text.to_owned(), format!("{}:00Z", text.trim_end_matches('Z'))];
    if let Some(at) = forms.iter().find_map(|form| DateTime::parse_from_rfc3339(form).ok()) {
        return Ok(at.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    if text == "now" {
        return Ok(now);
    }
    let ago = humantime::parse_duration(text.trim_end_matches(" ago")).ok();
    let at = ago.and_then(|ago| now.checked_sub_signed(TimeDelta::from_std(ago).ok()?));
    at.ok_or_else(|| {
        "is no time; write it like 1h for an hour ago, 2026-11-30, or 2026-11-30T07:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{left, past, when};
    use crate::time::instant;

    #[test]
    fn what_is_left_has_two_units() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let cases = [(-1, "0s"), (42, "42s"), (702, "11m 42s"), (19_080, "5h 18m"), (864_000, "10d")];
        for (left_over, text) in cases {
            assert_eq!(left(now + TimeDelta::seconds(left_over), now), text);
        }
    }

    #[test]
    fn another_day_is_said() {
        let now: DateTime<Utc> = "2026-11-20T12:41:07Z".parse().unwrap();
        let said = |at: &str| when(at.parse().unwrap(), now);
        assert_eq!(said("2026-11-20T09:02:03Z"), "09:02:03Z");
        assert_eq!(said("2026-11-08T09:02:03Z"), "8 Nov 09:02Z");
        assert_eq!(said("2025-11-20T09:02:03Z"), "20 Nov 2025");
    }

    #[test]
    fn what_is_past_is_said_in_several_ways() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(2);
        let said = |text: &str| past(text, now).map(instant);
        assert_eq!(said("1h").unwrap(), "1970-01-02T23:00:00Z");
        assert_eq!(said("1d 2h ago").unwrap(), "1970-01-01T22:00:00Z");
        assert_eq!(said("now").unwrap(), "1970-01-03T00:00:00Z");
        assert_eq!(said("2026-11-30").unwrap(), "2026-11-30T00:00:00Z");
        assert_eq!(said("2026-11-30T07:00Z").unwrap(), "2026-11-30T07:00:00Z");
        assert_eq!(said("2026-11-30T07:00:05+01:00").unwrap(), "2026-11-30T06:00:05Z");
        for wrong in ["", "soon", "2026-13-01", "99999999999999999d"] {
            assert!(said(wrong).unwrap_err().contains("write it like"), "{wrong}");
        }
    }
}
