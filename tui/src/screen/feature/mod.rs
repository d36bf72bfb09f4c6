//! One feature: its stages in a lane, and of the chosen one the rules, what it gives people, what was, what it needs.

mod deeds;
mod detail;
mod parts;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use std::cell::Cell;

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

pub use detail::Detail;
use detail::Happened;

use super::Pane;
use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::message::News;
use crate::order::quoted;
use crate::step::Step;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Feature {
    key: String,
    /// The environment of the stage that is chosen; until one is, the latest that is killed or waits, or else serves.
    env: Option<String>,
    told: Load<Box<Detail>>,
    part: Part,
    /// Whether that part has all the room.
    whole: bool,
    /// From which line on the rules are shown, and how many there are below.
    top: usize,
    below: Cell<usize>,
    history: List,
    relations: List,
    /// The features that this one was opened from, each with its stage.
    before: Vec<(String, Option<String>)>,
}

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Rules,
    Live,
    History,
    Relations,
}

/// All parts, in the order of Tab, with their names.
const PARTS: [(Part, &str); 4] = [
    (Part::Rules, "Rules"),
    (Part::Live, "Evaluations"),
    (Part::History, "History"),
    (Part::Relations, "Dependencies"),
];

impl Feature {
    /// Shows a feature, in an environment where one is meant; what is chosen of the same stays.
    pub(crate) fn open(&mut self, key: &str, env: Option<String>) {
        self.before.clear();
        if self.key != key {
            self.turn_to(key.to_owned(), env);
        } else if env.is_some() {
            self.env = env;
            self.arrange();
        }
    }

    /// Shows what was live of it.
    pub(crate) fn show_history(&mut self) {
        self.part = Part::History;
    }

    fn turn_to(&mut self, key: String, env: Option<String>) {
        let before = std::mem::take(&mut self.before);
        *self = Self { key, env, before, ..Self::default() };
    }

    fn detail(&self) -> Option<&Detail> {
        self.told.data.as_deref()
    }

    /// Returns the environment of the stage that is chosen.
    fn place(&self) -> Option<&str> {
        let stages = self.detail()?.stages();
        let chosen = stages.iter().find(|stage| Some(&stage.environment.key) == self.env.as_ref());
        // What needs somebody, or else what matters most.
        let restless = || stages.iter().rev().find(|stage| stage.kill.is_some() || !stage.pending.is_empty());
        let latest = || stages.iter().rev().find(|stage| stage.live.is_some()).or(stages.first());
        chosen.or_else(restless).or_else(latest).map(|stage| stage.environment.key.as_str())
    }

    /// Returns where in the lane that is.
    fn at(&self) -> Option<usize> {
        let place = self.place()?;
        self.detail()?.stages().iter().position(|stage| stage.environment.key == place)
    }

    /// Brings what is listed up to date.
    fn arrange(&mut self) {
        let Some(detail) = self.detail() else {
            return;
        };
        let history = detail.history().iter().map(Happened::id).collect();
        let relations = self.place().map(|env| detail.relations(env)).unwrap_or_default();
        let relations = relations.into_iter().map(|one| format!("{} {}", one.needed, one.key)).collect();
        self.history.set(history);
        self.relations.set(relations);
    }

    /// Goes to another stage.
    fn step(&mut self, forth: bool) -> Vec<Step> {
        let moved = self.detail().zip(self.at()).and_then(|(detail, at)| {
            let at = if forth { at.checked_add(1) } else { at.checked_sub(1) };
            detail.stages().get(at?).map(|stage| stage.environment.key.clone())
        });
        if let Some(env) = moved {
            self.env = Some(env);
            self.top = 0;
            self.arrange();
        }
        Vec::new()
    }

    fn turn_part(&mut self, forth: bool) -> Vec<Step> {
        let at = PARTS.iter().position(|(part, _)| *part == self.part).unwrap_or_default();
        let next = if forth { at + 1 } else { at + PARTS.len() - 1 };
        self.part = PARTS[next % PARTS.len()].0;
        Vec::new()
    }

    /// Moves in the part that the keys go to; returns whether that was a move.
    fn moves(&mut self, action: Action) -> bool {
        match self.part {
            Part::History => return self.history.act(action),
            Part::Relations => return self.relations.act(action),
            Part::Rules | Part::Live => {}
        }
        let below = self.below.get();
        self.top = match action {
            Action::Down => self.top.saturating_add(1),
            Action::Up => self.top.saturating_sub(1),
            Action::HalfDown | Action::PageDown => self.top.saturating_add(5),
            Action::HalfUp | Action::PageUp => self.top.saturating_sub(5),
            Action::Top => 0,
            Action::Bottom => below,
            _ => return false,
        }
        .min(below);
        true
    }

    fn ask(&self) -> Query {
        Query::FeatureScreen { key: self.key.clone() }
    }
}

impl Pane for Feature {
    fn query(&self, _desk: &Desk) -> Option<Query> {
        (!self.key.is_empty()).then(|| self.ask())
    }

    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        // Another feature may be shown by now.
        if *query != self.ask() {
            return;
        }
        match answer {
            Ok(Answer::FeatureScreen(detail)) => self.told.take(Ok(detail), desk.now),
            Ok(_) => {}
            Err(failure) => self.told.take(Err(failure), desk.now),
        }
        self.arrange();
    }

    fn hear(&mut self, news: &News, _desk: &Desk) -> bool {
        match (news, self.detail()) {
            (News::Done(entry), Some(detail)) => !detail.is_about(&entry.subject),
            (News::Edges(_) | News::Revision(_), Some(_)) => true,
            _ => false,
        }
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if self.moves(action) {
            return Some(Vec::new());
        }
        Some(match action {
            Action::Left => self.step(false),
            Action::Right => self.step(true),
            Action::NextPane => self.turn_part(true),
            Action::PreviousPane => self.turn_part(false),
            Action::Maximise => {
                self.whole = !self.whole;
                Vec::new()
            }
            Action::Enter => self.enter(desk),
            Action::Back => {
                let (key, env) = self.before.pop()?;
                self.turn_to(key, env);
                vec![Step::Ask(self.ask())]
            }
            Action::Promote
            | Action::RollBack
            | Action::Kill
            | Action::Restore
            | Action::Approve
            | Action::Reject
            | Action::Comment
            | Action::Edit
            | Action::Diff
            | Action::File
            | Action::Explain => self.deed(action, desk),
            _ => return None,
        })
    }

    fn here(&self, desk: &Desk) -> Here {
        self.offers(desk)
    }

    fn crumb(&self, _desk: &Desk) -> String {
        match self.place() {
            Some(env) => format!("features > {} > {env}", self.key),
            None => format!("features > {}", self.key),
        }
    }

    fn id(&self) -> Option<String> {
        Some(self.key.clone()).filter(|key| !key.is_empty())
    }

    fn command(&self, _desk: &Desk) -> String {
        format!("fgctl feature view {}", quoted(&self.key))
    }

    fn env(&self, _desk: &Desk) -> Option<String> {
        self.place().map(str::to_owned)
    }

    fn is_counting(&self) -> bool {
        let mut kills =
            self.detail().into_iter().flat_map(Detail::stages).filter_map(|stage| stage.kill.as_ref());
        kills.any(|kill| kill.restore_at.is_some())
    }

    fn failure(&self) -> Option<&Failure> {
        self.told.failure.as_ref()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.told.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
