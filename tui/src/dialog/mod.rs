//! The question before something is changed: what it would do, why, and a button that is asleep until all is said.
//!
//! **[`Dialog::confirmed`] is the only place that makes an [`Effect::Send`]**: whatever changes something goes through here.

mod end;
pub(crate) mod field;
mod make;
pub(crate) mod sign_in;
#[cfg(test)]
mod stray_tests;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use chrono::{DateTime, Utc};
use fluxgate_client::audit::AuditEntry;
use fluxgate_wording::{Line, Tone, event};

use self::field::{Field, Part};
use crate::effect::{Effect, Query};
use crate::key::Key;
use crate::keymap::Action;
use crate::load::{Failure, FailureKind};
use crate::order::Order;
use crate::widget::reader::Reader;

pub(crate) use make::{
    approve, cancel, comment, create, edit, kill, let_through, promote, reject, reschedule, restore,
    roll_back,
};

/// A dialog.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) title: String,
    /// What the button says.
    pub(crate) verb: &'static str,
    /// What the button says that does nothing.
    pub(crate) back: &'static str,
    /// What is to be known before.
    pub(crate) facts: Vec<Line>,
    /// What is typed or chosen.
    pub(crate) fields: Vec<Field>,
    /// What is to be sent, but for what the fields say.
    order: Order,
    /// What would become of it.
    pub(crate) preview: Preview,
    /// Where the keys go: a field, or after them Cancel and the button.
    pub(crate) focus: usize,
    pub(crate) state: State,
    /// What it sent.
    sent: Option<Order>,
    /// Where what is to be known is scrolled to.
    reader: Reader,
}

/// What would become of an order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Preview {
    /// The server is not asked about such orders.
    None,
    /// The server has not answered yet.
    Asked,
    Known {
        lines: Vec<Line>,
        blocked: bool,
    },
    Failed(Failure),
}

/// How far a dialog is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Open,
    /// Somebody else changed what it is about; it wants to be looked at again.
    Moved(String),
    /// It was sent; an answer is waited for.
    Sending,
    Failed(Failure),
}

/// What a dialog wants after a key.
#[derive(Debug)]
pub(crate) enum Wish {
    Nothing,
    Close,
    /// Goes, so that the screen below it is looked at anew.
    Reload,
    Do(Effect),
    Ask(Query),
    /// Wants the command that is the same.
    Copy(Order),
}

impl Dialog {
    /// Makes a dialog; it begins where something is missing, or else on Cancel.
    fn new(title: String, verb: &'static str, order: Order, fields: Vec<Field>) -> Self {
        let missing = fields.iter().position(|field| field.missing().is_some());
        let focus = missing.unwrap_or(fields.len());
        Self {
            title,
            verb,
            back: "Cancel",
            facts: Vec::new(),
            fields,
            preview: if is_rehearsed(&order) { Preview::Asked } else { Preview::None },
            order,
            focus,
            state: State::Open,
            sent: None,
            reader: Reader::default(),
        }
    }

    /// Begins on the button, where nothing is missing: for what is undone as easily.
    fn ready(mut self) -> Self {
        if self.focus == self.fields.len() {
            self.focus += 1;
        }
        self
    }

    fn about(mut self, facts: Vec<Line>) -> Self {
        self.facts = facts;
        self
    }

    /// Returns what would be sent now.
    pub(crate) fn order(&self) -> Order {
        let mut order = self.order.clone();
        for field in &self.fields {
            field.write(&mut order);
        }
        order
    }

    /// Returns what would be sent, as a command tells it: nothing while a part of it is not understood, or it would tell of
    /// something else.
    pub(crate) fn told(&self) -> Option<Order> {
        self.fields.iter().all(Field::is_understood).then(|| self.order())
    }

    /// Returns what to ask the server before, if anything.
    pub(crate) fn question(&self) -> Option<Query> {
        is_rehearsed(&self.order).then(|| Query::Rehearse(self.order()))
    }

