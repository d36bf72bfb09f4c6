//! What `kill` and `restore` share: they act at once, and then every edge counts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fluxgate_client::feature::KillResult;
use fluxgate_client::{Api, server};
use serde_json::json;

use super::super::wait::{EdgeReport, Goal, Until, Wait, Waiting, stopped};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;

/// How long do we look at the edges after a kill, unless told?
const LOOK: Duration = Duration::from_secs(5);

/// A kill or a restore that the server has done.
pub(super) struct Done<'a> {
    pub(super) shell: &'a Shell,
    pub(super) api: &'a Api,
    pub(super) team: &'a str,
    pub(super) env: Option<&'a str>,
    /// When it is to end by itself.
    pub(super) until: Option<DateTime<Utc>>,
}

impl Done<'_> {
    /// Looks at the edges and shows how far it has come, by the clock that their confirmations are measured with. The wait is for what everyone hopes for: the last edge.
    pub(super) async fn report(
        &self,
        result: &KillResult,
        waiting: &Waiting,
        words: Words,
    ) -> Result<View, CliError> {
        // What was so already is no news, but an edge may not know it yet: all that is served by now has it.
        let (word, revision) = match result.revision {
            Some(revision) => (words.now, revision),
            None => (words.already, server::get(self.api).await?.revision),
        };
        let is_rehearsal = self.shell.ui.is_rehearsal();
        let tried = is_rehearsal.then_some(self.until);
        let mut shown = view(result, (self.env, tried), word);
        if waiting.wait == Some(Until::Applied) || is_rehearsal {
            return Ok(shown);
        }
        let limit = match waiting.wait {
            Some(_) => Duration::from_mins(1),
            None => LOOK,
        };
        let wait = Wait::new(self.shell, self.api, self.team);
        let report = tokio::select! {
            report = wait.edges(Goal::Kills(revision), result.at, limit) => report,
            exit = stopped() => {
                let key = &result.feature.key;
                Err(CliError::new(exit, format!("stopped waiting; {key} stays {}", words.state)))
            }
        }?;
        shown.value["edges"] = report.to_json();
        if words.again || result.revision.is_some() || report.doubtful() {
            shown = shown.note(sentence(&report, words.state));
        }
        if report.doubtful() || (waiting.wait.is_some() && !report.settled()) {
            shown = shown.exit(Exit::Failed);
        }
        Ok(shown)
    }
}

/// How to speak of it.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) now: (Tone, &'static str),
    pub(super) already: (Tone, &'static str),
    pub(super) state: &'static str,
    /// Whether it is worth a word that all edges have what was so already.
    pub(super) again: bool,
}

fn view(
    result: &KillResult,
    (env, tried): (Option<&str>, Option<Option<DateTime<Utc>>>),
    (tone, word): (Tone, &'static str),
) -> View {
    let feature = &result.feature;
    let key = &feature.key;
    let mut view = View::of(&json!({
        "feature": feature,
        "environments": result.environments,
        "rescheduled": result.rescheduled,
        "revision": result.revision,
        "edges": null,
    }))
    .named(format!("feature/{key}"));
    let moved = &result.rescheduled;
    // Where nothing had to be done, the server names no environment.
    let places: Vec<&str> = match (result.environments.as_slice(), moved.as_slice()) {
        ([], []) => vec![env.unwrap_or("everywhere")],
        (environments, _) => environments.iter().map(String::as_str).collect(),
    };
    let stages = places.iter().map(|place| (*place, word.to_owned()));
    // After a try a stage has the end that it had before.
    let end = |place: &str| match tried {
        Some(until) => until,
        None => feature.stage(place)?.kill.as_ref()?.restore_at,
    };
    let moved = moved.iter().map(|place| {
        let ends = end(place).is_some();
        // When it ends by itself stands beside it.
        let until = if ends { "now" } else { "now until somebody restores it" };
        (place.as_str(), format!("{word}, {until}"))
    });
    for (place, word) in stages.chain(moved) {
        let mut row = vec![Cell::text(key), Cell::text(place), Cell::State(tone, word)];
        if let Some(until) = end(place) {
            row.push(Cell::text("restores"));
            row.push(Cell::Time(Some(until)));
        }
        view = view.row(row);
    }
    view
}

/// Says at how many edges it holds, and which may be behind: the most important sentence of the tool.
fn sentence(report: &EdgeReport, state: &str) -> String {
    if report.known() == 0 {
        return "no edge is known, so none serves it".to_owned();
    }
    if !report.doubtful() {
        let mut text = format!("{state} at {} of {} edges", report.have.len(), report.known());
        if let Some(took) = report.took() {
            text.push_str(&format!(", slowest {took}"));
        }
        return format!("{text}: {}", report.have.join(", "));
    }
    let mut behind = Vec::new();
    if !report.late.is_empty() {
        let have = if report.late.len() == 1 { "has" } else { "have" };
        behind.push(format!("{} {have} not answered", report.late.join(", ")));
    }
    if !report.away.is_empty() {
        let are = if report.away.len() == 1 { "is" } else { "are" };
        behind.push(format!("{} {are} unreachable", report.away.join(", ")));
    }
    format!(
        "{} of {} edges confirmed; {} and may still serve the old value",
        report.have.len(),
        report.known(),
        behind.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use crate::command::wait::EdgeReport;

    #[test]
    fn says_who_is_behind() {
        let report = EdgeReport {
            have: vec!["a".into()],
            late: vec!["b".into()],
            away: vec!["c".into()],
            ..EdgeReport::default()
        };
        assert_eq!(
            sentence(&report, "off"),
            "1 of 3 edges confirmed; b has not answered; c is unreachable and may still serve the old value"
        );
        let all = EdgeReport { have: vec!["a".into()], ..EdgeReport::default() };
        assert_eq!(sentence(&all, "off"), "off at 1 of 1 edges: a");
        let two = EdgeReport { away: vec!["a".into(), "b".into()], ..EdgeReport::default() };
        assert_eq!(
            sentence(&two, "off"),
            "0 of 2 edges confirmed; a, b are unreachable and may still serve the old value"
        );
        assert!(sentence(&EdgeReport::default(), "off").starts_with("no edge is known"));
    }
}
