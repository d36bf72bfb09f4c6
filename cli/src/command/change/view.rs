//! `fgctl change view`

use fluxgate_client::change::{self, Change, PolicyProgress, Vote};
use fluxgate_client::{ChangeStatus, Decision, Role};

use super::super::propose::{by, diff_lines};
use super::super::shared::{asked, warned};
use fluxgate_wording::change::{place, summary};

use super::{list, number};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Line, Stays, Tone, View};
use crate::shell::Shell;

/// Show one change: what it does, who voted, what was said, what it waits for
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change view 12\n  fgctl change view 12 -o json\n\nEnds with 8 while the change is open."
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
        let view = view(&change);
        if change.status != ChangeStatus::Pending {
            return Ok(view);
        }
        let open = change.policies.iter().filter(|policy| !policy.satisfied);
        Ok(warned(view, (&api, &team), &asked(open), Some(&change.author)).await)
    }
}

fn view(change: &Change) -> View {
    let number = change.number;
    let mut view =
        View::of(change).named(format!("change/{number}")).table(std::slice::from_ref(change), &head());
    for row in facts(change) {
        view = view.row(row);
    }
    for item in &change.items {
        let head = Line::default()
            .and(Tone::Strong, &item.feature.key)
            .and(Tone::Plain, format!("  {}", item.environment.key));
        view = view.line(match item.base_version {
            Some(version) => head.and(Tone::Dim, format!("  from v{version}")),
            None => head.and(Tone::Dim, "  new there"),
        });
        for line in diff_lines(item) {
            view = view.line(line);
        }
    }
    match change.status {
        ChangeStatus::Pending | ChangeStatus::Approved => {
            if change.viewer_may_vote {
                view = view.next(format!("fgctl approve {number}"));
            }
            view.exit(Exit::Pending).next(format!("fgctl change wait {number}"))
        }
        ChangeStatus::Stale => view.next(format!("fgctl change rebase {number}")),
        _ => view,
    }
}

fn head() -> Vec<Column<Change>> {
    vec![
        Column::new("CHANGE", |change: &Change| Cell::text(format!("#{}", change.number))),
        Column::prose("WHAT", |change: &Change| Cell::text(summary(change))),
        Column::new("WHERE", |change: &Change| Cell::text(place(change))).stays(Stays::Long),
        Column::new("STATUS", list::status),
    ]
}

/// Returns what is known of a change, a row each: what it is, who, when, and what was said.
fn facts(change: &Change) -> Vec<Vec<Cell>> {
    let mut rows = vec![fact(
        "by",
        Cell::text(by(&change.author, change.token.as_deref())),
        Cell::Time(Some(change.created_at)),
        change.reason.as_deref(),
    )];
    if let Some(number) = change.rebased_from {
        rows.push(vec![Cell::text("again"), Cell::text(format!("#{number}"))]);
    }
    if change.apply_at.is_some() {
        rows.push(vec![Cell::text("applies"), Cell::text("not before"), Cell::Time(change.apply_at)]);
    }
    rows.extend(change.policies.iter().map(policy));
    rows.extend(change.votes.iter().map(vote));
    if let Some(through) = &change.override_ {
        let who = Cell::State(Tone::Waiting, by(&through.by, through.token.as_deref()));
        rows.push(fact("let through", who, Cell::Time(change.decided_at), Some(&through.reason)));
    }
    for comment in &change.comments {
        let who = Cell::text(by(&comment.user, comment.token.as_deref()));
        rows.push(fact("said", who, Cell::Time(Some(comment.at)), Some(&comment.text)));
    }
    for version in change.items.iter().filter_map(|item| item.version) {
        let row = fact("applied", Cell::Version(Some(version)), Cell::Time(change.applied_at), None);
        rows.push(row);
    }
    // Whoever rejected it has a row already, with what they said.
    if let Some(failure) = change.failure.as_ref().filter(|_| change.status != ChangeStatus::Rejected) {
        let word = Cell::State(Tone::Bad, "failed".to_owned());
        rows.push(fact("applied", word, Cell::Time(change.decided_at), Some(failure)));
    }
    rows
}

