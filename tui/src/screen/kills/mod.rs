//! What is killed: where, why, until when, which edges have it, and what it stops.

mod reach;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::audit::AuditEntry;
use fluxgate_client::feature::KilledStage;
use fluxgate_client::kill_screen::{KillScreen, Killed};
use fluxgate_wording::{Line, change, event, text, time};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Pane, Screen};
use crate::app::Desk;
use crate::dialog::{self, fact};
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::list::List;
use crate::load::{Failure, Load};
use crate::message::News;
use crate::step::Step;

/// By how much is an end moved?
const STEP: TimeDelta = TimeDelta::minutes(10);

/// What the screen knows.
#[derive(Debug, Default)]
pub(crate) struct Kills {
    known: Load<KillScreen>,
    list: List,
    recent: List,
    on: On,
    sort: Sort,
    turned: bool,
    filter: String,
    /// Whether the pane with the cursor has all the room.
    whole: bool,
    /// What was asked about one kill, and which.
    detail: Option<(String, Load<Killed>)>,
}

/// Which list the cursor is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum On {
    #[default]
    Kills,
    Recent,
}

/// What the kills are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// The newest first.
    #[default]
    Since,
    /// What ends next first.
    End,
    Feature,
}

impl Kills {
    /// Returns how many there are, once that is known.
    pub(crate) fn count(&self) -> Option<usize> {
        self.known.data.as_ref().map(|known| known.kills.nodes.len())
    }

    fn kill(&self, id: &str) -> Option<&KilledStage> {
        self.known.data.iter().flat_map(|known| &known.kills.nodes).find(|killed| self::id(killed) == id)
    }

    fn entry(&self, id: &str) -> Option<&AuditEntry> {
        let entries = self.known.data.iter().flat_map(|known| known.recent());
        entries.into_iter().find(|entry| entry.number.to_string() == id)
    }

    /// Returns the list that the cursor is in: what happened lately, where nothing is killed.
    fn on(&self) -> On {
        if self.list.len() == 0 { On::Recent } else { self.on }
    }

    fn selected(&self) -> Option<&KilledStage> {
        self.kill(self.list.selected()?)
    }

    /// Returns what is known about the kill that the cursor is on.
    fn stops(&self) -> Option<&Load<Killed>> {
        let (id, load) = self.detail.as_ref()?;
        (self.list.selected() == Some(id.as_str())).then_some(load)
    }

    fn arrange(&mut self) {
        let Some(known) = &self.known.data else {
            return;
        };
        let words = self.filter.to_lowercase();
        let mut kills: Vec<&KilledStage> =
            known.kills.nodes.iter().filter(|one| matches(one, &words)).collect();
        match self.sort {
            Sort::Since => kills.sort_by_key(|one| std::cmp::Reverse(one.kill.since)),
            Sort::End => kills.sort_by_key(|one| (one.kill.restore_at.is_none(), one.kill.restore_at)),
            Sort::Feature => kills.sort_by_key(|one| id(one)),
        }
        if self.turned {
            kills.reverse();
        }
        let ids = kills.into_iter().map(id).collect();
        let recent = known.recent().into_iter().map(|entry| entry.number.to_string()).collect();
        self.list.set(ids);
        self.recent.set(recent);
    }

    /// Returns where the cursor is on: a feature and an environment.
    fn place(&self) -> Option<(String, Option<String>)> {
        match self.on() {
            On::Kills => {
                self.selected().map(|one| (one.feature.key.clone(), Some(one.environment.key.clone())))
            }
            On::Recent => {
                let entry = self.entry(self.recent.selected()?)?;
                Some((entry.subject.clone(), entry.environment.clone()))
            }
        }
    }

    fn restore(&self, desk: &Desk) -> Step {
        let Some(killed) = self.selected().filter(|_| self.on() == On::Kills) else {
            return Step::Say("no kill is under the cursor".to_owned());
        };
        let (feature, env) = (&killed.feature.key, &killed.environment.key);
        Step::Open(Box::new(dialog::restore(feature, env, &self.facts(killed, desk))))
    }

    /// Returns what is to be known before a kill is taken back.
    fn facts(&self, killed: &KilledStage, desk: &Desk) -> Vec<Line> {
        let mut facts = vec![fact("killed", since(killed, desk))];
        if let Some(at) = killed.kill.restore_at {
            facts.push(fact("else", format!("it ends by itself in {}", time::left(at, desk.now))));
        }
        if let Some(stops) = self.stops().and_then(|load| load.data.as_ref()) {
            let env = killed.environment.key.as_str();
            facts.push(fact("serves", again(stops, env)));
            facts.extend(needed_by(stops, env).map(|who| fact("needed by", who)));
        }
        facts
    }

