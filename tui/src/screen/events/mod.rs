//! What was done: the audit, the newest on top, as it happens.

mod filter;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use chrono::{DateTime, Utc};
use fluxgate_client::Page;
use fluxgate_client::audit::{self, AuditEntry};
use ratatui::Frame;
use ratatui::layout::Rect;

use self::filter::Filter;
use super::Pane;
use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::message::News;
use crate::order::quoted;
use crate::step::Step;
use crate::widget::reader::Reader;

/// How many are kept at most? Beyond that it begins anew with the newest.
const KEPT: usize = 5_000;
/// How many are shown at least, where there are so many, before somebody goes to the end?
const FEW: usize = 40;
/// Among how many is looked for them without being told to?
const LOOKED_AT: usize = 1_000;

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The newest first.
    entries: Vec<AuditEntry>,
    load: Load<()>,
    /// What the server was asked for to get them.
    base: audit::Filter,
    /// Where earlier ones are.
    earlier: Option<String>,
    /// Whether they are asked for.
    asking: bool,
    /// Whether something was not told, so that what is told now does not follow on what is there.
    lost: bool,
    /// Up to which number nothing is missing for sure, since something was not told; none while all was told.
    sure: Option<i64>,
    list: List,
    text: String,
    filter: Filter,
    /// The number of the newest that is shown, while what is new waits; none while it is followed.
    stopped: Option<i64>,
    /// All that is known of one, to scroll in.
    reader: Reader,
    /// Whether the keys move in that.
    reading: bool,
    /// Whether the pane with the cursor has all the room.
    whole: bool,
}

impl Events {
    fn entry(&self, id: &str) -> Option<&AuditEntry> {
        self.entries.iter().find(|entry| entry.number.to_string() == id)
    }

    fn selected(&self) -> Option<&AuditEntry> {
        self.entry(self.list.selected()?)
    }

    /// Returns those that the filter lets through.
    fn let_through<'e>(&'e self, desk: &'e Desk) -> impl Iterator<Item = &'e AuditEntry> {
        self.entries.iter().filter(|entry| self.filter.lets(entry, desk.place.env.as_ref()))
    }

    /// Returns how many wait to be shown.
    fn waiting(&self, desk: &Desk) -> usize {
        self.stopped.map_or(0, |last| self.let_through(desk).filter(|entry| entry.number > last).count())
    }

    fn arrange(&mut self, desk: &Desk) {
        let last = self.stopped.unwrap_or(i64::MAX);
        let shown = self.let_through(desk).filter(|entry| entry.number <= last);
        let ids = shown.map(|entry| entry.number.to_string()).collect();
        self.list.set(ids);
        if self.stopped.is_none() {
            self.list.act(Action::Top);
        }
    }

    fn follow(&mut self, desk: &Desk) {
        self.stopped = None;
        self.arrange(desk);
    }

    fn stop(&mut self) {
        let newest = self.entries.first().map(|entry| entry.number);
        self.stopped = self.stopped.or(newest);
    }

    /// Returns the number of the newest.
    fn number(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.number)
    }

    /// Notes that something was not told.
    fn lose(&mut self) {
        self.lost = true;
        self.sure = self.sure.or(self.number());
    }

    /// Begins anew: nothing is known until the newest are asked for.
    fn forget(&mut self, desk: &Desk) {
        self.entries.clear();
        self.earlier = None;
        self.load = Load::default();
        (self.lost, self.sure) = (true, None);
        self.arrange(desk);
    }

    /// Takes in the newest ones: to those that are there, unless something between is missing.
    fn newest(&mut self, filter: &audit::Filter, page: Page<AuditEntry>) {
        let lost = std::mem::take(&mut self.lost);
        let known = self.sure.or(self.number());
        let meets = page.nodes.last().is_none_or(|last| known.is_some_and(|known| last.number <= known));
        let first = page.nodes.first().map(|entry| entry.number);
        if *filter == self.base && meets && !self.entries.is_empty() {
            self.entries.extend(page.nodes);
            self.entries.sort_by_key(|entry| std::cmp::Reverse(entry.number));
            self.entries.dedup_by_key(|entry| entry.number);
            // One that brings nothing new may have been asked for before something was not told.
            self.sure = self.sure.filter(|sure| first.is_none_or(|first| first <= *sure));
            return;
        }
        self.sure = first.filter(|_| lost);
        // Where somebody was reading is not there any more.
        self.stopped = None;
        self.base = filter.clone();
        self.earlier = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        self.entries = page.nodes;
    }

    fn earlier(&mut self, (filter, after): (&audit::Filter, &String), page: Page<AuditEntry>) {
        if *filter != self.base || self.earlier.as_ref() != Some(after) {
            return;
        }
        self.earlier = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        let last = self.entries.last().map_or(i64::MAX, |entry| entry.number);
        self.entries.extend(page.nodes.into_iter().filter(|entry| entry.number < last));
    }

    fn ask_earlier(&mut self) -> Vec<Step> {
        let at_end = self.list.at() + 1 >= self.list.len();
        match &self.earlier {
            Some(after) if at_end && !self.asking => {
                self.asking = true;
                let (filter, after) = (self.base.clone(), after.clone());
                vec![Step::Ask(Query::EarlierEvents { filter, after })]
            }
            _ => Vec::new(),
        }
    }

    fn moved(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        if self.reading {
            return self.reader.act(action).then(Vec::new);
        }
        if !self.list.act(action) {
            return None;
        }
        self.reader.restart();
        if action == Action::Top {
            self.follow(desk);
        } else if self.list.at() > 0 {
            self.stop();
        }
        Some(self.ask_earlier())
    }

    fn open(&self) -> Option<Step> {
        let entry = self.selected()?;
        if let Some(number) = change_of(entry) {
            return Some(Step::OpenChange(number));
        }
        let (noun, _) = entry.action.split_once('.').unwrap_or((&entry.action, ""));
        Some(match noun {
            "feature" => Step::OpenFeature { key: entry.subject.clone(), env: entry.environment.clone() },
            noun => Step::Say(format!("this is about a {}, which has no screen", noun.replace('_', " "))),
        })
    }
}

