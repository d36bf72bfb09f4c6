//! What keys do to the stage that is chosen.

use fluxgate_client::audit::AuditEntry;
use fluxgate_client::change::{Change, DiffEntry};
use fluxgate_client::feature_screen::Past;
use fluxgate_wording::{Line, Tone, change, event, time, version};

use super::{Detail, Feature, Happened, Part};
use crate::app::Desk;
use crate::dialog::{self, fact};
use crate::keymap::{Action, Here};
use crate::overlay::Overlay;
use crate::screen::changes::vote;
use crate::screen::features::{Spot, act_on, at_stake, breaks, refused};
use crate::step::Step;

impl Feature {
    /// Goes into what the cursor is on.
    pub(super) fn enter(&mut self, desk: &Desk) -> Vec<Step> {
        match self.part {
            Part::Relations => {
                let Some(key) = self.relations.selected().and_then(|id| id.split(' ').nth(1)) else {
                    return Vec::new();
                };
                let (key, env) = (key.to_owned(), self.place().map(str::to_owned));
                self.before.push((self.key.clone(), env.clone()));
                self.turn_to(key, env);
                vec![Step::Ask(self.ask())]
            }
            Part::History => match self.happened() {
                Some(Happened::Version(past)) => vec![shown(&self.key, past, desk)],
                Some(Happened::Switch(entry)) => vec![switched(entry, desk)],
                None => Vec::new(),
            },
            Part::Rules | Part::Live => {
                self.whole = !self.whole;
                Vec::new()
            }
        }
    }

    /// Returns what the cursor is on of what happened.
    fn happened(&self) -> Option<Happened<'_>> {
        self.detail()?.history().get(self.history.at()).copied()
    }

    /// Returns the version that the cursor is on.
    fn past(&self) -> Option<&Past> {
        match self.happened()? {
            Happened::Version(past) => Some(past),
            Happened::Switch(_) => None,
        }
    }

    /// Returns what can be done with the stage that is chosen, and with what the cursor is on.
    pub(super) fn offers(&self, desk: &Desk) -> Here {
        let opens = match self.part {
            Part::Relations => self.relations.len() > 0,
            Part::History => self.history.len() > 0,
            Part::Rules | Part::Live => false,
        };
        let here = Here { opens, back: true, ..Here::default() };
        let Some((detail, env)) = self.detail().zip(self.place()) else {
            return here;
        };
        let Some(spot) = detail.row.spot(env) else {
            return here;
        };
        let can = |action| refused(&detail.row, spot, action).is_none();
        let waiting = Self::pending_in(detail, env);
        Here {
            live: can(Action::Kill),
            later: can(Action::Promote),
            earlier: can(Action::RollBack),
            killed: can(Action::Restore),
            differs: can(Action::Diff),
            change: waiting.is_some(),
            votes: waiting.is_some_and(|change| vote::refused(change, desk).is_none()),
            ..here
        }
    }

    /// Returns the change of the feature that waits in an environment.
    fn pending_in<'d>(detail: &'d Detail, env: &str) -> Option<&'d Change> {
        let (number, _) = detail.row.spot(env)?.pending.as_ref()?;
        detail.open(*number)
    }

    /// Does what a key asks for with the stage that is chosen.
    pub(super) fn deed(&self, action: Action, desk: &Desk) -> Vec<Step> {
        let Some((detail, env)) = self.detail().zip(self.place()) else {
            return vec![Step::Say("nothing is known of it yet".to_owned())];
        };
        let waiting = Self::pending_in(detail, env);
        match action {
            Action::Approve | Action::Reject | Action::Comment => match waiting {
                Some(change) => vec![decide(change, action, desk)],
                None => vec![Step::Say(format!("no change of {} waits in {env}", self.key))],
            },
            Action::Edit => self.edit(env),
            Action::RollBack => match self.past().filter(|past| past.environment.key == env) {
                // The version that somebody looks at is the one that they mean.
                Some(past) if self.part == Part::History => {
                    let protected = desk.is_protected(env);
                    let dialog = dialog::roll_back(&self.key, env, Some(past.number), protected);
                    vec![Step::Open(Box::new(dialog))]
                }
                _ => act_on(&detail.row, env, action, |_| Vec::new(), desk),
            },
            Action::Diff if waiting.is_some() => {
                let items = waiting.into_iter().flat_map(|change| &change.items);
                let here = items.filter(|item| item.feature.key == self.key && item.environment.key == env);
                let lines = here.flat_map(change::diff_lines).collect();
                let number = waiting.map(|change| change.number).unwrap_or_default();
                let title = format!("What #{number} alters of {} in {env}", self.key);
                vec![Step::Show(Overlay::Text { title, lines, top: 0 })]
            }
            action => act_on(&detail.row, env, action, |spot| self.stakes(spot), desk),
        }
    }

    /// Returns what a kill would hit.
    fn stakes(&self, spot: &Spot) -> Vec<Line> {
        let Some(detail) = self.detail() else {
            return Vec::new();
        };
        let mut facts = Vec::new();
        if let Some(evaluated) = detail.evaluated(&spot.env) {
            facts.push(at_stake(evaluated.minute));
        }
        let edges = detail.edges();
        facts.push(fact("edges", format!("{edges} connected")));
        facts.extend(breaks(&detail.needed_by(&spot.env)));
        facts
    }

    fn edit(&self, env: &str) -> Vec<Step> {
        let live = self.detail().and_then(|detail| detail.stage(env)?.live.as_ref());
        match live {
            Some(live) => vec![Step::Edit {
                feature: self.key.clone(),
                env: env.to_owned(),
                base: Some(live.number),
                config: live.config.clone(),
            }],
            None => vec![Step::Say(format!("nothing of {} is live in {env}", self.key))],
        }
    }
}

