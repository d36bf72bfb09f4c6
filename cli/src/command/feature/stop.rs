//! What `kill` and `restore` share: they act at once, and then every edge counts.

use std::time::Duration;

use fluxgate_client::Api;
use fluxgate_client::feature::KillResult;
use serde_json::json;

use super::super::wait::{EdgeReport, Goal, Until, Wait, Waiting};
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
}

impl Done<'_> {
    /// Looks at the edges and shows how far it has come, by the clock that their confirmations are measured with. The wait is for what everyone hopes for: the last edge.
    pub(super) async fn report(
        &self,
        result: &KillResult,
        waiting: &Waiting,
        words: Words,
    ) -> Result<View, CliError> {
        let Some(revision) = result.revision else {
            return Ok(view(result, self.env, words.already));
        };
        let mut shown = view(result, self.env, words.now);
        if waiting.wait == Some(Until::Applied) {
            return Ok(shown);
        }
        let limit = match waiting.wait {
            Some(_) => Duration::from_mins(1),
            None => LOOK,
        };
        let wait = Wait::new(self.shell, self.api, self.team);
        let report = tokio::select! {
            report = wait.edges(Goal::Kills(revision), result.at, limit) => report,
            _ = tokio::signal::ctrl_c() => {
                let key = &result.feature.key;
                Err(CliError::new(Exit::Stopped, format!("stopped waiting; {key} stays {}", words.state)))
            }
        }?;
        shown.value["edges"] = report.to_json();
        shown = shown.note(sentence(&report, words.state));
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
}

fn view(result: &KillResult, env: Option<&str>, (tone, word): (Tone, &'static str)) -> View {
    let key = &result.feature.key;
    let mut view = View::of(&json!({
        "feature": result.feature,
        "environments": result.environments,
        "revision": result.revision,
        "edges": null,
    }))
    .named(format!("feature/{key}"));
    // Where nothing had to be done, the server names no environment.
    let places: Vec<&str> = match result.environments.as_slice() {
        [] => vec![env.unwrap_or("everywhere")],
        environments => environments.iter().map(String::as_str).collect(),
    };
    for place in places {
        let cell = Cell::State(tone, word.to_owned());
        view = view.row(vec![Cell::text(key), Cell::text(place), cell]);
    }
    view
}

/// Says at how many edges it holds, and which may be behind: the most important sentence of the tool.
fn sentence(report: &EdgeReport, state: &str) -> String {
    if report.known() == 0 {
        return "no edge is known, so none serves it".to_owned();
    }
    let mut text = format!("{state} at {} of {} edges", report.have.len(), report.known());
    if let Some(took) = report.took() {
        text.push_str(&format!(", slowest {took}"));
    }
    if !report.have.is_empty() {
        text.push_str(&format!(": {}", report.have.join(", ")));
    }
    let behind: Vec<&str> = report.late.iter().chain(&report.away).map(String::as_str).collect();
    if !behind.is_empty() {
        let (are, names) = match behind.as_slice() {
            [one] => ("has not confirmed", (*one).to_owned()),
            more => ("have not confirmed", more.join(", ")),
        };
        text.push_str(&format!("; {names} {are} and may still serve the old value"));
    }
    text
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
            "off at 1 of 3 edges: a; b, c have not confirmed and may still serve the old value"
        );
        assert!(sentence(&EdgeReport::default(), "off").starts_with("no edge is known"));
    }
}
