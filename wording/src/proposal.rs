//! Proposals in words: what one would do, what was checked, and who must agree.

use fluxgate_client::Role;
use fluxgate_client::change::{Gate, Proposal, Warning};

use crate::change::{diff_lines, path_text};
use crate::{Line, Tone};

/// Returns what a proposal would do, as lines.
pub fn lines(proposal: &Proposal) -> Vec<Line> {
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
                approvals(policy.required),
                roles(&policy.roles)
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
pub fn warning(warning: &Warning) -> Line {
    Line::default()
        .and(Tone::Waiting, "  ▲ ")
        .and(Tone::Plain, format!("{}: {}", path_text(&warning.path), warning.message))
        .and(Tone::Dim, format!("  {}", warning.rule))
}

/// Returns how many approvals that is.
pub fn approvals(required: i64) -> String {
    match required {
        1 => "1 approval".to_owned(),
        more => format!("{more} approvals"),
    }
}

/// Returns whose approvals count.
pub fn roles(roles: &[Role]) -> String {
    match roles {
        [] => "anyone who may approve".to_owned(),
        roles => roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" or "),
    }
}
