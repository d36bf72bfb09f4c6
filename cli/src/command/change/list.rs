//! `fgctl change list`

use fluxgate_client::change::{self, Change, Filter};
use fluxgate_client::{Api, ChangeStatus, user};

use super::super::propose::{by, progress};
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::Shell;
use fluxgate_wording::change::{place, state, summary};

/// List changes that are open: that wait for approval, or for their time; or all
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl change list --waiting\n  fgctl change list --mine\n  fgctl change list --all --feature checkout -L 10"
)]
pub(crate) struct List {
    /// Only those that you may decide
    #[arg(long, conflicts_with_all = ["mine", "all"])]
    waiting: bool,

    /// Only your own
    #[arg(long)]
    mine: bool,

    /// Also those that are decided
    #[arg(long)]
    all: bool,

    /// Only those of this feature
    #[arg(long, value_name = "KEY")]
    feature: Option<String>,

    // Without a default from the context: what waits is first of all what waits anywhere.
    /// Only those of this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Only the latest N
    #[arg(short = 'L', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let author = match self.mine {
            true => Some(me(shell, &api).await?),
            false => None,
        };
        let open = vec![ChangeStatus::Pending, ChangeStatus::Approved];
        let filter = Filter {
            status: (!self.all).then_some(open),
            author,
            feature: self.feature,
            environment: self.env,
            waiting_for_me: self.waiting,
            limit: Some(self.limit),
        };
        let changes = change::list(&api, &team, &filter).await?;
        let shown = changes.nodes.len();
        let view = View::list(&changes.nodes, &columns(), |change| format!("change/{}", change.number));
        Ok(match (changes.nodes.first(), self.waiting) {
            (None, _) if !self.all => view.note("nothing waits"),
            (Some(first), true) => view.next(format!("fgctl change diff {}", first.number)),
            _ if shown < changes.total => view.note(format!("{shown} of {} shown", changes.total)),
            _ => view,
        })
    }
}

/// Returns who is signed in: as the saved sign-in says, or as the server does.
async fn me(shell: &Shell, api: &Api) -> Result<String, CliError> {
    match shell.saved_username()? {
        Some(username) => Ok(username),
        None => Ok(user::me(api).await?.username),
    }
}

fn columns() -> Vec<Column<Change>> {
    vec![
        Column::new("CHANGE", |change: &Change| Cell::text(format!("#{}", change.number))),
        Column::new("WHAT", |change: &Change| Cell::text(summary(change))).stays(Stays::Always),
        Column::new("WHERE", |change: &Change| Cell::text(place(change))).stays(Stays::Long),
        Column::new("STATUS", status),
        Column::new("BY", |change: &Change| Cell::text(by(&change.author, change.token.as_deref()))),
        Column::new("VOTES", |change: &Change| Cell::text(progress(&change.policies))).stays(Stays::Longest),
        Column::new("AGE", |change: &Change| Cell::Time(Some(change.created_at))),
        Column::new("POLICY", |change: &Change| {
            let names = change.policies.iter().map(|policy| policy.name.as_str());
            Cell::text(names.collect::<Vec<_>>().join(", "))
        })
        .stays(Stays::Short),
        Column::wide("APPLIES", |change: &Change| Cell::Time(change.apply_at)),
        Column::wide("REASON", |change: &Change| Cell::text(change.reason.as_deref().unwrap_or_default())),
    ]
}

/// Returns a change's state with its colour.
pub(super) fn status(change: &Change) -> Cell {
    let (tone, word) = state(&change.status);
    Cell::State(tone, word)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::columns;
    use crate::command::wait::fixture::{change, with};
    use crate::output::{Looks, Shape, View, render};

    #[test]
    fn a_list_says_who_and_how_far() {
        let planned = json!({"token": "ci", "policies": [], "applyAt": "2026-11-20T13:41:12Z"});
        let changes = [change("PENDING", json!([]), 1), with("APPROVED", json!([]), 2, planned)];
        let view = View::list(&changes, &columns(), |change| format!("change/{}", change.number));
        let now: DateTime<Utc> = "2026-11-20T10:41:02Z".parse().unwrap();
        let looks = Looks { terminal: true, width: Some(100), ascii: false, now };
        let text = render(&view, &Shape::default(), looks).unwrap();
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "CHANGE  WHAT              WHERE           STATUS      BY              VOTES   AGE  POLICY\n\
             #12     promote checkout  staging → prod  ◐ pending   dev             1 of 2  44m  Production\n\
             #12     promote checkout  staging → prod  ◐ approved  dev (token ci)  -       44m  -\n"
        );
    }
}