    /// Returns whether something that was done touches what it is about.
    fn is_about(&self, entry: &AuditEntry) -> bool {
        let subject = entry.subject.as_str();
        let here = |env: &str| entry.environment.as_deref().is_none_or(|place| place == env);
        // `#12 promote checkout, cart`; of many, some are only counted.
        let applied = |feature: &str| {
            entry.action == "change.apply"
                && (subject.ends_with(" more") || subject.split([' ', ',']).any(|word| word == feature))
        };
        match &self.order {
            Order::Promote { feature, .. } => subject == feature || applied(feature),
            Order::RollBack { feature, env, .. } | Order::Edit { feature, env, .. } => {
                here(env) && (subject == feature || applied(feature))
            }
            Order::Kill { feature, env, .. } | Order::Restore { feature, env, .. } => {
                here(env) && subject == feature
            }
            Order::Vote { changes, .. } => is_of(entry, changes),
            Order::Cancel { change } | Order::Override { change, .. } => is_of(entry, &[*change]),
            Order::Comment { .. } | Order::Create { .. } => false,
        }
    }

    /// Returns why the button is asleep, if it is.
    pub(crate) fn asleep(&self) -> Option<String> {
        match (&self.state, &self.preview) {
            (State::Sending, _) => return Some("on its way".to_owned()),
            (State::Moved(_), _) => return None,
            (_, Preview::Asked) => return Some("the server is asked what it would do".to_owned()),
            (_, Preview::Known { blocked: true, .. }) => return Some("a gate is closed".to_owned()),
            (_, Preview::Failed(failure)) => return Some(failure.words.clone()),
            _ => {}
        }
        self.fields.iter().find_map(Field::missing)
    }

    /// Takes a key, pressed at this moment.
    pub(crate) fn key(&mut self, key: Key, now: DateTime<Utc>) -> Wish {
        for field in &mut self.fields {
            field.is_now(now);
        }
        let buttons = self.fields.len();
        match key {
            Key::PageDown => {
                self.reader.act(Action::PageDown);
            }
            Key::PageUp => {
                self.reader.act(Action::PageUp);
            }
            Key::Ctrl('y') => return self.told().map_or(Wish::Nothing, Wish::Copy),
            Key::Char('Y') if !self.fields.get(self.focus).is_some_and(Field::takes_letters) => {
                return self.told().map_or(Wish::Nothing, Wish::Copy);
            }
            Key::Esc | Key::Ctrl('c') => return Wish::Close,
            Key::Tab => self.turn(true),
            Key::BackTab => self.turn(false),
            Key::Down if self.focus < self.last() => self.turn(true),
            Key::Up if self.focus > 0 => self.turn(false),
            Key::Up => {
                if let Some(first) = self.fields.first_mut() {
                    first.turn(false);
                }
            }
            Key::Enter if self.focus == buttons + 1 => return self.confirmed(),
            Key::Enter if self.focus == buttons => return Wish::Close,
            Key::Enter => self.turn(true),
            Key::Left | Key::Right if self.focus >= buttons => {
                self.focus = if self.focus == buttons { self.last() } else { buttons };
            }
            key => return self.type_in(key),
        }
        Wish::Nothing
    }

    /// Returns the last that the keys can go to: the button, or Cancel while that is asleep.
    fn last(&self) -> usize {
        self.fields.len() + usize::from(self.asleep().is_none())
    }

