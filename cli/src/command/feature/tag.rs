//! `fgctl feature tag`

use std::ffi::OsString;

use clap::{Arg, CommandFactory};
use fluxgate_client::feature::{self, EditFeatureInput};

use super::super::shared::Rehearsal;
use super::described;
use crate::error::CliError;
use crate::output::View;
use crate::shell::Shell;

/// Give a feature tags, and take others away
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("some").multiple(true).required(true).args(["tags", "remove"])))]
#[command(
    after_help = "Examples:\n  fgctl feature tag checkout +autumn -summer\n  fgctl feature tag checkout autumn --remove o -o json\n\nA word like -summer removes a tag, unless it is a flag, such as -o, or a flag\nand a value that begins with ., [, { or \", such as -q.key; --remove takes any\ntag."
)]
pub(crate) struct Tag {
    /// The feature's key
    key: String,

    /// A tag to add, with or without +; -TAG removes one
    #[arg(value_name = "TAG")]
    tags: Vec<String>,

    /// A tag to remove, any number of times
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

/// Says `--remove=summer` for the word `-summer` of `feature tag`, which would be taken for the flags -s, -u and so on.
pub(crate) fn said(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    let is_tag = |pair: &[OsString]| (pair[0] == "feature" || pair[0] == "features") && pair[1] == "tag";
    let Some(verb) = words.windows(2).position(is_tag) else {
        return words;
    };
    let mut cli = crate::Cli::command();
    cli.build();
    let command = cli.find_subcommand("feature").and_then(|noun| noun.find_subcommand("tag"));
    let flags: Vec<&Arg> = command.into_iter().flat_map(clap::Command::get_arguments).collect();
    for word in words.iter_mut().skip(verb + 2).take_while(|word| *word != "--") {
        if let Some(tag) =
            word.to_str().and_then(|word| word.strip_prefix('-')).filter(|tag| is_removed(tag, &flags))
        {
            *word = format!("--remove={tag}").into();
        }
    }
    words
}

/// Returns whether what stands behind a dash is a tag and no flag.
fn is_removed(tag: &str, flags: &[&Arg]) -> bool {
    let mut rest = tag.chars();
    let Some(letter) = rest.next().filter(|letter| *letter != '-') else {
        return false;
    };
    let rest = rest.as_str();
    let is_flag = |flag: &&Arg| {
        let value = |value: &clap::builder::PossibleValue| value.matches(rest, false);
        let goes_with_it =
            rest.is_empty() || rest.starts_with('=') || flag.get_possible_values().iter().any(value);
        // An expression or a template.
        let is_text = flag.get_action().takes_values() && rest.starts_with(['.', '[', '{', '"']);
        flag.get_short() == Some(letter) && (goes_with_it || is_text)
    };
    !flags.iter().any(is_flag)
}

impl Tag {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (mut add, mut remove) = (Vec::new(), self.remove);
        for tag in &self.tags {
            match tag.strip_prefix('-') {
                Some(tag) => remove.push(tag.to_owned()),
                None => add.push(tag.strip_prefix('+').unwrap_or(tag).to_owned()),
            }
        }
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let input = EditFeatureInput {
            team,
            feature: self.key,
            name: None,
            description: None,
            lifecycle: None,
            owner: None,
            removal_date: None,
            tags: None,
            add_tags: Some(add),
            remove_tags: Some(remove),
        };
        Ok(described(&feature::edit(&api, input, &[]).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_word_with_a_dash_is_a_tag_to_remove_where_it_is_no_flag() {
        let said = |words: &str| {
            let words = said(words.split(' ').map(Into::into));
            words.iter().map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let tag = |words: &str| said(&format!("fgctl --team demo features tag checkout {words}"));
        let clap = |words: &str| format!("fgctl --team demo features tag checkout {words}");
        assert_eq!(
            tag("+a -b -summer -q3 -old"),
            clap("+a --remove=b --remove=summer --remove=q3 --remove=old")
        );
        for same in [
            "-o json -q .key",
            "-ojson",
            "-q=.key",
            "-q.key",
            "-q[.tags]",
            "-t{{key}}",
            "--remove q",
            "-h",
            "-- +a -b",
            "-",
            "a",
        ] {
            assert_eq!(tag(same), clap(same));
        }
        assert_eq!(said("fgctl feature list -summer"), "fgctl feature list -summer");
    }
}
