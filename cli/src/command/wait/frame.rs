//! What is seen of a change while it is waited for on a terminal: one frame of the view that is redrawn in place.

use std::time::Duration;

use fluxgate_client::change::{Change, Gate};
use fluxgate_client::{ChangeStatus, Decision};

use super::super::propose::by;
use super::EdgeReport;
use crate::output::{Line, Tone};
use crate::time;

/// What is known at one moment.
pub(super) struct Frame<'a> {
    pub(super) change: &'a Change,
    pub(super) gates: &'a [Gate],
    pub(super) edges: Option<&'a EdgeReport>,
    /// How long it is waited yet; none once it is over.
    pub(super) left: Option<Duration>,
    /// Why nothing new is known, when the backend is away.
    pub(super) away: Option<String>,
}

impl Frame<'_> {
    /// Returns the lines.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = self.heads();
        lines.extend(self.gates.iter().map(|gate| checked(gate.passed, &gate.message)));
        for policy in &self.change.policies {
            let text = format!("policy {:?}  {} of {}", policy.name, policy.approvals, policy.required);
            let tone = if policy.satisfied { Tone::Good } else { Tone::Waiting };
            lines.push(sign(tone, if policy.satisfied { "✓" } else { "◐" }, text));
        }
        for vote in &self.change.votes {
            let who = by(&vote.user, vote.token.as_deref());
            let said = match vote.comment.as_deref() {
                Some(comment) if !comment.is_empty() => format!(": {comment:?}"),
                _ => String::new(),
            };
            lines.push(match vote.decision {
                Decision::Approve => sign(Tone::Good, "✓", format!("approved by {who}{said}")),
                _ => sign(Tone::Bad, "✗", format!("rejected by {who}{said}")),
            });
        }
        for comment in &self.change.comments {
            let who = by(&comment.user, comment.token.as_deref());
            lines.push(sign(Tone::Dim, "·", format!("{who} says: {:?}", comment.text)));
        }
        if let Some(through) = &self.change.override_ {
            let who = by(&through.by, through.token.as_deref());
            lines.push(sign(Tone::Waiting, "▲", format!("let through by {who}: {:?}", through.reason)));
        }
        lines.extend(self.state());
        if let Some(edges) = self.edges {
            let (tone, glyph) = if edges.settled() { (Tone::Good, "✓") } else { (Tone::Waiting, "◐") };
            lines.push(sign(tone, glyph, edges.sentence()));
        }
        if let Some(away) = &self.away {
            lines.push(sign(Tone::Bad, "✗", away.clone()));
        }
        lines
    }

    /// A line for each stage, the first with how long is left.
    fn heads(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, item) in self.change.items.iter().enumerate() {
            let from = item.source.as_ref().map_or_else(String::new, |source| format!("{} → ", source.key));
            let number = if index == 0 { format!("#{}", self.change.number) } else { String::new() };
            let mut line = Line::default()
                .and(Tone::Strong, format!("{number:<5} {}", item.feature.key))
                .and(Tone::Plain, format!("  {from}{}", item.environment.key));
            if let (0, Some(left)) = (index, self.left) {
                let left = time::duration(Duration::from_secs(left.as_secs().max(1)));
                line = line.and(Tone::Dim, format!("   waiting {left} more"));
            }
            lines.push(line);
        }
        lines
    }

    fn state(&self) -> Vec<Line> {
        let change = self.change;
        match &change.status {
            ChangeStatus::Applied => {
                let versions = change.items.iter().map(|item| {
                    let place = &item.environment.key;
                    match item.version {
                        Some(version) => sign(Tone::Good, "✓", format!("applied as {place} v{version}")),
                        None => sign(Tone::Good, "✓", format!("withdrawn from {place}")),
                    }
                });
                versions.collect()
            }
            ChangeStatus::Pending => match change.apply_at {
                Some(at) => vec![sign(Tone::Dim, "○", format!("applies at {}", time::instant(at)))],
                None => Vec::new(),
            },
            ChangeStatus::Approved => {
                let at = change.apply_at.map_or_else(|| "in a moment".to_owned(), time::instant);
                vec![sign(Tone::Waiting, "◐", format!("applies at {at}"))]
            }
            ended => vec![sign(Tone::Bad, "✗", ended.as_str().to_lowercase())],
        }
    }
}

fn checked(passed: bool, message: &str) -> Line {
    match passed {
        true => sign(Tone::Good, "✓", message.to_owned()),
        false => sign(Tone::Bad, "✗", message.to_owned()),
    }
}

fn sign(tone: Tone, glyph: &str, text: String) -> Line {
    Line::default().and(tone, format!("  {glyph} ")).and(Tone::Plain, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fluxgate_client::change::Gate;
    use serde_json::json;

    use super::super::EdgeReport;
    use super::super::fixture::{change, vote, with};
    use super::Frame;
    use crate::output::render_line;

    fn seen(frame: &Frame<'_>) -> Vec<String> {
        frame.lines().iter().map(|line| render_line(line, false)).collect()
    }

    #[test]
    fn a_frame_has_gates_votes_and_what_is_missing() {
        let gates = [Gate {
            gate: "stage".into(),
            feature: None,
            passed: true,
            message: "staging serves v58".into(),
            hint: None,
        }];
        let lead = json!([vote("lead", "APPROVE", Some("ok, watch the error rate"))]);
        let comment =
            json!([{"user": "ops", "token": null, "text": "looking", "at": "2026-11-20T10:00:00Z"}]);
        let pending = with("PENDING", lead, 1, json!({"comments": comment}));
        let left = Some(Duration::from_millis(892_400));
        let frame = Frame { change: &pending, gates: &gates, edges: None, left, away: None };
        assert_eq!(
            seen(&frame),
            [
                "#12   checkout  staging → prod   waiting 14m 52s more",
                "  ✓ staging serves v58",
                "  ◐ policy \"Production\"  1 of 2",
                "  ✓ approved by lead: \"ok, watch the error rate\"",
                "  · ops says: \"looking\"",
            ]
        );
    }

    #[test]
    fn the_last_frame_says_how_it_ended() {
        let applied = change("APPLIED", json!([]), 2);
        let edges = EdgeReport { have: vec!["edge-1".into()], ..EdgeReport::default() };
        let frame = Frame { change: &applied, gates: &[], edges: Some(&edges), left: None, away: None };
        assert_eq!(
            seen(&frame),
            [
                "#12   checkout  staging → prod",
                "  ✓ policy \"Production\"  2 of 2",
                "  ✓ applied as prod v59",
                "  ✓ 1 of 1 edges have it: edge-1",
            ]
        );
        let planned =
            with("APPROVED", json!([]), 2, json!({"applyAt": "2026-11-30T07:00:00Z", "policies": []}));
        let frame = Frame { change: &planned, gates: &[], edges: None, left: None, away: None };
        assert_eq!(seen(&frame)[1], "  ◐ applies at 2026-11-30T07:00:00Z");
    }
}