    /// Goes to the next that keys can go to, or to the one before; around at the ends.
    fn turn(&mut self, forth: bool) {
        if self.fields.get_mut(self.focus).is_some_and(|field| field.turn(forth)) {
            return;
        }
        let last = self.last();
        self.focus = match forth {
            true if self.focus >= last => 0,
            true => self.focus + 1,
            false => self.focus.checked_sub(1).unwrap_or(last).min(last),
        };
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.enter(forth);
        }
    }

    /// Returns whether Enter sends the order now.
    pub(crate) fn is_ready(&self) -> bool {
        self.focus == self.fields.len() + 1
            && self.asleep().is_none()
            && !matches!(self.state, State::Moved(_))
    }

    fn type_in(&mut self, key: Key) -> Wish {
        let Some(field) = self.fields.get_mut(self.focus) else {
            return Wish::Nothing;
        };
        if !field.key(key) {
            return Wish::Nothing;
        }
        if let State::Failed(_) = self.state {
            self.state = State::Open;
        }
        let part = self.fields.get(self.focus).map(|field| field.part);
        // Another stage is another question.
        match (part, self.question()) {
            (Some(Part::To | Part::Version), Some(question)) => {
                self.preview = Preview::Asked;
                Wish::Ask(question)
            }
            _ => Wish::Nothing,
        }
    }

    /// Takes in text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.paste(text);
        }
    }

    /// Sends the order, where the button is awake.
    fn confirmed(&mut self) -> Wish {
        if let State::Moved(_) = self.state {
            return self.look_again();
        }
        if self.asleep().is_some() {
            return Wish::Nothing;
        }
        self.state = State::Sending;
        let order = self.order();
        self.sent = Some(order.clone());
        Wish::Do(Effect::Send(order))
    }

    fn look_again(&mut self) -> Wish {
        self.state = State::Open;
        match (self.question(), &self.order) {
            (Some(question), _) => {
                self.preview = Preview::Asked;
                Wish::Ask(question)
            }
            // What it tells is from before.
            (None, Order::Comment { .. } | Order::Create { .. }) => Wish::Nothing,
            (None, _) => Wish::Reload,
        }
    }

    /// Asks again what it would do, where that is not known.
    pub(crate) fn ask_again(&mut self) -> Option<Query> {
        let unknown = matches!(self.preview, Preview::Asked | Preview::Failed(_));
        let question = self.question().filter(|_| unknown)?;
        self.preview = Preview::Asked;
        Some(question)
    }

    /// Takes in what an order would do.
    pub(crate) fn rehearsed(&mut self, order: &Order, answer: Result<(Vec<Line>, bool), Failure>) {
        // Another stage may have been chosen since, or another dialog was opened.
        if !same_place(order, &self.order()) {
            return;
        }
        self.preview = match answer {
            Ok((lines, blocked)) => Preview::Known { lines, blocked },
            Err(failure) => Preview::Failed(failure),
        };
    }

    /// Takes in why an order was not carried out; returns whether the dialog stays open for another try.
    pub(crate) fn failed(&mut self, failure: Failure) {
        self.state = match failure.kind {
            FailureKind::Moved => State::Moved(failure.words),
            _ => State::Failed(failure),
        };
    }

    /// Returns what it sent.
    pub(crate) fn sent(&self) -> Option<&Order> {
        self.sent.as_ref()
    }

    /// Returns whether it is this order that it sent and waits for.
    pub(crate) fn waits_for(&self, order: &Order) -> bool {
        self.state == State::Sending && self.sent.as_ref() == Some(order)
    }

    /// Notices that somebody else did something to what it is about; of kills, that the same person did, elsewhere.
    pub(crate) fn look_out(&mut self, entry: &AuditEntry, mine: bool) {
        let stops = matches!(self.order, Order::Kill { .. } | Order::Restore { .. });
        if self.is_about(entry) && self.state != State::Sending && (!mine || stops) {
            self.state = State::Moved(format!("{} while this was open", event::told(entry)));
        }
    }
}

/// Returns whether something was done to one of these changes since it was seen.
fn is_of(entry: &AuditEntry, changes: &[i64]) -> bool {
    let number = entry.subject.split(' ').next().and_then(|word| word.strip_prefix('#'));
    // That it was proposed may be told after it was seen.
    entry.action != "change.propose"
        && changes.iter().any(|change| number == Some(change.to_string().as_str()))
}

/// Returns whether the server can tell what an order would do.
fn is_rehearsed(order: &Order) -> bool {
    matches!(order, Order::Promote { .. } | Order::RollBack { .. } | Order::Edit { .. })
}

/// Returns whether two orders are about the same, whatever the reasons.
fn same_place(one: &Order, other: &Order) -> bool {
    match (one, other) {
        (
            Order::Promote { feature, from, to, .. },
            Order::Promote { feature: other, from: other_from, to: other_to, .. },
        ) => (feature, from, to) == (other, other_from, other_to),
        (
            Order::RollBack { feature, env, version, .. },
            Order::RollBack { feature: other, env: other_env, version: other_version, .. },
        ) => (feature, env, version) == (other, other_env, other_version),
        (
            Order::Edit { feature, env, config, .. },
            Order::Edit { feature: other, env: other_env, config: other_config, .. },
        ) => (feature, env, config) == (other, other_env, other_config),
        _ => false,
    }
}

/// Returns a line of a fact: a word, and what there is to say.
pub(crate) fn fact(word: &str, text: impl Into<String>) -> Line {
    Line::default().and(Tone::Dim, format!("{word:<9} ")).and(Tone::Plain, text)
}