/// Returns the number of the change that an entry is about.
fn change_of(entry: &AuditEntry) -> Option<i64> {
    let (number, _) = entry.subject.strip_prefix('#')?.split_once(' ')?;
    number.parse().ok()
}

impl Pane for Events {
    fn query(&self, desk: &Desk) -> Option<Query> {
        Some(Query::Events(self.filter.wanted(desk.place.env.as_ref())))
    }

    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match (query, answer) {
            (Query::Events(filter), Ok(Answer::Events(page))) => {
                self.load.take(Ok(()), desk.now);
                self.newest(filter, page);
            }
            (Query::EarlierEvents { filter, after }, answer) => {
                self.asking = false;
                match answer {
                    Ok(Answer::Events(page)) => self.earlier((filter, after), page),
                    Ok(_) => {}
                    Err(failure) => self.load.take(Err(failure), desk.now),
                }
            }
            (_, Ok(_)) => {}
            (_, Err(failure)) => self.load.take(Err(failure), desk.now),
        }
        self.arrange(desk);
    }

    fn detail(&self, _desk: &Desk) -> Option<Query> {
        let after = self.earlier.clone()?;
        let more = self.list.len() < FEW && self.entries.len() < LOOKED_AT;
        more.then(|| Query::EarlierEvents { filter: self.base.clone(), after })
    }

    fn hear(&mut self, news: &News, desk: &Desk) -> bool {
        match news {
            News::Done(entry) if self.load.data.is_some() && !self.lost => {
                let newest = self.number().unwrap_or(i64::MIN);
                if entry.number > newest {
                    self.entries.insert(0, (**entry).clone());
                } else if let Err(at) = self.entries.binary_search_by(|known| entry.number.cmp(&known.number))
                    && at < self.entries.len()
                {
                    self.entries.insert(at, (**entry).clone());
                }
                if self.entries.len() > KEPT && self.stopped.is_none() {
                    self.forget(desk);
                    return false;
                }
                self.arrange(desk);
                true
            }
            News::Done(_) => false,
            News::Lost => {
                self.lose();
                false
            }
            News::Edges(_) | News::Revision(_) => true,
        }
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        let step = match action {
            Action::NextPane | Action::PreviousPane => {
                self.reading = !self.reading;
                return Some(Vec::new());
            }
            Action::Maximise => {
                self.whole = !self.whole;
                return Some(Vec::new());
            }
            Action::Back if self.reading || self.whole => {
                (self.reading, self.whole) = (false, false);
                return Some(Vec::new());
            }
            Action::Mark | Action::MarkAll => return None,
            Action::Sort | Action::TurnAround => Step::Say("events are in the order of time".to_owned()),
            Action::Follow if self.stopped.is_some() => {
                self.follow(desk);
                Step::Say("following what is new".to_owned())
            }
            Action::Follow => {
                self.stop();
                Step::Say("what is new waits".to_owned())
            }
            Action::NextMatch | Action::PreviousMatch if self.text.is_empty() => {
                Step::Say("nothing is looked for: / says what".to_owned())
            }
            Action::NextMatch => return self.moved(Action::Down, desk),
            Action::PreviousMatch => return self.moved(Action::Up, desk),
            Action::Enter => self.open()?,
            Action::CopyId => {
                let text = serde_json::to_string_pretty(self.selected()?).ok()?;
                Step::Copy { text, words: "the event as JSON".to_owned() }
            }
            action => return self.moved(action, desk),
        };
        Some(vec![step])
    }

    fn here(&self, _desk: &Desk) -> Here {
        let opens = !matches!(self.open(), None | Some(Step::Say(_)));
        let back = self.reading || self.whole;
        Here { any: self.list.len() > 0, opens, filters: true, back, ..Here::default() }
    }

    fn filter(&mut self, text: &str, desk: &Desk) -> Result<(), String> {
        self.filter = Filter::parse(text, desk.now)?;
        text.clone_into(&mut self.text);
        self.arrange(desk);
        Ok(())
    }

    fn filtered(&self) -> &str {
        &self.text
    }

    fn crumb(&self, desk: &Desk) -> String {
        match self.filter.place(desk.place.env.as_ref()) {
            Some(env) => format!("events in {env}"),
            None => "events".to_owned(),
        }
    }

    fn id(&self) -> Option<String> {
        self.selected().map(|entry| entry.subject.clone())
    }

    fn command(&self, desk: &Desk) -> String {
        let wanted = self.filter.wanted(desk.place.env.as_ref());
        let since = wanted.since.map(fluxgate_wording::time::instant);
        let flags = [("--action", wanted.action), ("-e", wanted.environment), ("--actor", wanted.actor)];
        let flags = flags.into_iter().chain([("--since", since)]);
        let flags: String =
            flags.filter_map(|(flag, value)| Some(format!(" {flag} {}", quoted(&value?)))).collect();
        let tail = if self.stopped.is_none() && wanted.since.is_none() { "tail" } else { "list" };
        format!("fgctl audit {tail}{flags}")
    }

    fn failure(&self) -> Option<&Failure> {
        self.load.failure.as_ref()
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.load.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}
