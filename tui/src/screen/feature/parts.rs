//! The parts of the screen as lines of words.

use fluxgate_client::audit::AuditEntry;
use fluxgate_client::feature::{Kill, Stage};
use fluxgate_client::feature_screen::Past;
use fluxgate_wording::{Line, Tone, change, event, feature, figure, time, version};

use super::Feature;
use super::detail::{Detail, Evaluated, Happened};
use crate::app::Desk;
use crate::keymap::Action;
use crate::screen::Screen;
use crate::screen::features::signed;
use crate::widget::bars::Lying;
use crate::widget::lane::Stop;
use crate::widget::table::{Column, Field};

impl Evaluated {
    /// Says how often it was in the last minute, and in which.
    pub(super) fn rate(&self) -> String {
        match self.minute {
            Some((count, at)) => format!("{}/min at {}", crate::widget::figure(count), time::minute(at)),
            None => "evaluations not known yet".to_owned(),
        }
    }

    pub(super) fn bars(&self) -> Vec<Lying> {
        let bar = |(name, total): &(String, i64)| Lying {
            label: name.clone(),
            value: *total,
            of: Some(self.total),
        };
        self.variants.iter().map(bar).collect()
    }

    /// Returns how large a part each reason is.
    pub(super) fn reasons(&self) -> Line {
        let all: i64 = self.reasons.iter().map(|(_, total)| total).sum();
        let shares =
            self.reasons.iter().map(|(name, total)| format!("{name} {}", figure::share(*total, all)));
        Line::default().and(Tone::Dim, "reasons  ").and(Tone::Plain, shares.collect::<Vec<_>>().join("  "))
    }
}

/// Returns what a feature is, in a line.
pub(super) fn facts(detail: &Detail, desk: &Desk) -> Line {
    let of = detail.feature();
    let mut facts = vec![of.kind.as_str().to_lowercase(), of.lifecycle.as_str().to_lowercase()];
    facts.extend(of.owner.as_ref().map(|owner| format!("owner {owner}")));
    facts.push(format!("changed {} ago", desk.ago(of.changed_at)));
    facts.extend(of.removal_date.map(|date| format!("to be removed {}", date.date_naive())));
    if !of.tags.is_empty() {
        facts.push(format!("tags {}", of.tags.join(",")));
    }
    let name = match of.name.is_empty() || of.name == of.key {
        true => String::new(),
        false => format!(" {:?}", of.name),
    };
    Line::default()
        .and(Tone::Strong, format!(" {}", of.key))
        .and(Tone::Plain, name)
        .and(Tone::Dim, format!("   {}", facts.join(" · ")))
}

/// Returns a stage as a box: what it does, whom it serves, since when, how much.
pub(super) fn stop(detail: &Detail, stage: &Stage, desk: &Desk) -> Stop {
    let env = &stage.environment.key;
    let (tone, words) = signed(&feature::state_served(stage));
    let version = stage.live.as_ref().map(|live| format!("v{}", live.number)).unwrap_or_default();
    let mut lines = vec![Line::default().and(tone, words).and(Tone::Dim, format!("   {version}"))];
    match &stage.kill {
        Some(kill) => lines.extend(killed(kill, desk)),
        None => lines.extend(serving(stage, desk)),
    }
    lines.push(match detail.evaluated(env) {
        Some(evaluated) => Line::default().and(Tone::Dim, evaluated.rate()),
        None => Line::default().and(Tone::Dim, "evaluations not known"),
    });
    Stop { title: env.clone(), lines }
}

/// Says since when and by whom something is killed, when that ends, and why.
fn killed(kill: &Kill, desk: &Desk) -> [Line; 3] {
    let by = change::by(&kill.by, kill.token.as_deref());
    let until = match kill.restore_at {
        Some(at) => format!("restores in {}", time::left(at, desk.now)),
        None => "until somebody restores it".to_owned(),
    };
    [
        Line::from(format!("{} ago by {by}", desk.ago(kill.since))),
        Line::from(until),
        Line::from(event::said(Some(&kill.reason))),
    ]
}

/// Says whom a stage serves, and since when, or what waits there.
fn serving(stage: &Stage, desk: &Desk) -> [Line; 2] {
    let serves = match &stage.live {
        Some(live) => Line::from(feature::serves(&live.config)),
        None => Line::default().and(Tone::Dim, "nothing is live"),
    };
    let since = match (stage.pending.first(), &stage.live) {
        (Some(pending), _) => {
            let by = change::by(&pending.author, pending.token.as_deref());
            Line::from(format!("#{} by {by}, {}", pending.number, desk.ago(pending.created_at)))
        }
        (None, Some(live)) => Line::default()
            .and(Tone::Dim, format!("since {} by {}", desk.ago(live.created_at), live.created_by)),
        (None, None) => Line::default(),
    };
    [serves, since]
}

