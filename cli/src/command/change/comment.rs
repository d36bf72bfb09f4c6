//! `fgctl change comment`

use fluxgate_client::change::{self, CommentChangeInput};

use super::super::propose::by;
use super::super::shared::Rehearsal;
use super::number;
use crate::error::CliError;
use crate::output::{Cell, View};
use crate::shell::Shell;

/// Say something about a change, open or not, without voting
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl change comment 12 \"why not 10 % first?\"\n  fgctl change comment 12 --comment \"see INC-2291\" -o json"
)]
pub(crate) struct Comment {
    /// The change's number
    #[arg(value_parser = number)]
    number: i64,

    /// What to say
    #[arg(value_name = "TEXT", required_unless_present = "comment")]
    text: Option<String>,

    /// What to say, as with the other commands
    #[arg(long, value_name = "TEXT", conflicts_with = "text")]
    comment: Option<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Comment {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let text = self.text.or(self.comment).unwrap_or_default();
        let said = text.clone();
        let change = change::comment(&api, CommentChangeInput { team, number: self.number, text }).await?;
        let mut view = View::of(&change).named(format!("change/{}", change.number));
        if shell.ui.is_rehearsal() {
            // What was said before is no news.
            return Ok(view.row(vec![Cell::text(format!("#{}", change.number)), Cell::text(said)]));
        }
        for said in &change.comments {
            view = view.row(vec![
                Cell::text(format!("#{}", change.number)),
                Cell::text(by(&said.user, said.token.as_deref())),
                Cell::Time(Some(said.at)),
                Cell::text(&said.text),
            ]);
        }
        Ok(view)
    }
}
