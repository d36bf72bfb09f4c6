//! All features that were read, page by page, and kept up to date one by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fluxgate_client::audit::AuditEntry;

use super::row::Row;
use crate::effect::{Query, RowsPage};

/// Of how many features is it told that they changed until all are read again?
const TOUCHED: usize = 20;

/// What is known of features.
#[derive(Debug, Default)]
pub(super) struct Rows {
    by_key: BTreeMap<String, Row>,
    /// What the pages had so far that are being read.
    seen: BTreeSet<String>,
    /// How many there are, as the server says.
    pub(super) total: usize,
    /// When all were read last; none until they were, or when something was not told since.
    pub(super) whole: Option<DateTime<Utc>>,
    /// Whether pages are still coming.
    pub(super) reading: bool,
    /// Whether something was not told since they were asked for.
    lost: bool,
    /// Those of which something was told since they were read, each with how much was told by then.
    touched: BTreeMap<String, u64>,
    /// How much was told.
    told: u64,
}

impl Rows {
    pub(super) fn all(&self) -> impl Iterator<Item = &Row> {
        self.by_key.values()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Row> {
        self.by_key.get(key)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Notes that all are asked for: what is not told from now on, the pages may not have.
    pub(super) fn begin(&mut self) {
        self.lost = false;
    }

    /// Takes in a page; after the last one, what no page had is gone.
    pub(super) fn take(&mut self, page: &RowsPage, now: DateTime<Utc>) {
        if page.first {
            self.seen.clear();
        }
        self.total = page.total;
        self.reading = !page.last;
        for row in &page.rows {
            self.seen.insert(row.key.clone());
            self.by_key.insert(row.key.clone(), row.clone());
        }
        if page.last {
            let seen = std::mem::take(&mut self.seen);
            self.by_key.retain(|key, _| seen.contains(key));
            self.whole = (!self.lost).then_some(now);
        }
    }

    /// Returns which of those that were read again are not as they were.
    pub(super) fn changed(&self, rows: &[(String, Option<Row>)]) -> Vec<String> {
        let other = |key: &str, row: &Row| self.get(key).is_some_and(|known| known.stages != row.stages);
        let changed = rows.iter().filter(|(key, row)| row.as_ref().is_some_and(|row| other(key, row)));
        changed.map(|(key, _)| key.clone()).collect()
    }

    /// Takes in some that were read again once so much was told; returns whether any came or went.
    pub(super) fn again(&mut self, rows: &[(String, Option<Row>)], told: u64) -> bool {
        let before = self.by_key.len();
        let mut other = false;
        for (key, row) in rows {
            if self.touched.get(key).is_some_and(|at| *at <= told) {
                self.touched.remove(key);
            }
            match row {
                Some(row) if row.lifecycle != fluxgate_client::Lifecycle::Archived => {
                    other |= self.by_key.insert(key.clone(), row.clone()).is_none();
                }
                _ => {
                    self.by_key.remove(key);
                }
            }
        }
        let after = self.by_key.len();
        // What the server counts is not asked again for that.
        self.total = (self.total + after).saturating_sub(before);
        other || before != after
    }

    /// Takes in that somebody did something.
    pub(super) fn hear(&mut self, entry: &AuditEntry) {
        let subject = entry.subject.as_str();
        if entry.action.starts_with("feature.") {
            self.touch(subject);
        } else if entry.action.starts_with("change.") {
            // Of many features a subject names some: `#12 edit a, b and 3 more`.
            if subject.ends_with(" more") {
                return self.lose();
            }
            // Each may be new.
            for key in subject.split(", ").filter_map(|part| part.rsplit(' ').next()) {
                self.touch(key);
            }
        } else if entry.action.starts_with("environment.") || entry.action.starts_with("pipeline.") {
            self.lose();
        }
    }

    fn touch(&mut self, key: &str) {
        self.told += 1;
        self.touched.insert(key.to_owned(), self.told);
        if self.touched.len() > TOUCHED {
            self.lose();
        }
    }

    /// Takes in that something was not told.
    pub(super) fn lose(&mut self) {
        self.whole = None;
        self.lost = true;
        self.touched.clear();
    }

    /// Returns what is to be read, if anything is.
    pub(super) fn query(&self) -> Option<Query> {
        if self.whole.is_none() {
            return Some(Query::FeatureRows);
        }
        let keys: Vec<String> = self.touched.keys().cloned().collect();
        (!keys.is_empty()).then_some(Query::FeatureRow { keys, told: self.told })
    }

    /// Returns the features whose live documents need one, each with where.
    pub(super) fn needed_by(&self, key: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for row in self.by_key.values() {
            for spot in row.stages.iter().filter(|spot| spot.needs.iter().any(|needed| needed == key)) {
                found.push((row.key.clone(), spot.env.clone()));
            }
        }
        found
    }
}
