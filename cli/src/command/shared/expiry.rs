//! When something ends: a time from now, or an instant.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How long may a client's former key hold?
const MAX_GRACE: Duration = Duration::from_hours(24 * 30);

/// How long may a token's?
const MAX_GRACE_OF_TOKEN: Duration = Duration::from_hours(24);

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// So long from now.
    In(TimeDelta),
    /// Then.
    At(DateTime<Utc>),
}

impl Expiry {
    /// Returns the instant.
    pub(crate) fn from(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::In(span) => now + span,
            Self::At(at) => at,
        }
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        let span = humantime::parse_duration(text)
            .map_err(|error| format!("{error}; write it like 90d, or 2027-01-31T00:00:00Z"))?;
        match TimeDelta::from_std(span) {
            Ok(span) if span <= TimeDelta::zero() => Err("must be in the future".to_owned()),
            Ok(span) if span <= TimeDelta::days(365) => Ok(Self::In(span)),
            _ => Err("is more than 365 days".to_owned()),
        }
    }
}

/// Reads how long a client's former key holds; nothing, `0s`, is possible.
pub(crate) fn grace(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(grace) if grace > MAX_GRACE => Err("is more than 30 days".to_owned()),
        Ok(grace) => Ok(grace),
        Err(error) => Err(format!("{error}; write it like 0s, 30m or 24h")),
    }
}

/// The same of a token's.
pub(crate) fn grace_of_token(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(grace) if grace > MAX_GRACE_OF_TOKEN => Err("is more than 24 hours".to_owned()),
        _ => grace(text),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Expiry, grace, grace_of_token};

    #[test]
    fn ends_are_spans_or_instants() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!("90d".parse(), Ok(Expiry::In(TimeDelta::days(90))));
        assert_eq!("90d".parse::<Expiry>().unwrap().from(now), now + TimeDelta::days(90));
        let at: Expiry = "1970-01-02T01:00:00+01:00".parse().unwrap();
        assert_eq!(at.from(now), now + TimeDelta::days(1));
        assert!("366d".parse::<Expiry>().unwrap_err().contains("365 days"));
        assert!("0s".parse::<Expiry>().unwrap_err().contains("future"));
        assert!("soon".parse::<Expiry>().unwrap_err().contains("90d"));
    }

    #[test]
    fn a_former_key_may_end_at_once() {
        assert_eq!(grace("0s"), Ok(Duration::ZERO));
        assert_eq!(grace("24h"), Ok(Duration::from_hours(24)));
        assert!(grace("31d").is_err() && grace("x").unwrap_err().contains("24h"));
        assert_eq!(grace_of_token("24h"), Ok(Duration::from_hours(24)));
        for long in ["25h", "31d"] {
            assert_eq!(grace_of_token(long).unwrap_err(), "is more than 24 hours");
        }
        assert!(grace_of_token("x").unwrap_err().contains("24h"));
    }
}