    fn reschedule(&self, later: bool, desk: &Desk) -> Step {
        let Some(killed) = self.selected().filter(|_| self.on() == On::Kills) else {
            return Step::Say("no kill is under the cursor".to_owned());
        };
        let before = killed.kill.restore_at;
        let key = |action| desk.keys.called(action, Screen::Kills);
        let at = match (before, later) {
            (Some(at), true) => at.max(desk.now).checked_add_signed(STEP),
            (Some(at), false) => at.checked_sub_signed(STEP),
            (None, true) => {
                return Step::Say(format!(
                    "it ends by hand only, nothing is later; {} lets it end in 10 minutes",
                    key(Action::Sooner)
                ));
            }
            (None, false) => desk.now.checked_add_signed(STEP),
        };
        match at.filter(|at| *at > desk.now) {
            Some(at) => {
                let place = (killed.feature.key.as_str(), killed.environment.key.as_str());
                let reason = text::clean(&killed.kill.reason);
                Step::Open(Box::new(dialog::reschedule(place, &reason, (before, at), desk.now)))
            }
            None => Step::Say(format!("it ends within 10 minutes; {} restores it now", key(Action::Restore))),
        }
    }

    fn sorted(&mut self) -> Step {
        self.arrange();
        let by = match self.sort {
            Sort::Since => "when they began",
            Sort::End => "when they end",
            Sort::Feature => "feature",
        };
        let turned = if self.turned { ", turned around" } else { "" };
        Step::Say(format!("sorted by {by}{turned}"))
    }
}

/// Returns what a kill is known by here.
fn id(killed: &KilledStage) -> String {
    format!("{} {}", killed.feature.key, killed.environment.key)
}

