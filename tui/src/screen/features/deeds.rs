//! What keys do to a feature of the list: first where, then a dialog or a question.

use chrono::{DateTime, Utc};
use fluxgate_client::feature::Kill;
use fluxgate_wording::{Line, Tone, change, event, time};

use super::Features;
use super::row::{Row, Spot};
use crate::access;
use crate::app::Desk;
use crate::dialog::{self, fact};
use crate::effect::Query;
use crate::keymap::Action;
use crate::overlay::{Choice, Overlay};
use crate::step::Step;
use crate::widget::figure;

/// Returns why an action is nothing for a stage, if it is not.
pub(crate) fn refused(row: &Row, spot: &Spot, action: Action) -> Option<String> {
    let (key, env) = (&row.key, &spot.env);
    let live = spot.version.is_some();
    match action {
        Action::Restore if spot.killed.is_none() => Some(format!("{key} is not killed in {env}")),
        Action::Promote if live && row.after(env).is_empty() => {
            Some(format!("{env} is the last stage of {key}"))
        }
        Action::Diff if spot.pending.is_some() => None,
        Action::Diff if row.before(env).is_none() => {
            Some(format!("{env} is the first stage of {key}: there is none before to compare it with"))
        }
        Action::Promote | Action::RollBack | Action::Kill | Action::File | Action::Explain if !live => {
            Some(format!("nothing of {key} is live in {env}"))
        }
        Action::RollBack if spot.version == Some(1) => {
            Some(format!("v1 of {key} is live in {env}: there is none before it"))
        }
        _ => None,
    }
}

/// Says what an action needs that no stage has.
fn nowhere(key: &str, action: Action) -> String {
    match action {
        Action::Restore => format!("{key} is not killed"),
        Action::Promote => {
            format!("{key} can be promoted from nowhere: nothing is live before its last stage")
        }
        Action::Diff => format!("{key} has one stage: there is none to compare it with"),
        Action::RollBack => format!("{key} has no version before the live one in any stage"),
        _ => format!("nothing of {key} is live"),
    }
}

/// Returns what a kill is, in a line.
pub(crate) fn killed(kill: &Kill, desk: &Desk) -> Line {
    let by = change::by(&kill.by, kill.token.as_deref());
    let ends = event::ends(kill.restore_at, desk.now);
    fact("killed", format!("{} ago by {by}: {:?}, {ends}", desk.ago(kill.since), kill.reason))
}

/// Does what a key asks for with a feature in an environment; `stakes` says what a kill there would hit.
pub(crate) fn act_on(
    row: &Row,
    env: &str,
    action: Action,
    stakes: impl Fn(&Spot) -> Vec<Line>,
    desk: &Desk,
) -> Vec<Step> {
    let key = row.key.as_str();
    let Some(spot) = row.spot(env) else {
        return vec![Step::Say(format!("{key} has no stage in {env}; e chooses another environment"))];
    };
    if let Some(why) = refused(row, spot, action) {
        return vec![Step::Say(why)];
    }
    let (feature, place) = (key.to_owned(), env.to_owned());
    let protected = desk.is_protected(env);
    let known = |spot: &Spot| spot.killed.iter().map(|kill| killed(kill, desk)).collect::<Vec<_>>();
    let dialog = match action {
        Action::Promote => {
            let to = row.after(env);
            let protected = to.iter().any(|env| desk.is_protected(env));
            dialog::promote(key, env, &to, protected)
        }
        // The one before, as the server numbers them.
        Action::RollBack => {
            dialog::roll_back(key, env, spot.version.and_then(|live| live.checked_sub(1)), protected)
        }
        Action::Kill => {
            let facts = [no_way_back(desk), known(spot), stakes(spot)].concat();
            let ends = spot.killed.as_ref().and_then(|kill| kill.restore_at);
            dialog::kill((key, env), protected, (ends, desk.now), &facts)
        }
        Action::Restore => dialog::restore(key, env, &known(spot)),
        Action::Diff => {
            let change = spot.pending.as_ref().map(|(number, _)| *number);
            return vec![Step::Ask(Query::Difference { feature, env: place, change })];
        }
        Action::File => return vec![Step::Ask(Query::File { feature, env: place })],
        Action::Explain => return vec![Step::AskWhom { feature, env: place }],
        _ => return Vec::new(),
    };
    vec![Step::Open(Box::new(dialog))]
}

