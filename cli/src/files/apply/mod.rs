//! Makes a team as a plan says: what others need first, policies last. Each document goes through a change, so that
//! policies hold for files too.

mod features;
mod prune;
mod report;
mod show;
mod stages;
mod structure;

use std::cell::Cell;
use std::collections::BTreeSet;

use fluxgate_client::Api;
use fluxgate_client::files::FileProposal;
use futures_util::{StreamExt, stream};

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
    stopped: Cell<bool>,
    /// How many features were tried.
    tried: Cell<usize>,
}

/// What a request came to.
struct Made {
    proposal: Option<FileProposal>,
    /// What failed, at that or at what belongs to it.
    failed: Option<CliError>,
}

/// How many things are done between two words about it?
const STEP: usize = 100;
/// Why is something passed over after the run has ended?
const BEFORE: &str = "something before it failed";
/// How many requests are under way at once, for things that do not need each other?
const AT_ONCE: usize = 8;

/// Does what a plan says.
pub(crate) async fn run((shell, api): (&Shell, &Api), (plan, live): (&Plan, &LiveTeam), how: How) -> Report {
    let report = Report::new(plan, how.dry_run);
    let (stopped, tried) = (Cell::new(false), Cell::new(0));
    let mut run = Run { shell, api, plan, live, how, report, stopped, tried };
    for noun in [Noun::Environment, Noun::Pipeline, Noun::ContextKey] {
        run.structure(noun).await;
        // Whatever follows may need it.
        run.stopped.set(run.stopped.get() || run.report.has_failed());
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
            if self.stopped.get() {
                self.report.skip(&item.reference, BEFORE);
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
            self.look(&error);
            self.report.fail(reference, error);
        }
    }

    /// Ends the run after what all requests would fail at.
    fn look(&self, error: &CliError) {
        if error.exit.is_stop() || matches!(error.exit, Exit::Unreachable | Exit::SignIn) {
            self.stopped.set(true);
        }
    }

    /// Makes something, unless the run has ended.
    async fn attempt(&self, made: impl Future<Output = Made>) -> Option<Made> {
        if self.stopped.get() {
            return None;
        }
        let made = made.await;
        made.failed.iter().for_each(|error| self.look(error));
        Some(made)
    }

    /// Says how far it is, every now and then.
    fn tell(&self, total: usize) {
        let tried = self.tried.get() + 1;
        self.tried.set(tried);
        if tried.is_multiple_of(STEP) && tried < total {
            self.shell.ui.step(format!("{tried} of {total} features"));
        }
    }

    /// Returns the features that failed or were passed over.
    fn undone(&self) -> BTreeSet<String> {
        self.report.undone()
    }
}

/// Does the same for many things that do not need each other, several at once. What became of them comes in their order,
/// whichever was answered first.
async fn several<'t, T, R>(things: &'t [T], one: impl AsyncFn(&'t T) -> R) -> Vec<R> {
    let one = &one;
    stream::iter(things).map(|thing| async move { one(thing).await }).buffered(AT_ONCE).collect().await
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::{AT_ONCE, several};

    #[tokio::test]
    async fn several_are_under_way_at_once_and_told_in_their_order() {
        let things: Vec<usize> = (0..3 * AT_ONCE).collect();
        // Nobody passes before as many are there.
        let together = Barrier::new(AT_ONCE);
        let one = async |thing: &usize| {
            together.wait().await;
            // The later ones are answered first.
            for _ in 0..things.len() - thing {
                tokio::task::yield_now().await;
            }
            *thing
        };
        assert_eq!(several(&things, one).await, things);
    }
}
