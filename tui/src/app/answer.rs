//! What answers do: to a screen, to a dialog, to the header.

use serde_json::Value;

use super::{App, Link, Screens};
use crate::access::Who;
use crate::dialog;
use crate::effect::{Answer, Effect, Query};
use crate::host::Place;
use crate::load::{Failure, FailureKind};
use crate::order::Order;
use crate::overlay::Overlay;
use crate::screen::Screen;

impl App {
    pub(super) fn answered(
        &mut self,
        ticket: u64,
        query: &Query,
        answer: Result<Answer, Failure>,
    ) -> Vec<Effect> {
        let Some(asked) = self.asked.iter_mut().find(|asked| asked.ticket == ticket) else {
            // Something newer of its kind was asked since.
            return Vec::new();
        };
        // Pages come one after the other.
        asked.answered = !matches!(&answer, Ok(Answer::FeatureRows(page)) if !page.last);
        asked.failed = answer.is_err();
        match &answer {
            Ok(_) => self.desk.heard = Some(self.desk.now),
            Err(failure) => self.failed(query, failure),
        }
        match (query, answer) {
            (Query::Caller, Ok(Answer::Caller(caller))) => {
                self.desk.who = Some(Who::of(&caller, &self.desk.place.team));
            }
            (Query::Environments, Ok(Answer::Environments(environments))) => {
                self.desk.environments = environments;
            }
            (Query::Knock, Ok(Answer::Knocked(answered))) => return self.knocked(&answered),
            (Query::Rehearse(order), answer) => self.rehearsed(order, answer),
            (Query::Explain(_), Ok(Answer::Explained(lines))) => {
                self.overlay = Some(Overlay::Text { title: "Explain".to_owned(), lines, top: 0 });
            }
            (Query::File { .. } | Query::Difference { .. }, Ok(Answer::Text { title, lines })) => {
                self.overlay = Some(Overlay::Text { title, lines, top: 0 });
            }
            (Query::Explain(_) | Query::File { .. } | Query::Difference { .. }, Err(failure)) => {
                self.say(failure.words);
            }
            (query, answer) => {
                if let Some(screen) = query.screen() {
                    self.screens.get_mut(screen).take(query, answer, &self.desk);
                }
                return self.ask_beside();
            }
        }
        Vec::new()
    }

    /// Asks what a screen wants to know beside since it took something in, unless it was asked before.
    fn ask_beside(&mut self) -> Vec<Effect> {
        if self.desk.paused.is_some() {
            return Vec::new();
        }
        let mut wanted = self.screens.get(self.screen).beside(&self.desk);
        wanted.retain(|query| self.asked.iter().all(|asked| asked.query != *query));
        wanted.into_iter().flat_map(|query| self.ask(query)).collect()
    }

    fn failed(&mut self, query: &Query, failure: &Failure) {
        let request = failure.request.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
        self.desk.note(format!("{}: {}{request}", query.name(), failure.words));
        match failure.kind {
            FailureKind::SignedOut => self.signed_out(failure.words.clone()),
            // Later on the subscription says whether there is a connection: one question may fail alone.
            FailureKind::Unreachable if self.desk.link == Link::Connecting => {
                self.desk.link = Link::Away { since: self.desk.now, cause: failure.words.clone() };
            }
            _ => {}
        }
    }

    fn rehearsed(&mut self, order: &Order, answer: Result<Answer, Failure>) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        match answer {
            Ok(Answer::Rehearsed { lines, blocked }) => dialog.rehearsed(order, Ok((lines, blocked))),
            Ok(_) => {}
            Err(failure) => dialog.rehearsed(order, Err(failure)),
        }
    }

    /// Takes in what became of an order.
    pub(super) fn done(&mut self, order: &Order, result: Result<String, Failure>) -> Vec<Effect> {
        let Some(at) = self.sent.iter().position(|sent| sent == order) else {
            return self.done_elsewhere(result);
        };
        self.sent.remove(at);
        let waits = self.dialog.as_ref().is_some_and(|dialog| dialog.waits_for(order));
        match result {
            Ok(words) => {
                self.desk.note(format!("{}: {words}", order.command()));
                if waits {
                    self.dialog = None;
                }
                self.tell(&words);
                self.refresh()
            }
            Err(failure) => {
                self.desk.note(format!("{}: {}", order.command(), failure.words));
                if failure.kind == FailureKind::SignedOut {
                    self.signed_out(failure.words.clone());
                }
                match &mut self.dialog {
                    Some(dialog) if waits => dialog.failed(failure),
                    _ => self.say(failure.words),
                }
                Vec::new()
            }
        }
    }

    /// Says what became of an order in the context before.
    pub(super) fn done_elsewhere(&mut self, result: Result<String, Failure>) -> Vec<Effect> {
        let words = result.unwrap_or_else(|failure| failure.words);
        self.say(format!("in the context before: {words}"));
        Vec::new()
    }

    /// Says what became of an order: over the screen, where it is of several things.
    fn tell(&mut self, words: &str) {
        let lines: Vec<&str> = words.lines().collect();
        if let [_, _, ..] = lines.as_slice() {
            let lines = lines.iter().map(|line| (*line).into()).collect();
            self.overlay = Some(Overlay::Text { title: "What became of them".to_owned(), lines, top: 0 });
        } else {
            self.say(words);
        }
    }

    /// Takes in what became of a document in the editor.
    pub(super) fn edited(
        &mut self,
        (feature, env): (String, String),
        base: Option<i64>,
        result: Result<Option<Value>, String>,
    ) -> Vec<Effect> {
        match result {
            Ok(Some(config)) => {
                let protected = self.desk.is_protected(&env);
                let dialog = dialog::edit((&feature, &env), config, base, protected);
                self.steps(vec![crate::step::Step::Open(Box::new(dialog))])
            }
            Ok(None) => {
                self.say("nothing was changed");
                Vec::new()
            }
            Err(words) => {
                let lines: Vec<&str> = words.lines().collect();
                self.desk.note(format!("edit of {feature} in {env}: {}", lines.join("; ")));
                // What has no room in a row, such as where something is kept, is told in full.
                if lines.len() > 1 || words.chars().count() > usize::from(self.desk.size.0) {
                    let lines = lines.into_iter().map(Into::into).collect();
                    let title = format!("{feature} in {env} is not edited");
                    self.overlay = Some(Overlay::Text { title, lines, top: 0 });
                } else {
                    self.say(words);
                }
                Vec::new()
            }
        }
    }

    /// Begins anew in another context.
    pub(super) fn switched(&mut self, place: Result<Place, String>) -> Vec<Effect> {
        match place {
            Ok(place) => {
                self.desk.place = place;
                self.desk.who = None;
                self.desk.environments.clear();
                self.desk.link = Link::Connecting;
                self.desk.heard = None;
                self.desk.server = None;
                self.desk.revision = None;
                self.screens = Screens::default();
                self.asked.clear();
                self.sent.clear();
                self.trail.clear();
                self.dialog = None;
                self.sign_in = None;
                self.overlay = None;
                self.prompt = None;
                self.said = None;
                self.desk.paused = None;
                self.desk.missed = 0;
                if self.screen == Screen::Feature {
                    self.screen = Screen::Features;
                }
                self.begin()
            }
            Err(words) => {
                self.say(words);
                Vec::new()
            }
        }
    }
}
