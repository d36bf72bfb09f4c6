//! What became of a proposal, or of a change, after waiting for it as far as was asked.

use fluxgate_client::change::{Change, Proposal};
use fluxgate_client::{Api, ProposalOutcome, clock};
use serde_json::json;

use super::super::wait::{Opened, Until, Wait, Waiting};
use super::{preview, show};
use crate::command::actions;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Tone, View};
use crate::shell::Shell;
use crate::time;

/// Shows what became of a proposal, after waiting for it as far as was asked.
pub(crate) async fn finish(
    (shell, api, team): (&Shell, &Api, &str),
    proposal: &Proposal,
    waiting: &Waiting,
) -> Result<View, CliError> {
    let Some(change) = &proposal.change else {
        return Ok(match proposal.outcome {
            ProposalOutcome::DryRun => preview::view(proposal),
            _ => {
                return already((shell, api, team), waiting, unchanged(proposal)).await;
            }
        });
    };
    let joined = proposal.outcome == ProposalOutcome::Joined;
    let mut view = match waiting.wait {
        None => {
            if joined {
                shell.ui.step(joining(change));
            }
            actions::tell(&shell.ui, Some(change));
            show::of_change(change, of_proposal(proposal, change), None)
        }
        Some(until) => {
            let wait = Wait::new(shell, api, team);
            let opened = Opened { change, gates: &proposal.gates, joined };
            let (change, edges) = wait.follow(opened, until).await?;
            show::of_change(&change, of_proposal(proposal, &change), edges.as_ref())
        }
    };
    for warning in &proposal.warnings {
        view = view.note(fluxgate_wording::proposal::warning(warning));
    }
    Ok(view.named(format!("change/{}", change.number)))
}

/// Shows what was so already: no news, but an edge may be behind, and whoever waits for the edges asks for that.
pub(crate) async fn already(
    (shell, api, team): (&Shell, &Api, &str),
    waiting: &Waiting,
    mut view: View,
) -> Result<View, CliError> {
    actions::tell(&shell.ui, None);
    if waiting.wait != Some(Until::Edges) {
        return Ok(view);
    }
    let report = Wait::new(shell, api, team).all_that_is_live().await?;
    view.value["edges"] = report.to_json();
    Ok(if report.settled() { view } else { view.exit(Exit::Failed) })
}

/// Shows a change as it is now, after waiting for it as far as was asked.
pub(crate) async fn follow(
    (shell, api, team): (&Shell, &Api, &str),
    change: Change,
    waiting: &Waiting,
) -> Result<View, CliError> {
    if shell.ui.is_rehearsal() {
        return Ok(tried(&change));
    }
    let (change, edges) = match waiting.wait {
        Some(until) => {
            let opened = Opened { change: &change, gates: &[], joined: false };
            Wait::new(shell, api, team).follow(opened, until).await?
        }
        None => (change, None),
    };
    let value = serde_json::to_value(&change).unwrap_or_default();
    Ok(show::of_change(&change, value, edges.as_ref()).named(format!("change/{}", change.number)))
}

/// Shows what a change would be then; what is taken back comes nowhere, and its approvals are as before.
fn tried(change: &Change) -> View {
    let (tone, state) = fluxgate_wording::change::state(&change.status);
    View::of(change)
        .named(format!("change/{}", change.number))
        .row(vec![Cell::text(format!("#{}", change.number)), Cell::State(tone, state)])
}

/// Says whose change it is that the same proposal found waiting.
pub(crate) fn joining(change: &Change) -> String {
    format!("joined #{}, {}", change.number, opened(change))
}

/// Says when a change was opened, and by whom.
pub(super) fn opened(change: &Change) -> String {
    let ago = time::ago(change.created_at, clock::now());
    let by = super::by(&change.author, change.token.as_deref());
    format!("opened {ago} ago by {by}")
}

fn of_proposal(proposal: &Proposal, change: &Change) -> serde_json::Value {
    json!({
        "outcome": proposal.outcome,
        "change": change,
        "items": change.items,
        "policies": change.policies,
        "gates": proposal.gates,
        "warnings": proposal.warnings,
    })
}

fn unchanged(proposal: &Proposal) -> View {
    let mut view = View::of(proposal);
    for item in &proposal.items {
        view = view.named(format!("feature/{}", item.feature.key)).row(vec![
            Cell::text(&item.feature.key),
            Cell::text(&item.environment.key),
            Cell::State(Tone::Plain, "already so".into()),
        ]);
    }
    view
}