fn fact(name: &str, who: Cell, when: Cell, text: Option<&str>) -> Vec<Cell> {
    let mut row = vec![Cell::text(name), who, when];
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        row.push(Cell::Prose(format!("{text:?}")));
    }
    row
}

fn policy(policy: &PolicyProgress) -> Vec<Cell> {
    let tone = if policy.satisfied { Tone::Good } else { Tone::Waiting };
    let progress = Cell::State(tone, format!("{} of {}", policy.approvals, policy.required));
    let roles: Vec<&str> = policy.roles.iter().map(Role::as_str).collect();
    let mut about = format!("{} by {}", policy.name, roles.join(" or "));
    if policy.override_allowed {
        about.push_str(", may be overridden");
    }
    let by_itself = Cell::Time(policy.auto_approve_at.filter(|_| !policy.satisfied));
    vec![Cell::text("policy"), progress, by_itself, Cell::Prose(about)]
}

fn vote(vote: &Vote) -> Vec<Cell> {
    let (tone, word) = match vote.decision {
        Decision::Approve => (Tone::Good, "approved"),
        _ => (Tone::Bad, "rejected"),
    };
    let who = Cell::State(tone, by(&vote.user, vote.token.as_deref()));
    fact(word, who, Cell::Time(Some(vote.at)), vote.comment.as_deref())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::view;
    use crate::command::wait::fixture::{vote, with};
    use crate::output::{Looks, Shape, render};

    fn shown(view: &crate::output::View, terminal: bool) -> String {
        let now: DateTime<Utc> = "2026-11-20T10:41:02Z".parse().unwrap();
        let looks = Looks { terminal, width: terminal.then_some(80), ascii: false, now };
        let text = render(view, &Shape::default(), looks).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn an_open_change_shows_all_that_is_known() {
        let change = with(
            "PENDING",
            json!([vote("lead", "APPROVE", Some("watch the errors"))]),
            1,
            json!({"token": "ci", "reason": "release 47", "applyAt": "2026-11-20T13:41:12Z", "rebasedFrom": 9,
                "comments": [{"user": "ops", "token": null, "text": "why now?", "at": "2026-11-20T10:39:00Z"}]}),
        );
        let view = view(&change);
        assert_eq!(
            shown(&view, true),
            "CHANGE  WHAT              WHERE           STATUS\n\
             #12     promote checkout  staging → prod  ◐ pending\n\
             by        dev (token ci)  44m    \"release 47\"\n\
             again     #9\n\
             applies   not before      in 3h\n\
             policy    ◐ 1 of 2        -      Production by APPROVER\n\
             approved  ● lead          35m    \"watch the errors\"\n\
             said      ops             2m     \"why now?\"\n\
             checkout  prod  from v58\n  ~ enabled                      false → true\n"
        );
        assert!(shown(&view, true).lines().all(|line| line.chars().count() <= 80));
        assert!(shown(&view, false).contains("applies\tnot before\t2026-11-20T13:41:12Z\n"));
        assert_eq!(view.exit.code(), 8);
    }

    #[test]
    fn an_override_and_a_failure_are_told() {
        let through = json!({"by": "admin", "token": null, "reason": "INC-2291"});
        let change = with(
            "FAILED",
            json!([]),
            0,
            json!({"override": through, "failure": "prod is inactive", "decidedAt": "2026-11-20T10:40:02Z"}),
        );
        let text = shown(&view(&change), true);
        assert!(text.contains("let through  ◐ admin   1m   \"INC-2291\"\n"), "{text}");
        assert!(text.contains("applied      ✗ failed  1m   \"prod is inactive\"\n"), "{text}");
    }
}
