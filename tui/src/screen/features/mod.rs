//! All features: what each is doing in every stage, how often it is evaluated, and the keys for one of them.

#[cfg(test)]
mod deed_tests;
mod deeds;
mod preview;
mod rates;
mod row;
mod rows;
#[cfg(test)]
pub(crate) mod tests;
mod view;
mod wanted;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

pub(crate) use deeds::{act_on, at_stake, breaks, refused};
pub use rates::Rates;
pub use row::Row;
pub(crate) use row::{Spot, signed};

use super::Pane;
use crate::app::{Desk, Link};
use crate::dialog;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::message::News;
use crate::order::quoted;
use crate::step::Step;
use rows::Rows;
use wanted::Wanted;

/// How long do rows stay where they are at least, when what they are sorted by changes by itself?
const CALM: TimeDelta = TimeDelta::seconds(5);
/// How often are more features than a page read again where nobody tells what happens?
const POLL: TimeDelta = TimeDelta::seconds(30);
/// From how many columns on is there room for more of them, beside those of three stages?
const WIDER: u16 = 140;
/// How many features are read again each time then?
const FEW: usize = 100;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Features {
    rows: Rows,
    /// When features came last, all of them or some.
    at: Option<DateTime<Utc>>,
    /// Why the last page did not come.
    failure: Option<Failure>,
    rates: Load<Rates>,
    /// Where those are from; everywhere when none.
    rated: Option<String>,
    list: List,
    sort: Sort,
    turned: bool,
    more: bool,
    /// The filter as it was typed, and what it means.
    text: String,
    wanted: Wanted,
    /// When the rows were brought into order, and whether they are not in order since.
    sorted: Option<DateTime<Utc>>,
    due: bool,
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Key,
    /// What was changed last first.
    Changed,
    /// What is evaluated most first.
    Rate,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Changed => "changed",
            Self::Rate => "evaluations",
        }
    }
}

impl Features {
    /// Returns the keys of all that were read.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.all().map(|row| row.key.as_str())
    }

    /// Returns whether all that there are were read.
    pub(crate) fn is_whole(&self) -> bool {
        self.rows.whole.is_some()
    }

    /// Puts the cursor on a feature, whatever the filter lets through, and takes all marks away.
    pub(crate) fn pick(&mut self, key: &str, desk: &Desk) {
        self.list.unmark();
        if !self.list.ids().iter().any(|known| known == key) {
            self.text.clear();
            self.wanted = Wanted::default();
            self.arrange(desk);
        }
        self.list.select(key);
    }

    /// Returns what the cursor is on.
    fn row(&self) -> Option<&Row> {
        self.rows.get(self.list.selected()?)
    }

    /// Returns how often features are evaluated where the lists are about.
    fn rates(&self, desk: &Desk) -> Option<&Rates> {
        self.rates.data.as_ref().filter(|_| self.rated == desk.place.env)
    }

    /// Brings the rows that are wanted into order.
    fn arrange(&mut self, desk: &Desk) {
        let mut rows = self.wanted.of(self.rows.all());
        match self.sort {
            // They come by key.
            Sort::Key => {}
            Sort::Changed => rows.sort_by_key(|row| std::cmp::Reverse(row.changed_at)),
            Sort::Rate => {
                let rates = self.rates(desk);
                let rate = |row: &Row| rates.and_then(|rates| rates.minute(&row.key)).unwrap_or(-1);
                rows.sort_by_key(|row| std::cmp::Reverse(rate(row)));
            }
        }
        if self.turned {
            rows.reverse();
        }
        let ids = rows.into_iter().map(|row| row.key.clone()).collect();
        self.list.set(ids);
        self.sorted = Some(desk.now);
        self.due = false;
    }

    /// Does the same, but not before the rows were in their places for a while.
    fn arrange_calmly(&mut self, desk: &Desk) {
        match self.sorted {
            Some(sorted) if desk.now - sorted < CALM => self.due = true,
            _ => self.arrange(desk),
        }
    }

    fn sort_anew(&mut self, desk: &Desk) -> Vec<Step> {
        self.arrange(desk);
        let turned = if self.turned { ", turned around" } else { "" };
        vec![Step::Say(format!("sorted by {}{turned}", self.sort.name()))]
    }

    fn rates_query(desk: &Desk) -> Query {
        Query::FeatureRates { env: desk.place.env.clone() }
    }
}

impl Pane for Features {
    fn query(&self, desk: &Desk) -> Option<Query> {
        Some(Self::rates_query(desk))
    }

    fn beside(&self, desk: &Desk) -> Vec<Query> {
        let told = !matches!(desk.link, Link::Polling { .. });
        let old = |at: DateTime<Utc>| self.rows.len() <= FEW || desk.now - at >= POLL;
        let all = !told && self.rows.whole.is_some_and(old);
        let query = if all { Some(Query::FeatureRows) } else { self.rows.query() };
        query.into_iter().collect()
    }

