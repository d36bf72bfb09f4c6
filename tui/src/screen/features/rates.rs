//! How often features are evaluated, as far as that is known.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use fluxgate_client::analytics::{Figures, Top};
use fluxgate_wording::figure::last_minute;

/// How often features are evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    of: HashMap<String, Rate>,
    /// Whether those that are not among them were not evaluated.
    whole: bool,
    /// Whether edges still owe something of that time.
    pub(crate) owing: bool,
    /// When the minute began that they are of: the last that all edges have told. None while that is not known.
    pub(crate) at: Option<DateTime<Utc>>,
}

/// How often one is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rate {
    /// In that minute.
    minute: i64,
    /// In each minute of the hour before its end; empty where that is not known.
    trend: Vec<i64>,
}

impl Rates {
    /// Makes them of each minute of all features that were evaluated.
    pub(crate) fn of_all(figures: Figures) -> Self {
        let last = last_minute((figures.from, figures.until), &figures.completeness);
        let rate = |mut trend: Vec<i64>| match last {
            Some((place, _)) => {
                // What comes after it is not all there.
                trend.truncate(place + 1);
                Rate { minute: trend.get(place).copied().unwrap_or_default(), trend }
            }
            None => Rate { minute: 0, trend },
        };
        let series = figures.series.into_iter();
        let of = series.filter_map(|series| Some((series.feature?.key, rate(series.points)))).collect();
        let owing = !figures.completeness.complete;
        Self { of, whole: true, owing, at: last.map(|(_, at)| at) }
    }

    /// Makes them of the features that were evaluated most in a minute; where those are not all, others are not known.
    pub(crate) fn of_most(top: Top, whole: bool) -> Self {
        let owing = !top.completeness.complete;
        let rate = |minute| Rate { minute, trend: Vec::new() };
        let of = top.features.into_iter().map(|top| (top.feature.key, rate(top.total))).collect();
        Self { of, whole, owing, at: Some(top.from) }
    }

    /// Returns how often a feature was evaluated in the last minute, where that is known.
    pub(crate) fn minute(&self, key: &str) -> Option<i64> {
        self.at?;
        self.of.get(key).map(|rate| rate.minute).or(self.whole.then_some(0))
    }

    /// Returns its minutes, none where they are not known.
    pub(crate) fn trend(&self, key: &str) -> &[i64] {
        self.of.get(key).map_or(&[], |rate| &rate.trend)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Rates;
    use crate::app::tests::read;

    fn known(until: &Value) -> Value {
        json!({"complete": true, "missingBatches": 0, "lostEvents": 0, "until": until})
    }

    fn figures(until: &Value) -> Rates {
        let points: Vec<i64> = (0..61).map(|minute| if minute == 59 { 7 } else { 1_000 }).collect();
        let series = json!({"feature": {"key": "checkout"}, "environment": null, "client": null, "variant": null,
            "isDefault": false, "reason": null, "total": 60_007, "hourly": 0, "points": points});
        Rates::of_all(read(json!({"from": "2026-11-20T11:41:00Z", "until": "2026-11-20T12:42:00Z",
            "resolution": "MINUTE", "series": [series], "completeness": known(until)})))
    }

    #[test]
    fn the_rate_is_that_of_the_last_minute_that_edges_told() {
        let rates = figures(&json!("2026-11-20T12:41:30Z"));
        assert_eq!(rates.at.unwrap().to_rfc3339(), "2026-11-20T12:40:00+00:00");
        assert_eq!(rates.minute("checkout"), Some(7));
        assert_eq!(rates.minute("never-evaluated"), Some(0));
        assert_eq!(rates.trend("checkout").len(), 60, "the minute that is not over is none of them");
        // As far as edges told.
        let rates = figures(&json!("2026-11-20T12:40:59Z"));
        assert_eq!(rates.minute("checkout"), Some(1_000));
    }

    #[test]
    fn a_minute_that_was_not_told_is_not_zero() {
        for until in [Value::Null, json!("2026-11-20T12:20:00Z")] {
            let rates = figures(&until);
            assert_eq!((rates.at, rates.minute("checkout"), rates.minute("other")), (None, None, None));
        }
        assert_eq!(Rates::default().minute("checkout"), None);
    }

    #[test]
    fn of_more_than_are_told_the_others_are_not_known() {
        let top = || {
            read(json!({"from": "2026-11-20T12:40:00Z", "until": "2026-11-20T12:41:00Z",
                "features": [{"feature": {"key": "checkout"}, "total": 7}],
                "completeness": known(&json!("2026-11-20T12:41:30Z"))}))
        };
        let rates = Rates::of_most(top(), false);
        assert_eq!((rates.minute("checkout"), rates.minute("other")), (Some(7), None));
        assert_eq!(Rates::of_most(top(), true).minute("other"), Some(0));
    }
}