/// Asks before somebody votes on a change, or says something about it, with what it does in view.
fn decide(waiting: &Change, action: Action, desk: &Desk) -> Step {
    let number = waiting.number;
    if action == Action::Comment {
        return Step::Open(Box::new(dialog::comment(number)));
    }
    if let Some(why) = vote::refused(waiting, desk) {
        return Step::Say(why);
    }
    let mut facts = vec![
        fact("what", format!("{} {}", change::summary(waiting), change::place(waiting))),
        fact(
            "by",
            format!(
                "{}, {} ago",
                change::by(&waiting.author, waiting.token.as_deref()),
                desk.ago(waiting.created_at)
            ),
        ),
    ];
    if waiting.reason.is_some() {
        facts.push(fact("why", event::said(waiting.reason.as_deref())));
    }
    facts.push(fact("approvals", change::progress(&waiting.policies)));
    facts.extend(waiting.items.iter().flat_map(change::diff_lines));
    let dialog = match action {
        Action::Approve => dialog::approve(&[number], &facts),
        _ => dialog::reject(&[number], &facts),
    };
    Step::Open(Box::new(dialog))
}

/// Shows what became of a kill switch.
fn switched(entry: &AuditEntry, desk: &Desk) -> Step {
    let [_, key, env, by, why] = event::entry(entry);
    let what = event::switched(entry).map_or("", |(_, word)| word);
    let mut lines = vec![
        fact("what", format!("{what} in {env}")),
        fact("when", format!("{}, {} ago", time::instant(entry.at), desk.ago(entry.at))),
        fact("by", by),
    ];
    if !why.is_empty() {
        lines.push(fact("why", why));
    }
    if what != "restored" {
        lines.push(fact(
            "until",
            event::restore_at(entry).map_or("somebody restores it".to_owned(), time::instant),
        ));
    }
    Step::Show(Overlay::Text { title: format!("{key} {what} in {env}"), lines, top: 0 })
}

/// Shows what a version brought.
fn shown(key: &str, past: &Past, desk: &Desk) -> Step {
    let (env, origin) = (&past.environment.key, &past.change);
    let mut lines = vec![
        fact("what", version::brought(past.number, env, origin)),
        fact("when", format!("{}, {} ago", time::instant(past.created_at), desk.ago(past.created_at))),
        fact("by", past.created_by.clone()),
        fact(
            "change",
            format!("#{} of {}", origin.number, change::by(&origin.author, origin.token.as_deref())),
        ),
    ];
    if origin.reason.is_some() {
        lines.push(fact("why", event::said(origin.reason.as_deref())));
    }
    for vote in &origin.votes {
        lines.push(fact("voted", format!("{} {}", vote.user, vote.decision.as_str().to_lowercase())));
    }
    lines.push(Line::default());
    let items = origin.items.iter().filter(|item| item.environment.key == *env);
    let entries: Vec<DiffEntry> = items
        .flat_map(|item| &item.diff)
        .map(|entry| DiffEntry {
            kind: entry.kind.clone(),
            path: entry.path.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            movement: None,
            reshuffles: false,
        })
        .collect();
    match entries.is_empty() {
        true => lines.push(Line::default().and(Tone::Dim, "  = no difference")),
        false => lines.extend(change::lines(&entries)),
    }
    Step::Show(Overlay::Text { title: format!("{key} v{} in {env}", past.number), lines, top: 0 })
}