    fn asked(&mut self, query: &Query) {
        if *query == Query::FeatureRows {
            self.rows.begin();
        }
    }

    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match (query, answer) {
            (_, Ok(Answer::FeatureRows(page))) => {
                self.failure = None;
                // Of many pages the older ones stand beside until the last one is there.
                if page.last || self.at.is_none() {
                    self.at = Some(desk.now);
                }
                self.rows.take(&page, desk.now);
                self.arrange(desk);
            }
            (Query::FeatureRow { told, .. }, Ok(Answer::FeatureRow(rows))) => {
                self.failure = None;
                self.at = Some(desk.now);
                let changed = self.rows.changed(&rows);
                match self.rows.again(&rows, *told) {
                    true => self.arrange(desk),
                    false => self.arrange_calmly(desk),
                }
                self.list.flash(changed, desk.now);
            }
            // An answer about another environment than this is late.
            (query, Ok(Answer::FeatureRates(rates))) if *query == Self::rates_query(desk) => {
                self.rates.take(Ok(rates), desk.now);
                // What the rows are is told as it happens; where nothing of them is asked, they are as of now.
                if desk.link == Link::Live && desk.paused.is_none() && self.rows.query().is_none() {
                    self.at = Some(desk.now);
                }
                self.rated.clone_from(&desk.place.env);
                self.arrange_calmly(desk);
            }
            (Query::FeatureRates { .. }, Err(failure)) => self.rates.take(Err(failure), desk.now),
            (_, Err(failure)) => {
                self.rows.reading = false;
                self.failure = Some(failure);
            }
            _ => {}
        }
    }

    fn hear(&mut self, news: &News, desk: &Desk) -> bool {
        match news {
            News::Lost => self.rows.lose(),
            News::Done(entry) => self.rows.hear(entry),
            News::Edges(_) | News::Revision(_) => {}
        }
        if self.due {
            self.arrange_calmly(desk);
        }
        true
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if self.list.act(action) {
            return Some(Vec::new());
        }
        Some(match action {
            Action::Enter | Action::History => {
                let key = self.row()?.key.clone();
                let env = desk.place.env.clone();
                match action {
                    Action::History => vec![Step::OpenHistory { key, env }],
                    _ => vec![Step::OpenFeature { key, env }],
                }
            }
            Action::Sort => {
                self.sort = match self.sort {
                    Sort::Key => Sort::Changed,
                    Sort::Changed => Sort::Rate,
                    Sort::Rate => Sort::Key,
                };
                self.sort_anew(desk)
            }
            Action::TurnAround => {
                self.turned = !self.turned;
                self.sort_anew(desk)
            }
            Action::MoreColumns => {
                self.more = !self.more;
                let words = match (self.more, desk.size.0 >= WIDER) {
                    (false, _) => "the usual columns".to_owned(),
                    (true, true) => "more columns, as many as there is room for".to_owned(),
                    (true, false) => {
                        format!("more columns, where there is room for them: mostly from {WIDER} columns on")
                    }
                };
                vec![Step::Say(words)]
            }
            Action::Back if self.list.unmark() => Vec::new(),
            Action::Refresh => {
                self.rows.lose();
                vec![Step::Ask(Query::FeatureRows), Step::Ask(Self::rates_query(desk))]
            }
            Action::New => vec![Step::Open(Box::new(dialog::create()))],
            Action::Promote
            | Action::RollBack
            | Action::Kill
            | Action::Restore
            | Action::Diff
            | Action::File
            | Action::Explain => self.deed(action, desk),
            _ => return None,
        })
    }

    fn act_in(&mut self, action: Action, place: (&str, &str), desk: &Desk) -> Vec<Step> {
        self.deed_in(place, action, desk)
    }

    fn here(&self, desk: &Desk) -> Here {
        Here {
            any: self.list.len() > 0,
            opens: self.row().is_some(),
            filters: true,
            back: self.list.marks() > 0,
            wider: desk.size.0 >= WIDER,
            live: self.can(Action::Kill, desk),
            later: self.can(Action::Promote, desk),
            earlier: self.can(Action::RollBack, desk),
            killed: self.can(Action::Restore, desk),
            differs: self.can(Action::Diff, desk),
            ..Here::default()
        }
    }

    fn filter(&mut self, text: &str, desk: &Desk) -> Result<(), String> {
        self.wanted = Wanted::parse(text)?;
        text.clone_into(&mut self.text);
        self.arrange(desk);
        Ok(())
    }

    fn filtered(&self) -> &str {
        &self.text
    }

    fn crumb(&self, desk: &Desk) -> String {
        match &desk.place.env {
            Some(env) => format!("features in {env}"),
            None => "features".to_owned(),
        }
    }

    fn id(&self) -> Option<String> {
        self.row().map(|row| row.key.clone())
    }

    fn command(&self, _desk: &Desk) -> String {
        let filter = match self.text.as_str() {
            "" => String::new(),
            text => format!(" --filter {}", quoted(text)),
        };
        let sort = if self.sort == Sort::Changed { " --sort changed" } else { "" };
        format!("fgctl feature list{filter}{sort}")
    }

    fn flashes(&self) -> bool {
        self.list.flashes()
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        self.list.settle(now);
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref().or(self.rates.failure.as_ref())
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
