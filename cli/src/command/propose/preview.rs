//! What a proposal would do, before it is done: the differences, what was checked, who must agree.

use fluxgate_client::change::{Gate, Proposal, Warning};
use fluxgate_wording::change::path_text;

use super::{diff_lines, show};
use crate::exit::Exit;
use crate::output::{Line, Tone, View};

/// Shows a dry run.
pub(super) fn view(proposal: &Proposal) -> View {
    let mut view = View::of(proposal);
    for item in &proposal.items {
        view = view.named(format!("feature/{}", item.feature.key));
    }
    for line in lines(proposal) {
        view = view.line(line);
    }
    match proposal.gates.iter().all(|gate| gate.passed) {
        true => view.line(Line::default().and(Tone::Dim, "(dry run)")),
        false => view.exit(Exit::Blocked),
    }
}

/// Returns what a proposal would do, as lines.
pub(super) fn lines(proposal: &Proposal) -> Vec<Line> {
    let mut lines = Vec::new();
    for item in &proposal.items {
        let from = match &item.source {
            Some(source) => format!("{} → ", source.key),
            None => String::new(),
        };
        let head = Line::default()
            .and(Tone::Strong, &item.feature.key)
            .and(Tone::Plain, format!("  {from}{}", item.environment.key));
        lines.push(match item.base_version {
            Some(version) => head.and(Tone::Dim, format!("  (now v{version})")),
            None => head.and(Tone::Dim, "  (new there)"),
        });
        lines.extend(diff_lines(item));
    }
    lines.extend(proposal.gates.iter().map(gate));
    for policy in &proposal.policies {
        lines.push(Line::default().and(Tone::Waiting, "  ◐ ").and(
            Tone::Plain,
            format!(
                "policy {:?} needs {} of {}",
                policy.name,
                show::approvals(policy.required),
                show::roles(&policy.roles)
            ),
        ));
    }
    lines.extend(proposal.warnings.iter().map(warning));
    lines
}

fn gate(gate: &Gate) -> Line {
    let (tone, sign) = match gate.passed {
        true => (Tone::Good, "✓"),
        false => (Tone::Bad, "✗"),
    };
    let whose = match &gate.feature {
        Some(feature) => format!("{feature}: "),
        None => String::new(),
    };
    Line::default()
        .and(tone, format!("  {sign} "))
        .and(Tone::Plain, format!("{whose}{}: {}", gate.gate, gate.message))
}

/// Returns what is allowed but probably not meant, as a line.
pub(super) fn warning(warning: &Warning) -> Line {
    Line::default()
        .and(Tone::Waiting, "  ▲ ")
        .and(Tone::Plain, format!("{}: {}", path_text(&warning.path), warning.message))
        .and(Tone::Dim, format!("  {}", warning.rule))
}
