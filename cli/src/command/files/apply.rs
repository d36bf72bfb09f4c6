//! `fgctl apply`

use std::path::PathBuf;
use std::time::Duration;

use fluxgate_client::{Api, EnvironmentType, change, clock};

use super::super::propose::{moderate, reason, severe};
use super::super::wait::{Goal, Opened, Until, Wait, Waiting, stopped};
use super::wanted;
use crate::error::CliError;
use crate::files::apply::{How, Report, run};
use crate::files::{LiveTeam, Noun, Plan, Prune, load_plan, show_plan};
use crate::output::View;
use crate::shell::Shell;

/// How long do we wait for edges, unless told?
const FOR_EDGES: Duration = Duration::from_mins(1);

/// Make the team as files, or a plan, say
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  fgctl apply -f flags/ --yes --wait --timeout 1h\n  fgctl apply plan.json --yes -o json\n\nEach document is proposed as a change, so policies hold; what the files do not\nname stays as it is. Ends with 0 when all of it is so, 8 when a change waits,\n7 when the plan is stale, 1 when a part failed, 3 with --exit-code when it\nchanged something."
)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["plan", "file"])))]
pub(crate) struct Apply {
    /// A plan that `fgctl diff --out` made
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,

    /// A file, a folder with .yaml, .yml and .json files, or - for standard input; may be given again
    #[arg(short, long, value_name = "PATH")]
    file: Vec<PathBuf>,

    /// Also archive features with this tag that the files do not name
    #[arg(long, value_name = "TAG", conflicts_with = "plan")]
    prune: Option<String>,

    /// Why: for those who approve, and for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Have the server check what it can, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Answer the question with yes
    #[arg(short, long)]
    yes: bool,

    /// The team's key, so that features are archived without a question
    #[arg(long, value_name = "KEY")]
    confirm: Option<String>,

    /// End with 3 when it changed something
    #[arg(long)]
    exit_code: bool,

    #[command(flatten)]
    waiting: Waiting,
}

impl Apply {
    pub(crate) async fn run(self, shell: &Shell) -> Result<View, CliError> {
        let (api, plan, live) = self.plan(shell).await?;
        if !plan.items.is_empty() && !self.dry_run {
            self.ask(shell, &plan, &live)?;
        }
        let how = How { reason: reason(self.reason.as_deref()), dry_run: self.dry_run };
        let mut report = run((shell, &api), (&plan, &live), how).await;
        if !self.dry_run {
            self.wait(shell, (&api, &plan.team), &mut report).await?;
        }
        Ok(report.view(self.exit_code))
    }

    async fn plan(&self, shell: &Shell) -> Result<(Api, Plan, LiveTeam), CliError> {
        let Some(path) = &self.plan else {
            let (team, set) = wanted(shell, &self.file)?;
            let api = shell.api()?;
            let live = LiveTeam::read(&api, &team).await?;
            let prune = self.prune.clone().map(|tag| Prune { tag });
            let plan = Plan::of_files(&set, &live, prune.as_ref())?;
            return Ok((api, plan, live));
        };
        let saved = load_plan(path)?;
        if let Some(team) = shell.wanted_team().filter(|team| *team != saved.team) {
            let message = format!("the plan is for team {}, and --team says {team}", saved.team);
            return Err(CliError::usage(message));
        }
        let api = shell.api()?;
        let live = LiveTeam::read(&api, &saved.team).await?;
        let plan = saved.against(&live, api.server())?;
        Ok((api, plan, live))
    }

    /// Shows what is to happen and asks, where it matters.
    fn ask(&self, shell: &Shell, plan: &Plan, live: &LiveTeam) -> Result<(), CliError> {
        let archived = plan.items.iter().filter(|item| item.after.is_none()).count();
        if archived == 0 && !matters(shell, plan, live)? {
            return Ok(());
        }
        if shell.ui.may_ask() && !self.yes {
            for line in show_plan(plan) {
                shell.ui.note(line);
            }
        }
        let team = &plan.team;
        if archived > 0 {
            let what = format!("archive {}", Noun::Feature.counted(archived));
            return severe(&shell.ui, (self.yes, self.confirm.as_deref()), team, &what);
        }
        moderate(&shell.ui, self.yes, &format!("Apply this to team {team}?"))
    }

    /// Waits for the changes that wait, as far as was asked.
    async fn wait(
        &self,
        shell: &Shell,
        (api, team): (&Api, &str),
        report: &mut Report,
    ) -> Result<(), CliError> {
        let Some(until) = self.waiting.wait else {
            return Ok(());
        };
        tokio::select! {
            // In this order: whatever is waited for says better what was stopped. It hears nothing between two waits, though.
            biased;
            waited = self.wait_until(until, (shell, api, team), report) => waited,
            exit = stopped() => {
                let message = "stopped waiting; what was applied stays, and what waits is still open";
                Err(CliError::new(exit, message).hint("fgctl change list"))
            }
        }
    }

    async fn wait_until(
        &self,
        until: Until,
        (shell, api, team): (&Shell, &Api, &str),
        report: &mut Report,
    ) -> Result<(), CliError> {
        let started = clock::now();
        let wait = Wait::new(shell, api, team);
        for number in report.waiting() {
            let change = change::get(api, team, number).await?;
            let opened = Opened { change: &change, gates: &[], joined: false };
            let change = match wait.follow(opened, Until::Applied).await {
                Ok((change, _)) => Ok(change),
                Err(error) if error.exit.is_stop() => return Err(error),
                Err(error) => Err(error),
            };
            report.decided(number, &change);
        }
        let Some(revision) = report.revision().filter(|_| until == Until::Edges) else {
            return Ok(());
        };
        let edges = tokio::select! {
            // What was waited for before has taken the signals from those who end processes.
            biased;
            exit = stopped() => {
                let message = "stopped waiting for the edges; what was applied stays";
                let hint = format!("fgctl edge wait --revision {revision} to go on");
                return Err(CliError::new(exit, message).hint(hint));
            }
            edges = wait.edges(Goal::Revision(revision), started, FOR_EDGES) => edges?,
        };
        shell.ui.step(edges.sentence());
        if !edges.settled() {
            report.lagging(edges.sentence());
        }
        Ok(())
    }
}

/// Returns whether a plan touches what is protected, or the rules by which that is changed.
fn matters(shell: &Shell, plan: &Plan, live: &LiveTeam) -> Result<bool, CliError> {
    for item in &plan.items {
        match item.reference.noun {
            Noun::Feature => {
                for edit in item.edits() {
                    let kind = live.kind_of(edit.environment, plan);
                    if shell.is_protected(edit.environment, &EnvironmentType::from(kind))? {
                        return Ok(true);
                    }
                }
            }
            Noun::Environment | Noun::Pipeline | Noun::Policy if item.before.is_some() => return Ok(true),
            Noun::Environment | Noun::Pipeline | Noun::Policy | Noun::ContextKey => {}
        }
    }
    Ok(false)
}
