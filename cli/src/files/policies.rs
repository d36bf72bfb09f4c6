//! Which policies a plan would meet, by those that the server has now.

use std::collections::BTreeSet;

use fluxgate_engine::{PolicySpec, Spec};
use serde::Serialize;

use super::live::LiveTeam;
use super::plan::Plan;
use super::reference::Noun;

/// A policy that covers a change of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Met {
    pub(crate) environment: String,
    pub(crate) policy: String,
    pub(crate) approvals: i64,
}

impl Met {
    /// Returns it in words.
    pub(crate) fn sentence(&self) -> String {
        let Self { environment, policy, approvals } = self;
        let plural = if *approvals == 1 { "" } else { "s" };
        format!("{environment} changes need {approvals} approval{plural} (policy {policy:?}).")
    }
}

/// Returns the policies that are met, by environment.
pub(super) fn met(plan: &Plan, live: &LiveTeam) -> Vec<Met> {
    let mut touched = BTreeSet::new();
    for item in plan.items_of(Noun::Feature) {
        touched.extend(item.edits().iter().map(|edit| edit.environment.to_owned()));
        if let (None, Some(before)) = (&item.after, &item.before) {
            touched.extend(before.versions.keys().cloned());
        }
    }
    let mut met = Vec::new();
    for environment in live.environments.iter().filter(|environment| touched.contains(*environment)) {
        for thing in live.things.values() {
            let Spec::Policy(policy) = &thing.manifest.spec else { continue };
            if covers(policy, environment, live.kind_of(environment, plan)) {
                met.push(Met {
                    environment: environment.clone(),
                    policy: thing.manifest.key.clone(),
                    approvals: policy.approvals,
                });
            }
        }
    }
    met
}

fn covers(policy: &PolicySpec, environment: &String, kind: &str) -> bool {
    policy.enabled
        && match policy.scope.as_str() {
            "ALL" => true,
            "PRODUCTION" => kind == "PRODUCTION",
            _ => policy.environments.contains(environment),
        }
}
