//! What is proposed: what waits for a decision, one's own votes first, and the one under the cursor in full.

mod detail;
#[cfg(test)]
pub(crate) mod tests;
mod view;
pub(crate) mod vote;

use chrono::{DateTime, Utc};
use fluxgate_client::change::Change;
use fluxgate_client::inbox::Inbox;
use fluxgate_wording::Line;
use fluxgate_wording::change::summary;
use fluxgate_wording::time;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pane;
use crate::app::Desk;
use crate::dialog;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::message::News;
use crate::overlay::Overlay;
use crate::step::Step;
use crate::widget::reader::Reader;

use self::vote::Part;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    inbox: Load<Inbox>,
    list: List,
    sort: Sort,
    turned: bool,
    filter: String,
    /// Whether what is decided is listed too.
    all: bool,
    /// What somebody came for: it is listed however old it is.
    named: Option<i64>,
    /// Whether the cursor goes there as soon as it is known.
    wanted: bool,
    /// Whether keys scroll the change, not the list.
    reading: bool,
    /// Whether one pane has all the room.
    whole: bool,
    reader: Reader,
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// One's own votes first, then the newest.
    #[default]
    Yours,
    Age,
    What,
}

impl Changes {
    /// Goes to a change, now or as soon as it is known.
    pub(crate) fn select(&mut self, number: i64) {
        self.named = Some(number);
        self.wanted = true;
        self.filter.clear();
        self.reading = false;
        self.land();
    }

    /// Returns how many wait for a vote of whoever is signed in, as far as it is known.
    pub(crate) fn waiting(&self, desk: &Desk) -> usize {
        let open = self.inbox.data.iter().flat_map(|inbox| &inbox.open.nodes);
        open.filter(|change| vote::part(change, desk.who.as_ref()) == Part::Asked).count()
    }

    /// Puts the cursor on what somebody came for, if it is there.
    fn land(&mut self) {
        if let (true, Some(number)) = (self.wanted, self.named) {
            let id = number.to_string();
            self.list.select(&id);
            self.wanted = self.list.selected() != Some(&id);
            self.reader.restart();
        }
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        let decided = |inbox: &'_ Inbox| if self.all { inbox.decided.nodes.len() } else { 0 };
        self.inbox.data.iter().flat_map(move |inbox| {
            let decided = inbox.decided.nodes.iter().take(decided(inbox));
            let listed = inbox.open.nodes.iter().chain(decided);
            let known = listed.clone().any(|change| Some(change.number) == self.named);
            listed.chain(inbox.named.iter().filter(move |_| !known))
        })
    }

    fn change(&self, id: &str) -> Option<&Change> {
        let number: i64 = id.parse().ok()?;
        self.changes().find(|change| change.number == number)
    }

    fn selected(&self) -> Option<&Change> {
        self.change(self.list.selected()?)
    }

    fn arrange(&mut self, desk: &Desk) {
        let who = desk.who.as_ref();
        let mut shown: Vec<&Change> = self.changes().filter(|change| matches(change, &self.filter)).collect();
        // The highest number is the newest.
        match self.sort {
            Sort::Yours => shown.sort_by_key(|change| {
                let rank = match vote::part(change, who) {
                    _ if change.decided_at.is_some() => 2,
                    Part::Asked => 0,
                    _ => 1,
                };
                (rank, -change.number)
            }),
            Sort::Age => shown.sort_by_key(|change| -change.number),
            Sort::What => shown.sort_by_key(|change| (features(change), -change.number)),
        }
        if self.turned {
            shown.reverse();
        }
        let ids = shown.into_iter().map(|change| change.number.to_string()).collect();
        let before = self.list.selected().map(str::to_owned);
        self.list.set(ids);
        if before.as_deref() != self.list.selected() {
            self.reader.restart();
        }
        self.land();
    }