/// Returns how much a kill stops: the evaluations of the last minute, and when that was.
pub(crate) fn at_stake(minute: Option<(i64, DateTime<Utc>)>) -> Line {
    let words = match minute {
        Some((count, at)) => format!("{} evaluations a minute, at {}", figure(count), time::minute(at)),
        None => "how often it is evaluated is not known yet".to_owned(),
    };
    fact("now", words)
}

/// Says that whoever is signed in cannot take a kill back, where that is so.
fn no_way_back(desk: &Desk) -> Vec<Line> {
    let Some(roles) = access::lacks(desk.who.as_ref(), Action::Restore) else {
        return Vec::new();
    };
    let words = format!("you cannot restore it: that takes {roles}; set an end");
    vec![Line::default().and(Tone::Waiting, "▲ ").and(Tone::Plain, words)]
}

/// Returns the fact that other features go off too.
pub(crate) fn breaks(names: &[String]) -> Option<Line> {
    (!names.is_empty())
        .then(|| fact("breaks", format!("{}: needs it, and will be off too", names.join(", "))))
}

impl Features {
    /// Does what a key asks for with what the cursor is on, in the environment of the lists or in one to be chosen.
    pub(super) fn deed(&self, action: Action, desk: &Desk) -> Vec<Step> {
        let chosen = self.list.chosen();
        let key = match (chosen.as_slice(), action) {
            ([], _) => return vec![Step::Say("no feature is here".to_owned())],
            ([key], _) => key,
            (more, _) => {
                let count = more.len();
                return vec![Step::Say(format!("one at a time: {count} are marked, Esc unmarks them"))];
            }
        };
        let Some(row) = self.rows.get(key) else {
            return Vec::new();
        };
        if let Some(env) = &desk.place.env {
            return self.do_on(row, env, action, desk);
        }
        let able = row.stages.iter().filter(|spot| refused(row, spot, action).is_none());
        let mut envs: Vec<String> = able.map(|spot| spot.env.clone()).collect();
        match envs.len() {
            0 => vec![Step::Say(nowhere(key, action))],
            // Where a kill is meant is said by whoever kills, even where only one place is left.
            1 if action != Action::Kill => self.do_on(row, &envs.remove(0), action, desk),
            _ => {
                let what = Choice::Stage(action, key.clone());
                vec![Step::Show(Overlay::choose(what, envs, 0))]
            }
        }
    }

    /// Returns whether an action is something for what the cursor is on, in the environment of the lists or in any.
    pub(super) fn can(&self, action: Action, desk: &Desk) -> bool {
        let chosen = self.list.chosen();
        let [key] = chosen.as_slice() else {
            return false;
        };
        let here = |spot: &&Spot| desk.place.env.as_ref().is_none_or(|env| spot.env == *env);
        self.rows.get(key).is_some_and(|row| {
            row.stages.iter().filter(here).any(|spot| refused(row, spot, action).is_none())
        })
    }

    /// Does the same where it was said where, with the feature that was asked about.
    pub(super) fn deed_in(&self, (key, env): (&str, &str), action: Action, desk: &Desk) -> Vec<Step> {
        match self.rows.get(key) {
            Some(row) => self.do_on(row, env, action, desk),
            None => vec![Step::Say(format!("{key} is not there any more"))],
        }
    }

    fn do_on(&self, row: &Row, env: &str, action: Action, desk: &Desk) -> Vec<Step> {
        act_on(row, env, action, |spot| self.stakes(spot, row, desk), desk)
    }

    /// Returns what a kill would hit.
    fn stakes(&self, spot: &Spot, row: &Row, desk: &Desk) -> Vec<Line> {
        let mut facts = Vec::new();
        // Only of this environment is it known what is at stake in it.
        if let Some(rates) = self.rates(desk).filter(|_| desk.place.env.as_deref() == Some(&spot.env)) {
            facts.push(at_stake(rates.minute(&row.key).zip(rates.at)));
        }
        let needed = self.rows.needed_by(&row.key).into_iter().filter(|(_, env)| *env == spot.env);
        let names: Vec<String> = needed.map(|(key, _)| key).collect();
        facts.extend(breaks(&names));
        facts
    }
}
