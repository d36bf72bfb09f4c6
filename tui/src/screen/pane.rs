//! What every screen does.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::Desk;
use crate::effect::{Answer, Query};
use crate::keymap::{Action, Here};
use crate::load::Failure;
use crate::message::News;
use crate::step::Step;

/// A screen.
pub(crate) trait Pane {
    /// Returns what it asks when it is shown, and again when something happened.
    fn query(&self, desk: &Desk) -> Option<Query>;

    /// Returns what else it asks, whatever it knows without asking.
    fn beside(&self, _desk: &Desk) -> Vec<Query> {
        Vec::new()
    }

    /// Does what a key asked for before it was said where: with a feature, in an environment.
    fn act_in(&mut self, _action: Action, _place: (&str, &str), _desk: &Desk) -> Vec<Step> {
        Vec::new()
    }

    /// Notes that something is asked for it.
    fn asked(&mut self, _query: &Query) {}

    /// Takes in an answer to what it asked.
    fn take(&mut self, query: &Query, answer: Result<Answer, Failure>, desk: &Desk);

    /// Returns what it asks about what the cursor is on, once that rests; kept up to date like the other.
    fn detail(&self, _desk: &Desk) -> Option<Query> {
        None
    }

    /// Takes in what happened, even while it is not shown; returns whether it knows all of it now, without asking.
    fn hear(&mut self, _news: &News, _desk: &Desk) -> bool {
        false
    }

    /// Does what a key asks for; none where the key means nothing here.
    fn act(&mut self, action: Action, desk: &Desk) -> Option<Vec<Step>>;

    /// Returns what can be done where the cursor is.
    fn here(&self, desk: &Desk) -> Here;

    /// Shows only what a filter lets through; words say what is wrong with it.
    fn filter(&mut self, _text: &str, _desk: &Desk) -> Result<(), String> {
        Err("there is nothing to filter here".to_owned())
    }

    /// Returns the filter in force.
    fn filtered(&self) -> &str {
        ""
    }

    /// Returns what stands behind the team in the header.
    fn crumb(&self, desk: &Desk) -> String;

    /// Returns what the cursor is on, as it is called.
    fn id(&self) -> Option<String>;

    /// Returns the `fgctl` command that shows the same, but for the flags that say where.
    fn command(&self, desk: &Desk) -> String;

    /// Returns the environment that changes here are in.
    fn env(&self, desk: &Desk) -> Option<String> {
        desk.place.env.clone()
    }

    /// Returns whether seconds are counted on it.
    fn is_counting(&self) -> bool {
        false
    }

    /// Returns whether something stands out because it was just changed.
    fn flashes(&self) -> bool {
        false
    }

    /// Lets nothing stand out any more that did so for its moment.
    fn settle(&mut self, _now: DateTime<Utc>) {}

    /// Returns why the last question was not answered.
    fn failure(&self) -> Option<&Failure>;

    /// Returns when what it shows was answered; none while it shows no answer.
    fn as_of(&self) -> Option<DateTime<Utc>>;

    /// Draws it.
    fn draw(&self, frame: &mut Frame<'_>, area: Rect, desk: &Desk);
}
