//! Variants: the values that a feature can have.

mod list;
mod remove;
mod set;

use fluxgate_engine::FlagConfig;

use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Variants: the values that a feature can have, all of one type
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Variant {
    List(list::List),
    Set(set::Set),
    Remove(remove::Remove),
}

impl Variant {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        match self {
            Self::List(command) => command.run(shell).await,
            Self::Set(command) => command.run(shell).await,
            Self::Remove(command) => command.run(shell).await,
        }
    }
}

/// Returns what serves a variant, in words: the default, off, and rules by their number.
fn served_by(config: &FlagConfig, variant: &str) -> Vec<String> {
    let mut by = Vec::new();
    if config.default.as_deref() == Some(variant) {
        by.push("default".to_owned());
    }
    if config.off.as_deref() == Some(variant) {
        by.push("off".to_owned());
    }
    for (index, rule) in config.criteria.iter().enumerate() {
        let serves = rule.serve.as_deref() == Some(variant);
        if serves || rule.split.iter().any(|share| share.variant == variant) {
            by.push(format!("rule {}", index + 1));
        }
    }
    by
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::{Criterion, FlagConfig};

    use super::served_by;

    #[test]
    fn what_serves_a_variant_is_named() {
        let mut config = FlagConfig::simple(true);
        config.criteria.push(Criterion { serve: Some("off".into()), ..Criterion::default() });
        assert_eq!(served_by(&config, "off"), ["off", "rule 1"]);
        assert!(served_by(&config, "none").is_empty());
    }
}
