//! The parts of the screen as lines of words.

use fluxgate_client::feature::Stage;
use fluxgate_client::feature_screen::Past;
use fluxgate_wording::{Line, Tone, change, feature, figure, time, version};

use super::Feature;
use super::detail::{Detail, Evaluated};
use crate::app::Desk;
use crate::screen::features::signed;
use crate::widget::bars::Lying;
use crate::widget::lane::Stop;
use crate::widget::number;
use crate::widget::table::{Column, Field};

impl Evaluated {
    /// Returns how often it was in a minute, on average.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(super) fn per_minute(&self) -> f64 {
        self.total as f64 / self.minutes.len().max(1) as f64
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
    lines.push(match (&stage.kill, &stage.live) {
        (Some(kill), _) => {
            let until = kill.restore_at.map(|at| format!(", restores in {}", time::left(at, desk.now)));
            Line::from(format!("by {}{}", kill.by, until.unwrap_or_default()))
        }
        (None, Some(live)) => Line::from(feature::serves(&live.config)),
        (None, None) => Line::default().and(Tone::Dim, "nothing is live"),
    });
    lines.push(match (stage.pending.first(), &stage.live) {
        (Some(pending), _) => {
            let by = change::by(&pending.author, pending.token.as_deref());
            Line::from(format!("#{} by {by}, {}", pending.number, desk.ago(pending.created_at)))
        }
        (None, Some(live)) => Line::default()
            .and(Tone::Dim, format!("since {} by {}", desk.ago(live.created_at), live.created_by)),
        (None, None) => Line::default(),
    });
    lines.push(match detail.evaluated(env) {
        Some(evaluated) => {
            Line::default().and(Tone::Dim, format!("{}/min within the hour", number(evaluated.per_minute())))
        }
        None => Line::default(),
    });
    Stop { title: env.clone(), lines }
}

/// Returns the rules of a stage: each with what it serves, and below it whom it is for.
pub(super) fn rules(detail: &Detail, env: &str) -> Vec<Line> {
    let Some(config) = detail.config(env) else {
        return vec![Line::default().and(Tone::Dim, format!("Nothing is live in {env}."))];
    };
    let mut lines = Vec::new();
    if detail.stage(env).is_some_and(|stage| stage.kill.is_some()) {
        lines.push(Line::default().and(Tone::Bad, "✗ killed: everyone gets what is served when off"));
    } else if config["enabled"] != serde_json::Value::Bool(true) {
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
    let word = if lines.is_empty() { "everyone gets" } else { "else" };
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

/// The columns of what was live.
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

pub(super) fn history_fields(past: &Past, is_live: bool, desk: &Desk) -> Vec<Field> {
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
    pub(super) fn waiting(&self) -> Option<Line> {
        let (detail, env) = self.detail().zip(self.place())?;
        let (number, progress) = detail.row.spot(env)?.pending.as_ref()?;
        let change = detail.open(*number);
        let may = change.is_some_and(|change| change.viewer_may_vote);
        let keys = if may { "A approves, X rejects, d shows it" } else { "d shows it" };
        let what = change.map(change::summary).unwrap_or_default();
        Some(
            Line::default()
                .and(Tone::Waiting, format!("◐ #{number} {progress} "))
                .and(Tone::Plain, what)
                .and(Tone::Dim, format!("   {keys}")),
        )
    }
}
