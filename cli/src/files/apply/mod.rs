//! Makes a team as a plan says: what others need first, policies last. Each document goes through a change, so that
//! policies hold for files too.

mod features;
mod prune;
mod report;
mod show;
mod stages;
mod structure;

use std::collections::BTreeSet;

use fluxgate_client::Api;

use super::live::LiveTeam;
use super::plan::{Item, Plan};
use super::reference::{Noun, Reference};
use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::Shell;

pub(crate) use report::Report;

/// How things are done.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    pub(crate) reason: Option<String>,
    /// Only have the server look at what it can look at.
    pub(crate) dry_run: bool,
}

/// A plan on its way.
pub(super) struct Run<'a> {
    shell: &'a Shell,
    api: &'a Api,
    plan: &'a Plan,
    live: &'a LiveTeam,
    how: How,
    report: Report,
    /// After this nothing else is tried.
    stopped: bool,
}

/// How many things are done between two words about it?
const STEP: usize = 100;

/// Does what a plan says.
pub(crate) async fn run((shell, api): (&Shell, &Api), (plan, live): (&Plan, &LiveTeam), how: How) -> Report {
    let report = Report::new(plan, how.dry_run);
    let mut run = Run { shell, api, plan, live, how, report, stopped: false };
    for noun in [Noun::Environment, Noun::Pipeline, Noun::ContextKey] {
        run.structure(noun).await;
        // Whatever follows may need it.
        run.stopped |= run.report.has_failed();
    }
    run.features().await;
    run.prune().await;
    run.structure(Noun::Policy).await;
    run.report
}

impl<'a> Run<'a> {
    /// Makes all things of a kind that need no change.
    async fn structure(&mut self, noun: Noun) {
        let plan = self.plan;
        // Where environments make way for each other, the first comes first.
        let mut items: Vec<&Item> = plan.items_of(noun).collect();
        items.sort_by_key(|item| structure::position(item));
        for item in items {
            if self.stopped {
                self.report.skip(&item.reference, "something before it failed");
                continue;
            }
            if self.how.dry_run {
                continue;
            }
            let done = structure::make(self.api, self.plan, item).await;
            self.finish(&item.reference, done);
        }
    }

    /// Notes how something went; whatever all requests would fail at ends the run.
    fn finish(&mut self, reference: &Reference, done: Result<(), CliError>) {
        if let Err(error) = done {
            self.stopped |= error.exit.is_stop() || matches!(error.exit, Exit::Unreachable | Exit::SignIn);
            self.report.fail(reference, error);
        }
    }

    /// Says how far it is, every now and then.
    fn tell(&self, done: usize, total: usize) {
        if done > 0 && done.is_multiple_of(STEP) {
            self.shell.ui.step(format!("{done} of {total} features"));
        }
    }

    /// Returns the features that failed or were passed over.
    fn undone(&self) -> BTreeSet<String> {
        self.report.undone()
    }
}
