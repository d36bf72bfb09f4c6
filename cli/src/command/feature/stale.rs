//! `fgctl feature stale`

use fluxgate_client::StaleReason;
use fluxgate_client::stale::{self, Filter, StaleFeature};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Cell, Column, Line, Stays, Tone, View};
use crate::shell::Shell;
use crate::time;

/// List features that seem to be needed no more
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl stale\n  fgctl feature stale --days 30 --reason one-variant -e prod -o name\n\nThey are deployed and nobody asked for them, they came to one variant for\neverybody, or they are past their removal date. Permanent features are listed\nonly when somebody set such a date."
)]
pub(crate) struct Stale {
    /// For how many days nothing has happened
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=365))]
    days: i64,

    // Without a default from the context: what is needed anywhere is needed.
    /// Only by what happens in this environment
    #[arg(short, long, value_name = "KEY")]
    env: Option<String>,

    /// Only for this reason, any number of times
    #[arg(long = "reason", value_name = "REASON", value_enum)]
    reasons: Vec<Reason>,

    /// End with 3 when there are any
    #[arg(long)]
    exit_code: bool,
}

/// Why a feature seems to be needed no more.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Reason {
    /// Nobody asked for it, though it is deployed
    NoEvaluation,
    /// It came to one variant for everybody
    OneVariant,
    /// It was to be gone by now
    PastRemovalDate,
}

impl Stale {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let reasons: Vec<StaleReason> = self.reasons.iter().map(|reason| reason.word()).collect();
        let reasons = (!reasons.is_empty()).then_some(reasons);
        let filter = Filter { days: self.days, environment: self.env, reasons };
        let found = stale::list(&api, &team, &filter).await?;
        let features = &found.features;
        let mut view = View::list(features, &columns(), |stale| format!("feature/{}", stale.feature.key));
        if features.is_empty() {
            let text = match self.days {
                1 => "nothing is stale after a day".to_owned(),
                days => format!("nothing is stale after {days} days"),
            };
            view = view.note(Line::default().and(Tone::Good, "✓ ").and(Tone::Plain, text));
        } else if self.exit_code {
            view = view.exit(Exit::Different);
        }
        match found.until {
            None => view = view.note("no edge has told yet what it evaluates"),
            Some(until) if !found.complete => {
                let until = time::instant(until);
                view = view
                    .note(format!("what edges have told is not complete up to {until}: some may be in use"));
            }
            Some(_) => {}
        }
        Ok(view)
    }
}

impl Reason {
    fn word(self) -> StaleReason {
        match self {
            Self::NoEvaluation => StaleReason::NoEvaluation,
            Self::OneVariant => StaleReason::OneVariant,
            Self::PastRemovalDate => StaleReason::PastRemovalDate,
        }
    }
}

fn columns() -> Vec<Column<StaleFeature>> {
    vec![
        Column::new("KEY", |stale: &StaleFeature| Cell::text(&stale.feature.key)),
        Column::prose("WHY", |stale: &StaleFeature| {
            let words = stale.reasons.iter().map(why);
            Cell::text(words.collect::<Vec<_>>().join(", "))
        }),
        Column::new("LAST SEEN", |stale: &StaleFeature| Cell::Time(stale.last_seen)),
        Column::new("LIFE", |stale: &StaleFeature| {
            Cell::text(stale.feature.lifecycle.as_str().to_lowercase())
        })
        .stays(Stays::Short),
        Column::new("OWNER", |stale: &StaleFeature| {
            Cell::text(stale.feature.owner.as_deref().unwrap_or_default())
        })
        .stays(Stays::Short),
        Column::wide("REMOVAL", |stale: &StaleFeature| Cell::Time(stale.feature.removal_date)),
        Column::wide("NAME", |stale: &StaleFeature| Cell::text(&stale.feature.name)),
    ]
}

fn why(reason: &StaleReason) -> String {
    match reason {
        StaleReason::NoEvaluation => "not evaluated".to_owned(),
        StaleReason::OneVariant => "one variant".to_owned(),
        StaleReason::PastRemovalDate => "past removal date".to_owned(),
        StaleReason::Other(word) => word.to_lowercase().replace('_', " "),
    }
}
