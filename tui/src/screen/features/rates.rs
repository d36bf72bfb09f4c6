//! How often features are evaluated, as far as that is known.

use std::collections::HashMap;

use fluxgate_client::analytics::{Figures, Top};

/// How often the features are evaluated that are evaluated most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    of: HashMap<String, Rate>,
    /// Whether those that are not among them were not evaluated.
    whole: bool,
    /// Whether edges still owe something of that time.
    pub(crate) owing: bool,
}

/// How often one is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// In a minute, on average over the time.
    pub(crate) minute: f64,
    /// In each minute of it; empty where that is not known.
    pub(crate) trend: Vec<i64>,
}

impl Rates {
    /// Makes them of the features that are evaluated most, and what is known of each minute.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(crate) fn new(top: Top, figures: Option<Figures>, whole: bool) -> Self {
        let minutes = (top.until - top.from).num_minutes().max(1) as f64;
        let owing = !top.completeness.complete;
        let of = top
            .features
            .into_iter()
            .map(|top| (top.feature.key, Rate { minute: top.total as f64 / minutes, trend: Vec::new() }));
        let mut rates = Self { of: of.collect(), whole, owing };
        for series in figures.into_iter().flat_map(|figures| figures.series) {
            if let Some(rate) = series.feature.and_then(|feature| rates.of.get_mut(&feature.key)) {
                rate.trend = series.points;
            }
        }
        rates
    }

    /// Returns how often a feature is evaluated in a minute, where that is known.
    pub(crate) fn minute(&self, key: &str) -> Option<f64> {
        self.of.get(key).map(|rate| rate.minute).or(self.whole.then_some(0.0))
    }

    /// Returns its minutes, none where they are not known.
    pub(crate) fn trend(&self, key: &str) -> &[i64] {
        self.of.get(key).map_or(&[], |rate| &rate.trend)
    }
}
