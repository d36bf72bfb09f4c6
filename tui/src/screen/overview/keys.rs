//! What keys do on the overview: each opens what the cursor is on, or a dialog about it.

use fluxgate_client::ChangeStatus;
use fluxgate_client::status::StatusChange;
use fluxgate_wording::attention::Attention;
use fluxgate_wording::{Line, moving, time};

use super::{Focus, Overview};
use crate::app::Desk;
use crate::dialog::{self, fact};
use crate::keymap::Action;
use crate::look::Room;
use crate::screen::Screen;
use crate::step::Step;

impl Overview {
    pub(super) fn key(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if self.listed(desk).act(action) {
            return Some(Vec::new());
        }
        match action {
            Action::NextPane | Action::PreviousPane if desk.room() >= Room::Normal => {
                self.focus = match self.focus {
                    Focus::Attention => Focus::Moving,
                    Focus::Moving => Focus::Attention,
                };
                Some(Vec::new())
            }
            Action::Maximise => {
                self.whole = !self.whole;
                Some(Vec::new())
            }
            Action::Back if self.listed(desk).unmark() => Some(Vec::new()),
            Action::Back if self.whole => {
                self.whole = false;
                Some(Vec::new())
            }
            Action::Enter => Some(self.enter(desk).into_iter().collect()),
            Action::Restore => Some(vec![self.restore(desk)]),
            Action::Approve | Action::Reject => Some(vec![self.vote(action, desk)]),
            Action::Comment => Some(vec![self.comment(desk)]),
            _ => None,
        }
    }

    /// Returns what needs attention where the cursor is, if the cursor is there.
    fn selected(&self, desk: &Desk) -> Option<&Attention> {
        match self.focus(desk) {
            Focus::Attention => self.item(self.list.selected()?),
            Focus::Moving => None,
        }
    }

    /// Returns the numbers of the changes that are marked, or else of that under the cursor.
    pub(super) fn chosen(&self, desk: &Desk) -> Vec<i64> {
        let item = |id: String| self.item(&id).and_then(|item| item.change);
        match self.focus(desk) {
            Focus::Attention => self.list.chosen().into_iter().filter_map(item).collect(),
            Focus::Moving => self.moving.chosen().iter().filter_map(|id| id.parse().ok()).collect(),
        }
    }

    pub(super) fn enter(&self, desk: &Desk) -> Option<Step> {
        if self.focus(desk) == Focus::Moving {
            return self.moving.selected()?.parse().ok().map(Step::OpenChange);
        }
        let item = self.selected(desk)?;
        Some(match (item.kind, item.change) {
            (_, Some(number)) => Step::OpenChange(number),
            ("edge", None) => Step::Go(Screen::Edges),
            _ => Step::OpenFeature { key: item.what.clone(), env: item.environment.clone() },
        })
    }

    pub(super) fn restore(&self, desk: &Desk) -> Step {
        let killed = self.selected(desk).filter(|item| item.kind == "killed");
        match killed.and_then(|item| Some((item, item.environment.as_ref()?))) {
            Some((item, env)) => {
                let dialog = dialog::restore(&item.what, env, &facts_of_kill(item, desk));
                Step::Open(Box::new(dialog))
            }
            None => say("the cursor is on nothing that is killed"),
        }
    }

    pub(super) fn vote(&self, action: Action, desk: &Desk) -> Step {
        let chosen = self.chosen(desk);
        let changes: Vec<&StatusChange> =
            self.changes().filter(|change| chosen.contains(&change.number)).collect();
        if let Some(other) = changes.iter().find(|change| !change.viewer_may_vote) {
            return say(refused(other, desk));
        }
        if changes.is_empty() {
            return say("the cursor is on no change that waits for your vote");
        }
        let numbers: Vec<i64> = changes.iter().map(|change| change.number).collect();
        let facts: Vec<Line> = changes.into_iter().flat_map(|change| facts_of_change(change, desk)).collect();
        let dialog = match action {
            Action::Approve => dialog::approve(&numbers, &facts),
            _ => dialog::reject(&numbers, &facts),
        };
        Step::Open(Box::new(dialog))
    }

    fn comment(&self, desk: &Desk) -> Step {
        match self.chosen(desk).as_slice() {
            [number] => Step::Open(Box::new(dialog::comment(*number))),
            [] => say("the cursor is on no change"),
            _ => say("a comment is about one change; * marks none"),
        }
    }
}

/// Says why a change does not wait for the vote of whoever is signed in.
fn refused(change: &StatusChange, desk: &Desk) -> String {
    let number = change.number;
    let own = desk.who.as_ref().is_some_and(|who| who.user == change.author);
    match (&change.status, own) {
        (ChangeStatus::Approved, _) => format!("#{number} has its approvals: it waits for its time"),
        (_, true) => format!("you proposed #{number}: somebody else votes on it"),
        (_, false) => format!("#{number} does not wait for your vote; Enter opens it, and says for whose"),
    }
}

fn say(words: impl Into<String>) -> Step {
    Step::Say(words.into())
}

fn facts_of_kill(item: &Attention, desk: &Desk) -> Vec<Line> {
    let by = item.by.as_deref().unwrap_or_default();
    let ends = match item.restore_at {
        Some(at) => format!("by itself in {}", time::left(at, desk.now)),
        None => "when somebody restores it".to_owned(),
    };
    vec![
        fact("killed", format!("by {by}, {} ago", desk.ago(item.since))),
        fact("reason", item.message.clone()),
        fact("ends", ends),
    ]
}

fn facts_of_change(change: &StatusChange, desk: &Desk) -> Vec<Line> {
    let what = format!("{} {}", moving::kind(change), moving::features(change));
    let mut facts = vec![
        fact(&format!("#{}", change.number), format!("{what}  {}", moving::place(change))),
        fact("by", format!("{}, {} ago", change.author, desk.ago(change.created_at))),
    ];
    facts.extend(change.reason.as_ref().map(|reason| fact("reason", reason)));
    facts.push(fact("approvals", moving::votes(change)));
    facts
}
