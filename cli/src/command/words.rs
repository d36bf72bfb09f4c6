//! Words that begin with a dash and are no flags: what somebody says, and tags that are taken away.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command, CommandFactory};

use super::feature;

/// Options whose value is in somebody's own words.
const FREE: [&str; 4] = ["--reason", "--comment", "--description", "--name"];

/// Returns words as clap takes them: with a dash in front they would be flags.
pub(crate) fn said(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut said: Vec<OsString> = Vec::new();
    let mut is_over = false;
    for word in feature::said(words) {
        is_over |= word == "--";
        match said.last_mut() {
            Some(option) if !is_over && is_free(option.as_os_str()) && is_no_flag(&word) => {
                option.push("=");
                option.push(word);
            }
            _ => said.push(word),
        }
    }
    said
}

/// Returns how the word that was taken for a flag becomes the value of the option before it, if that has one.
pub(crate) fn as_value(wrong: &str, words: &[String]) -> Option<String> {
    let pair = words.windows(2).find(|pair| pair[1].starts_with(wrong) && is_free(OsStr::new(&pair[0])))?;
    Some(format!("to pass '{1}' as a value, use '{0}={1}'", pair[0], pair[1]))
}

fn is_free(option: &OsStr) -> bool {
    option.to_str().is_some_and(|option| FREE.contains(&option))
}

/// Returns whether a word can only be a value. A long flag is one even when it does not exist: somebody meant another, and
/// left out the value.
fn is_no_flag(word: &OsStr) -> bool {
    let letter = word.to_str().and_then(|word| word.strip_prefix('-')).and_then(|rest| rest.chars().next());
    letter.is_some_and(|letter| {
        let mut cli = crate::Cli::command();
        cli.build();
        letter != '-' && !has_short(&cli, letter)
    })
}

/// Returns whether a command or one below it has a flag of this letter.
fn has_short(command: &Command, letter: char) -> bool {
    let is = |arg: &Arg| arg.get_short_and_visible_aliases().is_some_and(|letters| letters.contains(&letter));
    command.get_arguments().any(is) || command.get_subcommands().any(|sub| has_short(sub, letter))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{as_value, said};

    fn words(line: &[&str]) -> Vec<String> {
        let words = ["fgctl"].iter().chain(line).map(Into::into);
        said(words).into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn what_somebody_says_may_begin_with_a_dash() {
        let kill = words(&["kill", "x", "--reason", "- 5xx", "-e", "prod", "--comment"]);
        assert_eq!(kill[3..], ["--reason=- 5xx", "-e", "prod", "--comment"]);
        for value in ["-x", "-5 %", "- a"] {
            let line = words(&["env", "create", "x", "--type", "dev", "--name", value, "--dry-run"]);
            assert!(crate::Cli::try_parse_from(line).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_flag_stays_one() {
        for flag in ["-e", "-eprod", "--yes", "--dryrun", "-", "--"] {
            let line = ["kill", "x", "--reason", flag, "-x"];
            assert_eq!(words(&line)[1..], line, "{flag}");
        }
        let line = ["kill", "x", "--reason", "--dryrun"].map(str::to_owned);
        let tip = as_value("--dryrun", &line);
        assert_eq!(tip.as_deref(), Some("to pass '--dryrun' as a value, use '--reason=--dryrun'"));
        assert_eq!(as_value("--dryrun", &line[3..]), None);
    }
}
