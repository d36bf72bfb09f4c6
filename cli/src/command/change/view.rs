//! `fgctl change view`

use fluxgate_client::change::{self, Change, Vote};
use fluxgate_client::{ChangeStatus, Decision};

use super::super::propose::diff_lines;
use super::{list, number, place, summary};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Line, Tone, View};
use crate::shell::Shell;

/// Show one change: what it does, who voted, what it waits for
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change view 12\n  fgctl change view 12 -o json\n\nEnds with 8 while the change waits for approval."
)]
pub(crate) struct ViewChange {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,
}

impl ViewChange {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let change = change::get(&api, &team, self.number).await?;
        let mut view = View::of(&change).named(format!("change/{}", change.number)).row(vec![
            Cell::text(format!("#{}", change.number)),
            Cell::text(summary(&change)),
            Cell::text(place(&change)),
            list::status(&change),
        ]);
        for line in facts(&change) {
            view = view.line(line);
        }
        for item in &change.items {
            for line in diff_lines(item) {
                view = view.line(line);
            }
        }
        if change.status != ChangeStatus::Pending {
            return Ok(view);
        }
        if change.viewer_may_vote {
            view = view.next(format!("fgctl approve {}", change.number));
        }
        Ok(view.exit(Exit::Pending).next(format!("fgctl change wait {}", change.number)))
    }
}

fn facts(change: &Change) -> Vec<Line> {
    let mut by = Line::from("by ")
        .and(Tone::Strong, &change.author)
        .and(Tone::Dim, format!(" {}", crate::time::instant(change.created_at)));
    if let Some(reason) = &change.reason {
        by = by.and(Tone::Plain, format!(": {reason:?}"));
    }
    let mut lines = vec![by];
    for policy in &change.policies {
        let tone = if policy.satisfied { Tone::Good } else { Tone::Waiting };
        let text = format!("policy {:?}  {} of {}", policy.name, policy.approvals, policy.required);
        lines.push(Line::default().and(tone, tone.glyph()).and(Tone::Plain, text));
    }
    lines.extend(change.votes.iter().map(vote));
    if let Some(failure) = &change.failure {
        lines.push(Line::default().and(Tone::Bad, "✗ ").and(Tone::Plain, failure));
    }
    lines
}

fn vote(vote: &Vote) -> Line {
    let (tone, word) = match vote.decision {
        Decision::Approve => (Tone::Good, "✓ approved by "),
        _ => (Tone::Bad, "✗ rejected by "),
    };
    let mut line = Line::default().and(tone, word).and(Tone::Plain, &vote.user);
    if let Some(comment) = vote.comment.as_deref().filter(|comment| !comment.is_empty()) {
        line = line.and(Tone::Plain, format!(": {comment:?}"));
    }
    line
}