fn matches(killed: &KilledStage, words: &str) -> bool {
    let kill = &killed.kill;
    let text = format!("{} {} {}", id(killed), kill.by, kill.reason).to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

/// Says since when something is killed, by whom, and why.
fn since(killed: &KilledStage, desk: &Desk) -> String {
    let kill = &killed.kill;
    let by = change::by(&kill.by, kill.token.as_deref());
    format!("{} ago by {by}: {}", desk.ago(kill.since), event::said(Some(&kill.reason)))
}

/// Says what a stage serves once it is not killed any more.
fn again(stops: &Killed, env: &str) -> String {
    let stage = stops.feature.stages.iter().find(|stage| stage.environment.key == env);
    match stage.and_then(|stage| stage.live.as_ref()) {
        None => "nothing: it never went there".to_owned(),
        Some(live) if live.config["enabled"] == serde_json::Value::Bool(true) => {
            format!("v{} again, which is on", live.number)
        }
        Some(live) => format!("v{} again, which is off", live.number),
    }
}

/// Returns the features in the same environment that depend on it.
fn needed_by(stops: &Killed, env: &str) -> Option<String> {
    let there = stops.feature.dependents.iter().filter(|one| one.environment.key == env);
    let keys: Vec<&str> = there.map(|one| one.feature.as_str()).collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}

/// Says where something is killed.
fn elsewhere(desk: &Desk) -> String {
    let features = desk.keys.called(Action::Show(Screen::Features), Screen::Kills);
    let kill = desk.keys.called(Action::Kill, Screen::Feature);
    format!("open a feature ({features}) and press {kill} there")
}

/// Returns a line for the incident's notes.
fn incident(killed: &KilledStage) -> String {
    let kill = &killed.kill;
    let by = change::by(&kill.by, kill.token.as_deref());
    let end = kill.restore_at.map_or_else(String::new, |at| format!(", until {}", time::instant(at)));
    format!(
        "{} is killed in {} by {by} since {}{end}: {}",
        killed.feature.key,
        killed.environment.key,
        time::instant(kill.since),
        text::clean(&kill.reason)
    )
}

/// Returns how much of a kill's time is over: of how many seconds how many.
fn over(killed: &KilledStage, now: DateTime<Utc>) -> Option<(i64, i64)> {
    let end = killed.kill.restore_at?;
    let whole = (end - killed.kill.since).num_seconds().max(1);
    Some(((now - killed.kill.since).num_seconds().clamp(0, whole), whole))
}

impl Pane for Kills {
    fn query(&self, _desk: &Desk) -> Option<Query> {
        Some(Query::Kills)
    }

    fn detail(&self, _desk: &Desk) -> Option<Query> {
        let killed = self.selected()?;
        Some(Query::Killed { feature: killed.feature.key.clone(), env: killed.environment.key.clone() })
    }

    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk) {
        match (query, answer) {
            (Query::Killed { feature, env }, answer) => {
                let id = format!("{feature} {env}");
                let answer = match answer {
                    Ok(Answer::Killed(killed)) => Ok(*killed),
                    Ok(_) => return,
                    Err(failure) => Err(failure),
                };
                match &mut self.detail {
                    Some((known, load)) if *known == id => load.take(answer, desk.now),
                    detail => {
                        let mut load = Load::default();
                        load.take(answer, desk.now);
                        *detail = Some((id, load));
                    }
                }
            }
            (_, Ok(Answer::Kills(known))) => {
                if let Some(before) = &self.known.data {
                    let other = known.kills.nodes.iter().filter(|kill| !before.kills.nodes.contains(kill));
                    self.list.flash(other.map(id).collect::<Vec<_>>(), desk.now);
                }
                self.known.take(Ok(*known), desk.now);
            }
            (_, Ok(_)) => {}
            (_, Err(failure)) => self.known.take(Err(failure), desk.now),
        }
        self.arrange();
    }

    fn hear(&mut self, news: &News, _desk: &Desk) -> bool {
        let Some(known) = &mut self.known.data else {
            return false;
        };
        match news {
            News::Edges(edges) => known.edges.nodes.clone_from(edges),
            News::Done(entry) => return !is_kill(entry),
            // A revision that changes kills comes with an entry.
            News::Revision(_) => {}
            News::Lost => return false,
        }
        true
    }

    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>> {
        let step = match action {
            Action::Mark | Action::MarkAll => Step::Say("kills are restored one by one".to_owned()),
            Action::NextPane | Action::PreviousPane => {
                self.on = if self.on() == On::Kills { On::Recent } else { On::Kills };
                return Some(Vec::new());
            }
            Action::Maximise => {
                self.whole = !self.whole;
                return Some(Vec::new());
            }
            Action::Back if self.whole => {
                self.whole = false;
                return Some(Vec::new());
            }
            Action::Enter => {
                let (key, env) = self.place()?;
                Step::OpenFeature { key, env }
            }
            Action::Kill => Step::Say(elsewhere(desk)),
            Action::Restore => self.restore(desk),
            Action::Later => self.reschedule(true, desk),
            Action::Sooner => self.reschedule(false, desk),
            Action::CopyId => {
                let killed = self.selected().filter(|_| self.on() == On::Kills)?;
                Step::Copy { text: incident(killed), words: "a line for the incident's notes".to_owned() }
            }
            Action::Sort => {
                self.sort = match self.sort {
                    Sort::Since => Sort::End,
                    Sort::End => Sort::Feature,
                    Sort::Feature => Sort::Since,
                };
                self.sorted()
            }
            Action::TurnAround => {
                self.turned = !self.turned;
                self.sorted()
            }
            action => {
                let list = if self.on() == On::Kills { &mut self.list } else { &mut self.recent };
                return list.act(action).then(Vec::new);
            }
        };
        Some(vec![step])
    }

    fn here(&self, _desk: &Desk) -> Here {
        let killed = self.selected().filter(|_| self.on() == On::Kills);
        Here {
            any: self.list.len() > 0,
            opens: self.place().is_some(),
            filters: true,
            back: self.whole,
            killed: killed.is_some(),
            ends: killed.is_some_and(|one| one.kill.restore_at.is_some()),
            ..Here::default()
        }
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
        "kill switches".to_owned()
    }

    fn id(&self) -> Option<String> {
        self.place().map(|(feature, _)| feature)
    }

    fn command(&self, _desk: &Desk) -> String {
        "fgctl feature kills".to_owned()
    }

    fn env(&self, _desk: &Desk) -> Option<String> {
        self.selected().filter(|_| self.on() == On::Kills).map(|killed| killed.environment.key.clone())
    }

    fn is_counting(&self) -> bool {
        self.known.data.iter().flat_map(|known| &known.kills.nodes).any(|one| one.kill.restore_at.is_some())
    }

    fn flashes(&self) -> bool {
        self.list.flashes()
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        self.list.settle(now);
    }

    fn failure(&self) -> Option<&Failure> {
        // Where there is nothing of before, it is told in its place.
        let old = self.stops().filter(|load| load.data.is_some());
        self.known.failure.as_ref().or(old.and_then(|load| load.failure.as_ref()))
    }

    fn as_of(&self) -> Option<DateTime<Utc>> {
        self.known.at
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
        view::draw(self, frame, area, desk);
    }
}

/// Returns whether an entry is about kill switches.
fn is_kill(entry: &AuditEntry) -> bool {
    entry.action.starts_with("feature.kill") || entry.action == "feature.restore"
}
