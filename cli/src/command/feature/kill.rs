//! `fgctl feature kill`, in short `fgctl kill`

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::feature::{self, Dependent, Feature, KillFeatureInput, Viewed};
use fluxgate_client::{caller, clock};

use super::super::propose::{self, reason, severe};
use super::super::shared::Rehearsal;
use super::super::wait::Waiting;
use super::stop::{Done, Words};
use crate::error::CliError;
use crate::output::{Tone, View};
use crate::shell::{InEnv, Shell};
use crate::time;

const WORDS: Words =
    Words { now: (Tone::Bad, "killed"), already: (Tone::Bad, "already killed"), state: "off", again: true };

/// Turn a feature off at once, past all approvals, and say at which edges it is off
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("end").args(["restore_in", "restore_at", "until_restored"])))]
#[command(
    after_help = "Examples:\n  fgctl kill checkout -e staging --reason \"tests fail\"\n  fgctl kill checkout -e prod --yes --confirm checkout --restore-in 30m --reason \"5xx spike, INC-2291\"\n\nWhere it is killed already, --restore-in, --restore-at and --until-restored set another end.\nEnds with 1 when an edge has not confirmed within 5 s, or --timeout: it may still serve the old value."
)]
pub(crate) struct Kill {
    /// The feature's key
    key: String,

    #[command(flatten)]
    env: InEnv,

    /// In all environments
    #[arg(long, conflicts_with = "env")]
    everywhere: bool,

    /// Let it serve again by itself after so long
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration)]
    restore_in: Option<Duration>,

    /// Let it serve again by itself then
    #[arg(long, value_name = "TIME", value_parser = time::parse_moment)]
    restore_at: Option<DateTime<Utc>>,

    /// Keep it off until somebody restores it, even where it was to end by itself
    #[arg(long)]
    until_restored: bool,

    /// Why, for the audit log; asked for when not given, and in CI which run it is
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Answer the question with yes; a protected environment needs --confirm too
    #[arg(short, long)]
    yes: bool,

    /// The feature's key once more, to kill it in a protected environment without being asked
    #[arg(long, value_name = "KEY")]
    confirm: Option<String>,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Kill {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, team) = (self.rehearsal.api(shell)?, shell.team()?);
        let env = match self.everywhere {
            true => None,
            false => Some(
                shell
                    .env(&self.env)
                    .map_err(|error| error.hint("add -e KEY, or --everywhere for all environments"))?,
            ),
        };
        let Viewed { feature, dependents } = feature::view(&api, &team, &self.key).await?;
        if let Some(env) = &env {
            propose::stage(&feature, env)?;
        }
        let place = env.as_deref().unwrap_or("all environments");
        let what = format!("kill {} in {place}", self.key);
        let is_protected = reaches_protected(shell, &feature, env.as_deref())?;
        let given = reason(self.reason.as_deref());
        if given.is_none() && !shell.ui.may_ask() && !shell.ui.is_rehearsal() {
            return Err(self.unreasoned(&what, is_protected));
        }
        if is_protected {
            if shell.ui.may_ask() {
                let here = |needs: &&Dependent| env.as_ref().is_none_or(|env| needs.environment.key == *env);
                for needs in dependents.iter().filter(here) {
                    let (key, place) = (&needs.feature, &needs.environment.key);
                    shell.ui.note(format!("{key} needs it and will be off in {place} too."));
                }
            }
            let answers = (self.yes, self.confirm.as_deref());
            severe(&shell.ui, answers, &self.key, &what)?;
        }
        let mut reason = given.unwrap_or_default();
        if reason.is_empty() && shell.ui.is_rehearsal() {
            "dry run".clone_into(&mut reason);
        }
        while self.reason.is_none() && reason.is_empty() {
            reason = shell.ui.ask("Reason: ")?;
        }
        let until = self.restores_at(clock::now());
        let input = KillFeatureInput {
            team: team.clone(),
            feature: self.key.clone(),
            environment: env.clone(),
            reason,
            restore_at: until,
        };
        let result = match self.until_restored {
            true => feature::kill_until_restored(&api, input).await?,
            false => feature::kill(&api, input).await?,
        };
        let done = Done { shell, api: &api, team: &team, env: env.as_deref(), until };
        // What is killed is killed by now: not to know who may restore it keeps nobody from anything.
        let (report, caller) = tokio::join!(done.report(&result, &self.waiting, WORDS), caller::get(&api));
        let mut view = report?;
        if let Some(env) = &env
            && !shell.ui.is_rehearsal()
            && propose::stage(&result.feature, env)?.live.is_none()
        {
            view = view.note(format!("{} is not deployed in {env}; it stays killed if it comes", self.key));
        }
        let place = match &env {
            Some(env) => format!("-e {env}"),
            None => "--everywhere".to_owned(),
        };
        let may_restore = caller.map_or(true, |caller| caller.may_restore(&team));
        let ends = self.restore_in.is_some() || self.restore_at.is_some();
        Ok(match (may_restore, ends) {
            (true, _) => view.next(format!("fgctl feature restore {} {place}", self.key)),
            (false, true) => view,
            (false, false) => view.note("you cannot restore it: that takes APPROVER or TEAM_ADMIN"),
        })
    }

    /// Says what flags are missing where nobody can be asked, all of them at once.
    fn unreasoned(&self, what: &str, is_protected: bool) -> CliError {
        let key = &self.key;
        let confirm = match (is_protected, self.yes, &self.confirm) {
            (false, ..) | (_, true, Some(_)) => String::new(),
            (_, true, None) => format!("--confirm {key} "),
            (_, false, Some(_)) => "--yes ".to_owned(),
            (_, false, None) => format!("--yes --confirm {key} "),
        };
        CliError::usage(format!("to {what} needs {confirm}--reason TEXT when not run interactively"))
            .hint("nothing was sent")
    }

    /// Returns when it is to serve again by itself.
    fn restores_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = self.restore_in.and_then(|after| TimeDelta::from_std(after).ok());
        self.restore_at.or_else(|| now.checked_add_signed(after?))
    }
}

fn reaches_protected(shell: &Shell, feature: &Feature, env: Option<&str>) -> Result<bool, CliError> {
    for stage in &feature.stages {
        let place = &stage.environment;
        if env.is_none_or(|env| place.key == env) && shell.is_protected(&place.key, &place.type_)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Kill;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        kill: Kill,
    }

    #[test]
    fn all_flags_that_are_missing_are_told_at_once() {
        let told = |flags: &[&str], is_protected: bool| {
            let args = [&["kill", "F", "-e", "prod"][..], flags].concat();
            let kill = Command::try_parse_from(args).unwrap().kill;
            kill.unreasoned("kill F in prod", is_protected).message.clone()
        };
        let rest = "--reason TEXT when not run interactively";
        assert_eq!(told(&[], true), format!("to kill F in prod needs --yes --confirm F {rest}"));
        assert_eq!(told(&["--yes"], true), format!("to kill F in prod needs --confirm F {rest}"));
        assert_eq!(told(&["--yes", "--confirm", "F"], true), format!("to kill F in prod needs {rest}"));
        assert_eq!(told(&[], false), format!("to kill F in prod needs {rest}"));
    }
}
