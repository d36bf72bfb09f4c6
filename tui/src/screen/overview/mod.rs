//! What needs somebody now, what is on its way, and how much is evaluated.

mod keys;
mod known;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use chrono::{DateTime, Utc};
use fluxgate_client::overview::Overview as Seen;
use fluxgate_client::status::StatusChange;
use fluxgate_wording::attention::Attention;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pane;
use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::look::Room;
use crate::message::News;
use crate::order::quoted;
use crate::step::Step;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    seen: Load<Seen>,
    /// Where its figures are from; everywhere when none.
    env: Option<String>,
    /// What needs somebody, the worst first.
    attention: Vec<Attention>,
    list: List,
    /// The changes that are on their way.
    moving: List,
    focus: Focus,
    /// Whether the pane with the cursor has all the room.
    whole: bool,
    /// Whether time alone changes what is shown.
    counting: bool,
}

/// Which pane the cursor is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Attention,
    Moving,
}

/// How much on other screens needs somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Changes that wait for whoever is signed in.
    pub(crate) changes: usize,
    pub(crate) kills: usize,
    /// Edges that are away or behind.
    pub(crate) edges: usize,
}

/// Returns what something that needs attention is known by.
fn id(attention: &Attention) -> String {
    match (attention.change, &attention.environment) {
        (Some(number), _) => format!("{}/{number}", attention.kind),
        (None, Some(env)) => format!("{}/{}/{env}", attention.kind, attention.what),
        (None, None) => format!("{}/{}", attention.kind, attention.what),
    }
}

impl Overview {
    /// Returns how much on other screens needs somebody, once it is known.
    pub(crate) fn counts(&self) -> Option<Counts> {
        let team = &self.seen.data.as_ref()?.status.team;
        let count = |total: i64| usize::try_from(total).unwrap_or_default();
        Some(Counts {
            changes: count(team.waiting_for_me.total_count),
            kills: count(team.kills.total_count),
            edges: self.attention.iter().filter(|item| item.kind == "edge").count(),
        })
    }

    /// Returns what was seen, if its figures are from where the lists are about.
    fn figures(&self, desk: &Desk) -> Option<&Seen> {
        self.seen.data.as_ref().filter(|_| self.env == desk.place.env)
    }

    /// Returns the pane of the cursor; where there is no room for the other, it is in the first.
    fn focus(&self, desk: &Desk) -> Focus {
        if desk.room() < Room::Normal { Focus::Attention } else { self.focus }
    }

    fn listed(&mut self, desk: &Desk) -> &mut List {
        match self.focus(desk) {
            Focus::Attention => &mut self.list,
            Focus::Moving => &mut self.moving,
        }
    }

    fn item(&self, wanted: &str) -> Option<&Attention> {
        self.attention.iter().find(|item| id(item) == wanted)
    }

    /// Returns the changes that are on their way: those that wait for votes, and those that wait for their time.
    fn changes(&self) -> impl Iterator<Item = &StatusChange> {
        let team = self.seen.data.iter().map(|seen| &seen.status.team);
        team.flat_map(|team| team.pending.nodes.iter().chain(&team.scheduled.nodes))
    }

    fn change(&self, wanted: &str) -> Option<&StatusChange> {
        let number: i64 = wanted.parse().ok()?;
        self.changes().find(|change| change.number == number)
    }
}

impl Pane for Overview {
    fn query(&self, desk: &Desk) -> Option<Query> {
        Some(Query::Overview { env: desk.place.env.clone() })
    }

    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match (query, answer) {
            (Query::Overview { env }, Ok(Answer::Overview(seen))) => {
                self.env.clone_from(env);
                self.seen.take(Ok(*seen), desk.now);
            }
            (_, Ok(_)) => {}
            (_, Err(failure)) => self.seen.take(Err(failure), desk.now),
        }
        self.arrange(desk.now);
    }

    fn hear(&mut self, news: &News, desk: &Desk) -> bool {
        self.hear_of(news, desk.now)
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        self.key(action, desk)
    }

    fn here(&self, desk: &Desk) -> Here {
        let change = self.chosen(desk).len() == 1;
        let is_dialog = |step: Step| matches!(step, Step::Open(_));
        let listed = match self.focus(desk) {
            Focus::Attention => &self.list,
            Focus::Moving => &self.moving,
        };
        Here {
            any: listed.len() > 0,
            opens: self.enter(desk).is_some(),
            back: self.whole || listed.marks() > 0,
            killed: is_dialog(self.restore(desk)),
            change,
            votes: is_dialog(self.vote(Action::Approve, desk)),
            ..Here::default()
        }
    }

    fn crumb(&self, desk: &Desk) -> String {
        match &desk.place.env {
            Some(env) => format!("overview > {env}"),
            None => "overview".to_owned(),
        }
    }

    fn id(&self) -> Option<String> {
        match self.focus {
            Focus::Attention => {
                let item = self.item(self.list.selected()?)?;
                Some(item.change.map_or_else(|| item.what.clone(), |number| number.to_string()))
            }
            Focus::Moving => self.moving.selected().map(str::to_owned),
        }
    }

    fn command(&self, _desk: &Desk) -> String {
        let item = match self.focus {
            Focus::Attention => self.list.selected().and_then(|id| self.item(id)),
            Focus::Moving => None,
        };
        match item {
            Some(Attention { change: Some(number), .. }) => format!("fgctl change view {number}"),
            Some(Attention { kind: "edge", what, .. }) => format!("fgctl edge view {}", quoted(what)),
            Some(Attention { what, .. }) => format!("fgctl feature view {}", quoted(what)),
            None => match (self.focus, self.moving.selected()) {
                (Focus::Moving, Some(number)) => format!("fgctl change view {number}"),
                _ => "fgctl status".to_owned(),
            },
        }
    }

    fn is_counting(&self) -> bool {
        self.counting
    }

    fn failure(&self) -> Option<&Failure> {
        self.seen.failure.as_ref()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.seen.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
