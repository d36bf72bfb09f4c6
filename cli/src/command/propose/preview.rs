//! What a proposal would do, before it is done: the differences, what was checked, who must agree.

use fluxgate_client::change::Proposal;
use fluxgate_wording::proposal::lines;

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