/// Returns the rules of a stage: each with what it serves, and below it whom it is for.
pub(super) fn rules(detail: &Detail, env: &str) -> Vec<Line> {
    let Some(config) = detail.config(env) else {
        return vec![Line::default().and(Tone::Dim, format!("Nothing is live in {env}."))];
    };
    let mut lines = Vec::new();
    let killed = detail.stage(env).is_some_and(|stage| stage.kill.is_some());
    if !killed && config["enabled"] != serde_json::Value::Bool(true) {
        lines.push(Line::default().and(Tone::Dim, format!("○ off: {}", feature::serves(config))));
    }
    match detail.rules(env) {
        Some(Ok(rules)) => {
            for (index, rule) in rules.iter().enumerate() {
                let rollout = match rule.rollout.as_str() {
                    "" => String::new(),
                    rollout => format!("   to {rollout}"),
                };
                let name = if rule.name.is_empty() { "rule" } else { &rule.name };
                lines.push(
                    Line::default()
                        .and(Tone::Dim, format!("{:>3}  ", index + 1))
                        .and(Tone::Strong, format!("{name:<20}  "))
                        .and(Tone::Plain, format!("{}{rollout}", rule.serves)),
                );
                lines.push(Line::default().and(Tone::Dim, "     when ").and(Tone::Plain, rule.when.clone()));
            }
        }
        Some(Err(words)) => lines.push(Line::default().and(Tone::Bad, format!("✗ {words}"))),
        None => {}
    }
    let rest = config["default"].as_str().unwrap_or("the application's own default");
    let word = if lines.is_empty() && !killed { "everyone gets" } else { "else" };
    lines.push(Line::default().and(Tone::Dim, format!("     {word:<20}  ")).and(Tone::Plain, rest));
    lines.push(Line::default());
    for (name, value) in feature::variants(config) {
        let word = if Some(name.as_str()) == config["off"].as_str() { "  when off" } else { "" };
        lines.push(
            Line::default()
                .and(Tone::Dim, "     variant  ")
                .and(Tone::Plain, format!("{name} {value}"))
                .and(Tone::Dim, word),
        );
    }
    lines
}

/// Says what a kill does, when it ends, since when it is, by whom and why: what can be long comes last.
pub(super) fn stopped(kill: &Kill, desk: &Desk) -> [Line; 3] {
    let left = kill.restore_at.map(|at| format!(", in {}", time::left(at, desk.now))).unwrap_or_default();
    let ends = format!("  {}{left}", event::ends(kill.restore_at, desk.now));
    let by = change::by(&kill.by, kill.token.as_deref());
    let since =
        format!("  since {}, {} ago, by {by}: ", time::when(kill.since, desk.now), desk.ago(kill.since));
    [
        Line::default().and(Tone::Bad, "✗ killed: everyone gets what is served when off"),
        Line::from(ends),
        Line::default().and(Tone::Dim, since).and(Tone::Plain, event::said(Some(&kill.reason))),
    ]
}

/// The columns of what was live, and of what was killed and restored.
pub(super) fn history_columns() -> [Column; 6] {
    [
        Column::new("VERSION", 9).least(4),
        Column::new("STAGE", 8).least(7),
        Column::new("AGE", 9).right().least(3),
        // The longest gives way first.
        Column::new("WHAT", 7).least(14),
        Column::new("CHANGE", 8).least(6),
        Column::new("BY", 8).least(6),
    ]
}

pub(super) fn history_row(happened: &Happened<'_>, detail: &Detail, desk: &Desk) -> Vec<Field> {
    match happened {
        Happened::Version(past) => {
            let live = detail.stage(&past.environment.key).and_then(|stage| stage.live.as_ref());
            version_fields(past, live.is_some_and(|live| live.number == past.number), desk)
        }
        Happened::Switch(entry) => switch_fields(entry, desk),
    }
}

fn switch_fields(entry: &AuditEntry, desk: &Desk) -> Vec<Field> {
    let [_, _, env, by, _] = event::entry(entry);
    let (tone, words) = event::switch(entry, desk.now).unwrap_or_default();
    vec![
        (tone, tone.glyph().to_owned()),
        (Tone::Plain, env),
        (Tone::Dim, desk.ago(entry.at)),
        (Tone::Plain, words),
        (Tone::Dim, "-".to_owned()),
        (Tone::Dim, by),
    ]
}

fn version_fields(past: &Past, is_live: bool, desk: &Desk) -> Vec<Field> {
    let env = &past.environment.key;
    let (tone, sign) = if is_live { (Tone::Good, " ●") } else { (Tone::Dim, "") };
    vec![
        (tone, format!("v{}{sign}", past.number)),
        (Tone::Plain, env.clone()),
        (Tone::Dim, desk.ago(past.created_at)),
        (Tone::Plain, version::brought(past.number, env, &past.change)),
        (Tone::Plain, format!("#{}", past.change.number)),
        (Tone::Dim, past.created_by.clone()),
    ]
}

/// The columns of what is needed.
pub(super) fn relation_columns() -> [Column; 3] {
    [Column::new("", 8).least(9), Column::new("FEATURE", 9), Column::new("MUST BE", 7)]
}

impl Feature {
    /// Says what waits in the stage that is chosen.
    pub(super) fn waiting(&self, desk: &Desk) -> Option<Line> {
        let (detail, env) = self.detail().zip(self.place())?;
        let (number, progress) = detail.row.spot(env)?.pending.as_ref()?;
        let change = detail.open(*number);
        let may = change.is_some_and(|change| change.viewer_may_vote);
        let key = |action| desk.keys.called(action, Screen::Feature);
        let shows = format!("{} shows it", key(Action::Diff));
        let keys = match may {
            true => format!("{} approves, {} rejects, {shows}", key(Action::Approve), key(Action::Reject)),
            false => shows,
        };
        let what = change.map(change::summary).unwrap_or_default();
        Some(
            Line::default()
                .and(Tone::Waiting, format!("◐ #{number} {progress} "))
                .and(Tone::Plain, what)
                .and(Tone::Dim, format!("   {keys}")),
        )
    }
}
