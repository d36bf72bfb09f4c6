//! A plan as a file: what is to change, and what it was made from, so that it is applied to nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluxgate_client::clock;
use fluxgate_engine::{DiffEntry, FeatureSpec, Manifest, read_manifests};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::difference;
use super::live::{Live, LiveTeam, LiveVersion};
use super::plan::{self, Item, Plan};
use super::reference::Reference;
use crate::error::CliError;
use crate::exit::Exit;
use crate::time;

/// What a plan's file says that it is.
const FORMAT: &str = "fluxgate/plan-v1";

/// A saved plan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    format: String,
    /// Where it was made.
    server: String,
    pub(crate) team: String,
    /// What says that it is that team: its environments' ids.
    environments: BTreeMap<String, Uuid>,
    unchanged: usize,
    items: Vec<SavedItem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedItem {
    name: String,
    /// The live versions, by environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    versions: BTreeMap<String, i64>,
    /// The canonical document of what was there.
    before: Option<String>,
    /// That of what is to be there; none: archived.
    after: Option<String>,
    /// The same in words, for whoever reads the plan.
    differences: Vec<DiffEntry>,
}

/// Writes a plan to a file.
pub(crate) fn save(path: &Path, server: &str, live: &LiveTeam, plan: &Plan) -> Result<(), CliError> {
    let item = |item: &Item| SavedItem {
        name: item.reference.to_string(),
        versions: numbers(item),
        before: item.before.as_ref().map(|before| before.manifest.to_yaml()),
        after: item.after.as_ref().map(Manifest::to_yaml),
        differences: item.differences.clone(),
    };
    let saved = Saved {
        format: FORMAT.to_owned(),
        server: server.to_owned(),
        team: plan.team.clone(),
        environments: live.identity.clone(),
        unchanged: plan.unchanged,
        items: plan.items.iter().map(item).collect(),
    };
    let text = serde_json::to_string_pretty(&saved).unwrap_or_default();
    std::fs::write(path, text + "\n").map_err(|error| {
        CliError::new(Exit::Failed, format!("cannot write the plan to {}: {error}", path.display()))
    })
}

fn numbers(item: &Item) -> BTreeMap<String, i64> {
    let versions = item.before.iter().flat_map(|before| &before.versions);
    versions.map(|(environment, version)| (environment.clone(), version.number)).collect()
}

/// Reads a plan from a file.
pub(crate) fn load(path: &Path) -> Result<Saved, CliError> {
    let broken = |why: String| {
        CliError::usage(format!("{} is no plan: {why}", path.display()))
            .hint("make one: fgctl diff -f DIR --out plan.json; or apply files: fgctl apply -f DIR")
    };
    let text = crate::file::text(path)
        .map_err(|error| CliError::usage(format!("cannot read {}: {error}", path.display())))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    match value["format"].as_str() {
        Some(FORMAT) => {}
        Some(other) => return Err(broken(format!("its format is {other:?}, not {FORMAT:?}"))),
        None => return Err(broken("it does not say its format".to_owned())),
    }
    serde_json::from_value(value).map_err(|error| broken(error.to_string()))
}

impl Saved {
    /// Makes the plan again, when everything is still as it was when it was made, or as it is to be.
    pub(crate) fn against(&self, live: &LiveTeam, server: &str) -> Result<Plan, CliError> {
        let elsewhere = self.environments.iter().any(|(key, id)| live.identity.get(key) != Some(id))
            || self.environments.is_empty() && self.server != server;
        if elsewhere {
            let message = format!(
                "this plan is for team {} on {}, not for the one on {server}",
                self.team, self.server
            );
            return Err(CliError::new(Exit::Conflict, message)
                .hint("make one for it: fgctl diff -f DIR --out plan.json"));
        }
        let mut wanted = BTreeMap::new();
        let mut moved = Vec::new();
        let mut hint = None;
        for item in &self.items {
            let before = item.before.as_deref().map(manifest).transpose()?;
            let after = item.after.as_deref().map(manifest).transpose()?;
            let Some(reference) = after.as_ref().or(before.as_ref()).map(Reference::of) else { continue };
            if let Some((line, look)) = item.moved(&reference, (before.as_ref(), after.as_ref()), live) {
                moved.push(line);
                hint = hint.or(look);
            }
            wanted.insert(reference, after);
        }
        if moved.is_empty() {
            let mut plan = Plan::new(wanted, live, |_, _| None)?;
            plan.unchanged += self.unchanged;
            return Ok(plan);
        }
        let look = hint.map_or(String::new(), |hint| format!("; see what moved: {hint}"));
        Err(CliError::new(Exit::Conflict, format!("this plan is stale: {}", moved.join("; ")))
            .hint(format!("make a new one: fgctl diff -f DIR --out plan.json{look}")))
    }
}

