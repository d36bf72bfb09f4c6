//! Rules: who gets what.

mod add;
mod edit;
mod list;
mod position;
mod remove;
mod shift;

use fluxgate_engine::{Criterion, FlagConfig, Match, Split, parse, parse_split};

use position::Position;

use crate::error::{CliError, nearest};
use crate::exit::Exit;
use crate::output::View;
use crate::shell::Shell;

/// Rules: who gets which variant of a contextual feature
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Rule {
    List(list::List),
    Add(Box<add::Add>),
    Edit(Box<edit::Edit>),
    Move(shift::Move),
    Remove(remove::Remove),
}

impl Rule {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Add(command) => command.run(shell).await,
            Self::Edit(command) => command.run(shell).await,
            Self::Move(command) => command.run(shell).await,
            Self::Remove(command) => command.run(shell).await,
        }
    }
}

/// Returns what those get whom a rule takes in.
pub(super) fn serves(rule: &Criterion) -> String {
    if let Some(variant) = &rule.serve {
        return variant.clone();
    }
    let parts = rule.split.iter().map(|part| format!("{}={}", part.variant, part.weight));
    parts.collect::<Vec<_>>().join(", ")
}

/// Reads whom a rule is for.
fn when(text: &str) -> Result<Match, CliError> {
    parse(text).map_err(|error| {
        CliError::usage("--when does not parse")
            .details([error.render(text)])
            .hint("fgctl rule add --help lists the operators")
    })
}

/// Reads what a rule divides people among.
fn shares(text: &str) -> Result<Vec<Split>, CliError> {
    parse_split(text).map_err(|error| CliError::usage("--split does not parse").details([error.render(text)]))
}

/// Returns the index of the rule of a name or a number as `rule list` shows it.
fn find(config: &FlagConfig, wanted: &str) -> Result<usize, CliError> {
    let rules = &config.criteria;
    let named = |rule: &Criterion| rule.name.as_deref() == Some(wanted);
    if let Some(index) = rules.iter().position(named) {
        return Ok(index);
    }
    match wanted.parse::<usize>() {
        Ok(number) if (1..=rules.len()).contains(&number) => Ok(number - 1),
        _ => {
            let names: Vec<String> = rules.iter().filter_map(|rule| rule.name.clone()).collect();
            if nearest(wanted, &names).is_some() || rules.is_empty() {
                return Err(CliError::not_found("rule", wanted, &names));
            }
            let there_are = match rules.len() {
                1 => "there is",
                _ => "there are",
            };
            let message = format!("no rule {wanted:?}; {there_are} {}", numbered(rules));
            Err(CliError::new(Exit::NotFound, message))
        }
    }
}

/// Returns rules as they can be called: by their numbers, and by their names where they have any.
fn numbered(rules: &[Criterion]) -> String {
    let called = rules.iter().zip(1..).map(|(rule, number)| match &rule.name {
        Some(name) => format!("{number} ({name})"),
        None => number.to_string(),
    });
    let called: Vec<String> = called.collect();
    match called.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => called.concat(),
    }
}

/// Makes sure that the feature has what the rule serves.
fn check_variants(rule: &Criterion, config: &FlagConfig) -> Result<(), CliError> {
    let served = rule.split.iter().map(|part| &part.variant).chain(&rule.serve);
    let known: Vec<String> = config.variants.keys().cloned().collect();
    for variant in served {
        if !config.variants.contains_key(variant) {
            let mut message = format!("no variant {variant:?}; there are {}", known.join(", "));
            if let Some(nearest) = nearest(variant, &known) {
                message = format!("no variant {variant:?}. Did you mean {nearest}?");
            }
            return Err(CliError::usage(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::{Criterion, FlagConfig};

    use super::{check_variants, find};

    fn config() -> FlagConfig {
        let mut config = FlagConfig::simple(true);
        for name in ["staff", "pilot"] {
            config.criteria.push(Criterion {
                name: Some(name.into()),
                serve: Some("on".into()),
                ..Criterion::default()
            });
        }
        config
    }

    #[test]
    fn rules_are_found_by_name_and_number() {
        assert_eq!(find(&config(), "pilot").unwrap(), 1);
        assert_eq!(find(&config(), "1").unwrap(), 0);
        assert!(find(&config(), "0").is_err() && find(&config(), "3").is_err());
        let mut unnamed = config();
        unnamed.criteria[1].name = None;
        let error = find(&unnamed, "9").unwrap_err();
        assert_eq!(error.message, "no rule \"9\"; there are 1 (staff) and 2");
        assert_eq!(error.exit.code(), 6);
        let error = find(&config(), "pilto").unwrap_err();
        assert!(error.message.contains("Did you mean pilot?"), "{}", error.message);
    }

    #[test]
    fn a_rule_serves_what_there_is() {
        let rule = |variant: &str| Criterion { serve: Some(variant.into()), ..Criterion::default() };
        assert!(check_variants(&rule("off"), &config()).is_ok());
        let error = check_variants(&rule("of"), &config()).unwrap_err();
        assert_eq!(error.message, "no variant \"of\". Did you mean off?");
        assert_eq!(error.exit.code(), 2);
    }
}
