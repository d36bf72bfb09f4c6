//! `fgctl analytics summary`

use fluxgate_client::analytics::{self, Figures, TopFeature};
use fluxgate_client::clock;
use fluxgate_wording::figure::{complete, share};
use serde_json::{Value, json};

use super::show::{name_of, span, totals};
use super::{BY_MINUTE, Range, resolution};
use crate::error::CliError;
use crate::output::{Cell, Column, Line, Tone, View};
use crate::shell::Shell;

/// Show how often features were evaluated, where, why, and for whom
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl analytics summary --from 24h -e prod\n  fgctl analytics summary checkout --from 2026-11-01 -o json\n\nUp to a day is counted by minutes, more by whole hours."
)]
pub(crate) struct Summary {
    /// Only this feature, with the variants that it came to and about how many units asked for it
    #[arg(value_name = "KEY")]
    feature: Option<String>,

    #[command(flatten)]
    range: Range,
}

impl Summary {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (shell.api()?, shell.team()?);
        let when = self.range.span()?;
        let what = (self.feature.as_deref(), self.range.env.as_deref());
        let step = resolution(when, BY_MINUTE);
        let found = analytics::summary(&api, &team, what, when, step).await?;
        let figures = &found.by_environment;
        let all: i64 = figures.series.iter().map(|series| series.total).sum();
        let value = json!({
            "team": team,
            "feature": self.feature,
            "environment": self.range.env,
            "from": figures.from,
            "until": figures.until,
            "evaluations": all,
            "byEnvironment": sums(Some(figures)),
            "byReason": sums(Some(&found.by_reason)),
            "byClient": sums(found.by_client.as_ref()),
            "byVariant": sums(found.by_variant.as_ref()),
            "top": found.top.as_ref().map(|top| &top.features),
            "units": found.units,
            "completeness": figures.completeness,
        });
        let name = self.feature.as_deref().unwrap_or(&team);
        let mut view = View::of(&value).line(
            Line::default()
                .and(Tone::Strong, name)
                .and(Tone::Plain, format!("  {all} evaluations"))
                .and(Tone::Dim, format!("  {}", span(figures.from, figures.until))),
        );
        if all > 0 {
            view = totals(view, "ENVIRONMENT", figures);
            view = totals(view, "REASON", &found.by_reason);
            for (heading, figures) in [("VARIANT", &found.by_variant), ("CLIENT", &found.by_client)] {
                if let Some(figures) = figures {
                    view = totals(view, heading, figures);
                }
            }
        }
        if let Some(top) = found.top.filter(|top| !top.features.is_empty()) {
            let columns = [
                Column::new("TOP FEATURES", |top: &TopFeature| Cell::text(&top.feature.key)),
                Column::new("EVALUATIONS", |top: &TopFeature| Cell::text(top.total.to_string())),
                Column::new("SHARE", move |top: &TopFeature| Cell::Text(share(top.total, all))),
            ];
            view = view.line("").table(&top.features, &columns);
        }
        if let Some(units) = &found.units {
            let sure = units.standard_error * 100.0;
            view = view.line("").line(format!("about {} units asked, ±{sure:.1} %", units.units));
        }
        Ok(view.line("").line(complete(&figures.completeness, figures.until.min(clock::now()))))
    }
}

/// The totals alone: each minute is what `series` tells.
fn sums(figures: Option<&Figures>) -> Value {
    let sum = |series: &analytics::Series| json!({ "name": name_of(series), "evaluations": series.total });
    figures.map_or(Value::Null, |figures| figures.series.iter().map(sum).collect())
}