impl SavedItem {
    /// Returns how a thing moved to where the plan neither came from nor goes, and a command that shows it.
    fn moved(
        &self,
        reference: &Reference,
        (before, after): (Option<&Manifest>, Option<&Manifest>),
        live: &LiveTeam,
    ) -> Option<(String, Option<String>)> {
        let Some(now) = live.things.get(reference) else {
            let is_gone = before.is_some() && after.is_some();
            return is_gone.then(|| (format!("{reference} is gone"), None));
        };
        let ends = [before, after];
        if let Some(environment) = self.moved_stage(now, ends) {
            let key = &reference.key;
            let from =
                self.versions.get(environment).map_or("nothing".to_owned(), |number| format!("v{number}"));
            let to = match now.versions.get(environment) {
                Some(LiveVersion { number, by, at }) => {
                    format!("v{number} in {environment} ({by}, {} ago)", time::ago(*at, clock::now()))
                }
                None => format!("nothing in {environment}"),
            };
            let look = format!("fgctl feature history {key} -e {environment}");
            return Some((format!("{key} moved from {from} to {to}"), Some(look)));
        }
        let said = |of: &Manifest| difference::said(&of.spec).into_iter().collect::<BTreeMap<_, _>>();
        let (current, ends) = (said(&now.manifest), ends.map(|end| end.map(said)));
        let fields = ends.iter().flatten().chain([&current]).flat_map(BTreeMap::keys);
        let is_off =
            |field: &&String| ends.iter().flatten().all(|end| end.get(*field) != current.get(*field));
        let off: BTreeSet<&String> = fields.filter(is_off).collect();
        if off.is_empty() {
            return None;
        }
        let off: Vec<&str> = off.into_iter().map(String::as_str).collect();
        Some((format!("{reference} has another {}", off.join(", ")), None))
    }

    /// Returns a stage that serves neither what it did nor what it is to.
    fn moved_stage<'a>(&'a self, now: &'a Live, ends: [Option<&Manifest>; 2]) -> Option<&'a String> {
        let [before, after] = ends.map(|end| end.and_then(plan::feature));
        let serves = |environment: &String| plan::feature(&now.manifest)?.stages.get(environment);
        let is_at = |end: Option<&FeatureSpec>, environment: &String| {
            end.is_some_and(|end| end.stages.get(environment) == serves(environment))
        };
        now.versions.keys().chain(self.versions.keys()).find(|environment| {
            let number = now.versions.get(*environment).map(|version| version.number);
            let is_before = is_at(before, environment) && self.versions.get(*environment).copied() == number;
            let is_going = after.is_none() && number.is_none();
            !(is_before || is_at(after, environment) || is_going)
        })
    }
}

fn manifest(text: &str) -> Result<Manifest, CliError> {
    let mut file = read_manifests(text);
    match (file.documents.pop(), file.problems.first()) {
        (Some(document), None) => Ok(document.manifest),
        (_, problem) => {
            let why = problem.map_or(String::new(), |problem| format!(": {problem}"));
            Err(CliError::usage(format!("the plan has a document that is broken{why}"))
                .hint("make a new one: fgctl diff -f DIR --out plan.json"))
        }
    }
}
