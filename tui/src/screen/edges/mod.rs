//! The edges: who serves, how far they are, and how they do.

mod seen;
#[cfg(test)]
mod tests;
mod view;

use chrono::{DateTime, Utc};
use fluxgate_client::edge::{Edge, Known};
use ratatui::Frame;
use ratatui::layout::Rect;

use self::seen::Seen;
use super::Pane;
use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::look::Room;
use crate::message::News;
use crate::step::Step;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    known: Load<Known>,
    list: List,
    sort: Sort,
    turned: bool,
    /// Whether the columns are shown that seldom matter.
    more: bool,
    /// Whether the list has all the room.
    whole: bool,
    filter: String,
    seen: Seen,
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// Those in trouble first.
    #[default]
    State,
    Name,
    Rate,
}

impl Edges {
    /// Returns how many are not as they should be.
    pub(crate) fn in_trouble(&self) -> usize {
        self.edges().filter(|edge| !edge.connected || !edge.in_sync).count()
    }

    fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.known.data.iter().flat_map(|known| &known.edges)
    }

    fn edge(&self, id: &str) -> Option<&Edge> {
        self.edges().find(|edge| edge.id.to_string() == id)
    }

    fn arrange(&mut self) {
        let words = self.filter.to_lowercase();
        let mut edges: Vec<&Edge> = self.edges().filter(|edge| matches(edge, &words)).collect();
        match self.sort {
            Sort::State => edges.sort_by_key(|edge| (edge.connected, edge.in_sync, edge.name.clone())),
            Sort::Name => edges.sort_by(|one, other| one.name.cmp(&other.name)),
            Sort::Rate => edges.sort_by(|one, other| {
                let rate = |edge: &Edge| edge.evaluations_per_second.unwrap_or_default();
                rate(other).total_cmp(&rate(one)).then_with(|| one.name.cmp(&other.name))
            }),
        }
        if self.turned {
            edges.reverse();
        }
        let ids = edges.into_iter().map(|edge| edge.id.to_string()).collect();
        self.list.set(ids);
    }
}

/// Returns whether an edge is about all words.
fn matches(edge: &Edge, words: &str) -> bool {
    let text = format!("{} {} {}", edge.name, edge.client, edge.version).to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

impl Pane for Edges {
    fn query(&self, _desk: &Desk) -> Option<Query> {
        Some(Query::Edges)
    }

    fn take(&mut self, _query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match answer {
            Ok(Answer::Edges(known)) => {
                self.seen.note(&known, desk.now);
                self.known.take(Ok(known), desk.now);
            }
            Ok(_) => {}
            Err(failure) => self.known.take(Err(failure), desk.now),
        }
        self.arrange();
    }

    fn hear(&mut self, news: &News, desk: &Desk) -> bool {
        match (news, &mut self.known.data) {
            (News::Edges(edges), Some(known)) => {
                let state = |edge: &Edge| (edge.id, edge.connected, edge.in_sync);
                let was: Vec<_> = known.edges.iter().map(state).collect();
                let other = edges.iter().filter(|edge| !was.contains(&state(edge)));
                self.list.flash(other.map(|edge| edge.id.to_string()), desk.now);
                known.edges.clone_from(edges);
                self.seen.note(known, desk.now);
                self.known.at = Some(desk.now);
                self.arrange();
                true
            }
            (News::Revision(revision), Some(known)) => {
                known.revision = *revision;
                true
            }
            // What people do is no news of edges; the revision that comes with it is.
            (News::Done(_), Some(_)) => true,
            _ => false,
        }
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if matches!(action, Action::Mark | Action::MarkAll) {
            return None;
        }
        if self.list.act(action) {
            return Some(Vec::new());
        }
        match action {
            Action::Sort => {
                self.sort = match self.sort {
                    Sort::State => Sort::Name,
                    Sort::Name => Sort::Rate,
                    Sort::Rate => Sort::State,
                };
            }
            Action::TurnAround => self.turned = !self.turned,
            Action::MoreColumns => {
                self.more = !self.more;
                let words = match (self.more, desk.room()) {
                    (false, _) => "the usual columns",
                    (true, Room::Wide) => "more columns, as many as there is room for",
                    (true, _) => "there is no room for more columns: they are there from 120 on",
                };
                return Some(vec![Step::Say(words.to_owned())]);
            }
            Action::Maximise => {
                self.whole = !self.whole;
                return Some(Vec::new());
            }
            Action::Back if self.whole => {
                self.whole = false;
                return Some(Vec::new());
            }
            _ => return None,
        }
        self.arrange();
        let by = match self.sort {
            Sort::State => "state",
            Sort::Name => "name",
            Sort::Rate => "evaluations",
        };
        let turned = if self.turned { ", turned around" } else { "" };
        Some(vec![Step::Say(format!("sorted by {by}{turned}"))])
    }

    fn here(&self, desk: &Desk) -> Here {
        let wider = desk.room() == Room::Wide;
        Here { any: self.list.len() > 0, filters: true, back: self.whole, wider, ..Here::default() }
    }

    fn filter(&mut self, text: &str, _desk: &Desk) -> Result<(), String> {
        text.clone_into(&mut self.filter);
        self.arrange();
        Ok(())
    }

    fn filtered(&self) -> &str {
        &self.filter
    }

    fn crumb(&self, _desk: &Desk) -> String {
        "edges".to_owned()
    }

    fn id(&self) -> Option<String> {
        self.edge(self.list.selected()?).map(|edge| edge.name.clone())
    }

    fn command(&self, _desk: &Desk) -> String {
        match self.id() {
            Some(name) => format!("fgctl edge view {}", crate::order::quoted(&name)),
            None => "fgctl edge list".to_owned(),
        }
    }

    fn flashes(&self) -> bool {
        self.list.flashes()
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        self.list.settle(now);
    }

    fn failure(&self) -> Option<&Failure> {
        self.known.failure.as_ref()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.known.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
