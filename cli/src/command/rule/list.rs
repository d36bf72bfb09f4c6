//! `fgctl rule list`

use fluxgate_engine::{Criterion, FlagConfig};

use super::super::propose::{Target, document, stage};
use super::serves;
use crate::error::CliError;
use crate::output::{Cell, Column, Stays, View};
use crate::shell::{InEnv, Shell};

/// List a feature's rules in an environment; the first that matches decides
#[derive(clap::Args, Debug)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  fgctl rule list checkout -e dev\n  fgctl rule list checkout -e prod -o json"
)]
pub(crate) struct List {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,
}

/// A rule and its place.
struct Placed<'c> {
    place: usize,
    rule: &'c Criterion,
}

impl List {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team, env) = (shell.api()?, shell.team()?, shell.env(&self.env)?);
        let target = Target { shell, api: &api, team: &team, feature: &self.key, env: &env };
        let feature = target.feature().await?;
        let config = document(&feature, stage(&feature, &env)?)?;
        Ok(view(&config, &self.key))
    }
}

fn view(config: &FlagConfig, key: &str) -> View {
    let rules = config.criteria.iter().enumerate();
    let rules: Vec<Row> = rules.map(|(index, rule)| Row::from(Placed { place: index + 1, rule })).collect();
    let mut view = View::of(&config.criteria).table(&rules, &columns());
    for row in &rules {
        view = view.named(format!("rule/{key}/{}", row.place));
    }
    let rest = config.default.as_deref().unwrap_or("the application's own default");
    match rules.len() {
        0 => view.note(format!("no rules: everyone gets {rest}")),
        _ => view.note(format!("else {rest}")),
    }
}

/// A rule in words.
struct Row {
    place: usize,
    name: String,
    when: String,
    serves: String,
    rollout: String,
    bucket_by: String,
}

impl From<Placed<'_>> for Row {
    fn from(Placed { place, rule }: Placed<'_>) -> Self {
        Self {
            place,
            name: rule.name.clone().unwrap_or_default(),
            when: rule.when.as_ref().map_or_else(|| "everyone".to_owned(), ToString::to_string),
            serves: serves(rule),
            rollout: rule.rollout.map_or_else(String::new, |percent| format!("{percent} %")),
            bucket_by: rule.bucket_by.clone().unwrap_or_default(),
        }
    }
}

fn columns() -> Vec<Column<Row>> {
    vec![
        Column::new("RULE", |row: &Row| Cell::text(row.place.to_string())),
        Column::new("NAME", |row: &Row| Cell::text(&row.name)),
        Column::prose("WHEN", |row: &Row| Cell::text(&row.when)),
        Column::new("SERVES", |row: &Row| Cell::text(&row.serves)).stays(Stays::Always),
        Column::new("ROLLOUT", |row: &Row| Cell::text(&row.rollout)).stays(Stays::Long),
        Column::wide("BUCKET BY", |row: &Row| Cell::text(&row.bucket_by)),
    ]
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::{FlagConfig, parse, parse_split};

    use super::{Placed, Row};
    use crate::text::clean;

    #[test]
    fn what_is_shown_parses_back() {
        let whens = [
            r#"country == "US" and not beta == true"#,
            r#"not (a == 1 or b != 2) and (c >= 1.5 or c < -3e10)"#,
            r#"`a key` in ["x", 1, true] or `in` not in [""]"#,
            r#"email ends with~ ["@a.com", "@B.com"] or name matches~ "^a\\d+[\"x]""#,
            r#"v semver ">=2.0.0 <3.0.0 || 4.x" and t before "2026-01-01T00:00:00Z" and t after 1700000000000"#,
            r#"not exists a.b and not (not exists c) and true or false"#,
            "name == \"tab\\t line\\n \\u202e \\u0007 😀 größe\"",
        ];
        let splits = ["a=33.333, b=33.333, a=33.334", "b=0.001", "a=100"];
        for (when, split) in whens.iter().flat_map(|when| splits.iter().map(move |split| (when, split))) {
            let text = format!(
                "{{ enabled: true, variants: {{ a: 1, b: 2 }}, default: a, off: a, criteria: [{{ when: {}, split: {split:?} }}] }}",
                serde_json::Value::from(*when)
            );
            let config = FlagConfig::from_yaml(&text).unwrap();
            let row = Row::from(Placed { place: 1, rule: &config.criteria[0] });
            // Nothing in it needs to be made safe for a terminal, which would make it something else.
            assert_eq!(clean(&row.when), row.when);
            assert_eq!(Some(parse(&row.when).unwrap()), config.criteria[0].when, "{}", row.when);
            assert_eq!(parse_split(&row.serves).unwrap(), config.criteria[0].split, "{}", row.serves);
        }
    }
}