    /// Opens a dialog for what is marked, or else for what the cursor is on; or says why not.
    fn vote(&self, desk: &Desk, approves: bool) -> Step {
        let ids = self.list.chosen();
        let chosen: Vec<&Change> = ids.iter().filter_map(|id| self.change(id)).collect();
        let (mut numbers, mut facts, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for change in &chosen {
            match vote::refused(change, desk) {
                Some(why) => refused.push(why),
                None => numbers.push(change.number),
            }
        }
        if numbers.is_empty() {
            let why = refused.into_iter().next();
            return Step::Say(why.unwrap_or_else(|| "there is no change under the cursor".to_owned()));
        }
        for change in chosen.iter().filter(|change| numbers.contains(&change.number)) {
            facts.extend(detail::brief(change));
            if let ([_], [_]) = (numbers.as_slice(), chosen.as_slice()) {
                facts.extend(detail::diff(change).into_iter().map(|(line, _)| line));
            }
        }
        facts.extend(refused.into_iter().map(|why| detail::left_out(&why)));
        let make = if approves { dialog::approve } else { dialog::reject };
        Step::Open(Box::new(make(&numbers, &facts)))
    }

    /// Opens a dialog that takes a change back, or lets it through; or says why not. Each is about one change.
    fn end(&self, action: Action, desk: &Desk) -> Step {
        let say = |words: &str| Step::Say(words.to_owned());
        let chosen = self.list.chosen();
        let change = match chosen.as_slice() {
            [] => return say("there is no change under the cursor"),
            [id] => self.change(id),
            more => return Step::Say(format!("one at a time: {} are marked, Esc unmarks them", more.len())),
        };
        let Some(change) = change else {
            return say("there is no change under the cursor");
        };
        let refused = match action {
            Action::Cancel => vote::keeps(change, desk),
            _ => vote::holds(change, desk),
        };
        if let Some(why) = refused {
            return Step::Say(why);
        }
        let mut facts = detail::brief(change);
        if action == Action::Override {
            let missing = change.policies.iter().filter(|policy| !policy.satisfied);
            facts.extend(missing.map(|policy| detail::policy(policy, desk)));
            let when = match change.apply_at.filter(|at| *at > desk.now) {
                Some(at) => format!("It is approved at once, and applied at {}", time::when(at, desk.now)),
                None => "It is applied at once".to_owned(),
            };
            facts.push(Line::from(format!("{when}; the reason is kept with it, for others to look at.")));
        }
        facts.extend(detail::diff(change).into_iter().map(|(line, _)| line));
        Step::Open(Box::new(match action {
            Action::Cancel => dialog::cancel(change.number, &facts),
            _ => dialog::let_through(change.number, &facts),
        }))
    }

    fn arranged(&mut self, desk: &Desk) -> Vec<Step> {
        self.arrange(desk);
        let by = match self.sort {
            Sort::Yours => "whose vote is waited for",
            Sort::Age => "age",
            Sort::What => "feature",
        };
        vec![Step::Say(format!("sorted by {by}"))]
    }

    /// Moves in the list or in the change, whichever has the keys.
    fn move_on(&mut self, action: Action, desk: &Desk) -> bool {
        let hunks = matches!(action, Action::NextHunk | Action::PreviousHunk);
        if hunks || (self.reading && !matches!(action, Action::Mark | Action::MarkAll)) {
            return self.reader.act(action);
        }
        let before = self.list.selected().map(str::to_owned);
        let moved = self.list.act(action);
        if before.as_deref() != self.list.selected() {
            self.wanted = false;
            self.reader.restart();
        }
        let _ = desk;
        moved
    }
}

/// Returns whether a change has all words of a filter in its number, its author, its features or its environments.
fn matches(change: &Change, filter: &str) -> bool {
    let mut text = format!("#{} {} {}", change.number, change.author, summary(change));
    for item in &change.items {
        text.push(' ');
        text.push_str(&item.environment.key);
    }
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn features(change: &Change) -> Vec<&str> {
    change.items.iter().map(|item| item.feature.key.as_str()).collect()
}

impl Pane for Changes {
    fn query(&self, _desk: &Desk) -> Option<Query> {
        Some(Query::Inbox(self.named))
    }

    fn take(&mut self, _query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match answer {
            Ok(Answer::Inbox(inbox)) => self.inbox.take(Ok(*inbox), desk.now),
            Ok(_) => {}
            Err(failure) => self.inbox.take(Err(failure), desk.now),
        }
        self.arrange(desk);
    }

    fn hear(&mut self, news: &News, _desk: &Desk) -> bool {
        // Whatever people do may be a vote, or move one: it is asked. Edges do neither.
        matches!(news, News::Edges(_) | News::Revision(_)) && self.inbox.data.is_some()
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if self.move_on(action, desk) {
            return Some(Vec::new());
        }
        Some(match action {
            Action::Sort => {
                self.sort = match self.sort {
                    Sort::Yours => Sort::Age,
                    Sort::Age => Sort::What,
                    Sort::What => Sort::Yours,
                };
                self.arranged(desk)
            }
            Action::TurnAround => {
                self.turned = !self.turned;
                self.arranged(desk)
            }
            Action::Decided => {
                self.all = !self.all;
                self.named = None;
                self.arrange(desk);
                let words =
                    if self.all { "what waits, and the latest that were decided" } else { "what waits" };
                vec![Step::Say(words.to_owned())]
            }
            Action::NextPane | Action::PreviousPane => {
                self.reading = !self.reading;
                Vec::new()
            }
            Action::Maximise => {
                self.whole = !self.whole;
                Vec::new()
            }
            Action::Back if self.whole || self.reading => {
                (self.whole, self.reading) = (false, false);
                Vec::new()
            }
            Action::Back if self.list.unmark() => Vec::new(),
            Action::Enter | Action::Diff => {
                let change = self.selected()?;
                let title = format!("#{} {}", change.number, summary(change));
                let lines = match action {
                    Action::Diff => detail::diff(change),
                    _ => detail::lines(change, desk),
                };
                let lines = lines.into_iter().map(|(line, _)| line).collect();
                vec![Step::Show(Overlay::Text { title, lines, top: 0 })]
            }
            Action::Approve => vec![self.vote(desk, true)],
            Action::Reject => vec![self.vote(desk, false)],
            Action::Cancel | Action::Override => vec![self.end(action, desk)],
            Action::Comment => vec![Step::Open(Box::new(dialog::comment(self.selected()?.number)))],
            _ => return None,
        })
    }

    fn here(&self, desk: &Desk) -> Here {
        let selected = self.selected().is_some();
        let chosen = self.list.chosen();
        let one = chosen.first().filter(|_| chosen.len() == 1).and_then(|id| self.change(id));
        let mut chosen = chosen.iter().filter_map(|id| self.change(id));
        Here {
            any: self.list.len() > 0,
            opens: selected,
            filters: true,
            back: self.whole || self.reading || self.list.marks() > 0,
            change: selected,
            cancels: one.is_some_and(|change| vote::keeps(change, desk).is_none()),
            overrides: one.is_some_and(|change| vote::holds(change, desk).is_none()),
            votes: chosen.any(|change| vote::refused(change, desk).is_none()),
            differs: selected,
            ..Here::default()
        }
    }

    fn filter(&mut self, text: &str, desk: &Desk) -> Result<(), String> {
        text.clone_into(&mut self.filter);
        self.arrange(desk);
        Ok(())
    }

    fn filtered(&self) -> &str {
        &self.filter
    }

    fn crumb(&self, _desk: &Desk) -> String {
        "changes".to_owned()
    }

    fn id(&self) -> Option<String> {
        self.selected().map(|change| change.number.to_string())
    }

    fn command(&self, _desk: &Desk) -> String {
        match (self.selected(), self.all) {
            (Some(change), _) => format!("fgctl change view {}", change.number),
            (None, true) => "fgctl change list --all".to_owned(),
            (None, false) => "fgctl change list".to_owned(),
        }
    }

    fn env(&self, desk: &Desk) -> Option<String> {
        let items = &self.selected()?.items;
        let protected = items.iter().find(|item| desk.is_protected(&item.environment.key));
        protected.or(items.first()).map(|item| item.environment.key.clone())
    }

    fn failure(&self) -> Option<&Failure> {
        self.inbox.failure.as_ref()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.inbox.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
