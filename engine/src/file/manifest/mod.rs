//! Manifests: what a team has, as files hold it. One document describes one feature, environment, pipeline, context key
//! or policy; a text may hold several, divided by `---`.

mod divide;
mod feature;
mod kinds;
mod section;
mod write;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::section::Section;
use super::node::{Kind, Node, Place};
use super::parse::{self, Holds};
use super::{Problem, locate};
use crate::config::FlagConfig;
use crate::lint::lint;
use crate::validate::{A_KEY, Found, is_key};

/// The version of the format, as each document names it.
const API_VERSION: &str = "fluxgate/v1";

/// What a document describes, as it names it.
const KINDS: [&str; 5] = ["Environment", "Pipeline", "ContextKey", "Feature", "Policy"];

/// One thing of a team: its definition, and nothing of what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The team's key; none: whichever it is applied to.
    pub team: Option<String>,
    /// Its own key, or a policy's name.
    pub key: String,
    /// What it is like.
    pub spec: Spec,
}

/// What a thing is, and what it is like.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A place where features are served.
    Environment(EnvironmentSpec),
    /// A tree of environments.
    Pipeline(PipelineSpec),
    /// An attribute of contexts.
    ContextKey(ContextKeySpec),
    /// A flag, and what it does in each environment.
    Feature(Box<FeatureSpec>),
    /// Who has to agree to changes.
    Policy(PolicySpec),
}

/// An environment. Words are those of the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentSpec {
    /// What people call it.
    pub name: String,
    /// DEVELOPMENT, STAGING or PRODUCTION.
    pub kind: String,
    /// Like `#3fb950`.
    pub colour: Option<String>,
    /// Its place among the team's, from 1; none: wherever it is.
    pub position: Option<i64>,
    /// Whether it takes changes.
    pub active: bool,
}

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineSpec {
    /// What people call it.
    pub name: String,
    /// Each behind the one that it follows.
    pub stages: Vec<PipelineStage>,
}

/// A pipeline's stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PipelineStage {
    /// The environment's key.
    pub environment: String,
    /// The key of the one before; only the first has none.
    pub after: Option<String>,
}

/// A context key.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextKeySpec {
    /// STRING, NUMBER, BOOLEAN, VERSION or INSTANT.
    pub kind: String,
    /// What it is.
    pub description: String,
    /// What it may hold; anything of its type when empty.
    pub allowed_values: Vec<Value>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// ALL, PRODUCTION or LISTED.
    pub scope: String,
    /// The keys that a LISTED one names, sorted.
    pub environments: Vec<String>,
    /// How many must agree.
    pub approvals: i64,
    /// Whose approvals count, sorted.
    pub roles: Vec<String>,
    /// After how many hours without a rejection it is satisfied by itself; none: never.
    pub auto_approve_hours: Option<i64>,
    /// Whether that holds in environments of type PRODUCTION as well.
    pub auto_approve_production: bool,
    /// Whether a TEAM_ADMIN may let a change through without the approvals.
    pub override_allowed: bool,
    /// Whether it counts.
    pub enabled: bool,
}

/// A feature.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSpec {
    /// Words to find it by, sorted.
    pub tags: Vec<String>,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// SIMPLE or CONTEXTUAL.
    pub kind: String,
    /// BOOLEAN, STRING, NUMBER or OBJECT.
    pub value_type: String,
    /// BETA, ACTIVE, PERMANENT or DEPRECATED.
    pub lifecycle: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When it should be gone.
    pub removal_date: Option<DateTime<Utc>>,
    /// The pipeline's key; none: the only one that there is.
    pub pipeline: Option<String>,
    /// What it does where it is deployed, by environment.
    pub stages: BTreeMap<String, FlagConfig>,
}

/// What a text holds, as far as it can be understood.
#[derive(Debug, Default)]
pub struct ManifestFile {
    /// The documents without a problem, in their order.
    pub documents: Vec<Written>,
    /// All that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// A document of a text, with its places.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it says.
    pub manifest: Manifest,
    root: Node,
    /// The documents of its stages, as they were read.
    stages: BTreeMap<String, Node>,
    /// How many lines of the text stand before it.
    lines_before: usize,
}

impl Spec {
    /// Returns what a document names it.
    pub fn kind(&self) -> &'static str {
        let [environment, pipeline, context_key, feature, policy] = KINDS;
        match self {
            Self::Environment(_) => environment,
            Self::Pipeline(_) => pipeline,
            Self::ContextKey(_) => context_key,
            Self::Feature(_) => feature,
            Self::Policy(_) => policy,
        }
    }
}

impl Manifest {
    /// Returns the canonical document, so that what means the same is the same text.
    pub fn to_yaml(&self) -> String {
        write::write(self)
    }
}

impl Written {
    /// Returns a problem of the document at the place that a path leads to, or at the nearest around it.
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        let found = vec![Found::value(path, message)];
        let mut problems = locate::locate(&self.root, found);
        self.moved(problems.remove(0))
    }

    /// Returns what is allowed in the documents of the stages, but probably not meant.
    pub fn lint(&self) -> Vec<Problem> {
        let Spec::Feature(feature) = &self.manifest.spec else {
            return Vec::new();
        };
        let mut problems: Vec<Problem> = Vec::new();
        for (environment, node) in &self.stages {
            let Some(config) = feature.stages.get(environment) else { continue };
            let found = lint(config).into_iter().map(|lint| Found::value(lint.path, lint.message)).collect();
            let found = locate::locate(node, found);
            problems.extend(found.into_iter().map(|problem| {
                let path = feature::stage_path(environment, &problem.path);
                self.moved(Problem { path, ..problem })
            }));
        }
        // Variants that stand there for all stages are served by any of them.
        let stages = self.stages.len();
        let place = |problem: &Problem| (problem.line, problem.column, problem.message.clone());
        let mut times = BTreeMap::new();
        problems.iter().for_each(|problem| *times.entry(place(problem)).or_insert(0) += 1);
        if self.shares_variants() {
            let is_shared = |problem: &Problem| problem.path.split('.').nth(3) == Some("variants");
            problems.retain(|problem| !is_shared(problem) || times.get(&place(problem)) == Some(&stages));
        }
        in_order(&mut problems);
        problems
    }

    /// Returns whether the variants stand once for all stages.
    fn shares_variants(&self) -> bool {
        field(&self.root, "spec").and_then(|spec| field(spec, "variants")).is_some()
    }

    fn moved(&self, problem: Problem) -> Problem {
        Problem { line: problem.line + self.lines_before, ..problem }
    }
}

/// Reads all documents of a text, reporting every error with its place. A flag config in them has the text forms of
/// [`FlagConfig::from_yaml`].
pub fn read_manifests(text: &str) -> ManifestFile {
    let mut file = ManifestFile::default();
    for (lines_before, text) in divide::documents(text) {
        let (document, mut problems) = document(text, lines_before);
        in_order(&mut problems);
        let moved = |problem: Problem| Problem { line: problem.line + lines_before, ..problem };
        file.problems.extend(problems.into_iter().map(moved));
        file.documents.extend(document);
    }
    file
}

fn document(text: &str, lines_before: usize) -> (Option<Written>, Vec<Problem>) {
    let (root, mut problems) = parse::parse(text, Holds::Manifest);
    let Some(root) = root else {
        return (None, problems);
    };
    let unread: Vec<Place> = problems.iter().map(Problem::place).collect();
    let mut found = Vec::new();
    let mut stages = BTreeMap::new();
    let manifest = manifest(&root, &mut stages, &mut found);
    // What could not be read is not reported a second time for what stands in its place.
    found.retain(|problem| !unread.contains(&problem.place()));
    problems.extend(found);
    let manifest = manifest.filter(|_| problems.is_empty());
    (manifest.map(|manifest| Written { manifest, root, stages, lines_before }), problems)
}

fn manifest(
    root: &Node,
    stages: &mut BTreeMap<String, Node>,
    problems: &mut Vec<Problem>,
) -> Option<Manifest> {
    let top = Section::open(root, root.place, String::new(), problems)?;
    top.allow(&["apiVersion", "kind", "metadata", "spec"], problems);
    top.require("apiVersion", API_VERSION, problems);
    if top.text("apiVersion", problems).is_some_and(|version| version != API_VERSION) {
        top.report("apiVersion", format!("must be {API_VERSION}"), problems);
    }
    let kind = top.required_word("kind", &KINDS, problems);
    let metadata = top.required_section("metadata", problems);
    let spec = top.required_section("spec", problems);
    let (kind, metadata, spec) = (kind?, metadata?, spec?);
    let identity = if kind == "Policy" { "name" } else { "key" };
    let known: &[&str] = if kind == "Feature" { &["team", "key", "tags"] } else { &["team", identity] };
    metadata.allow(known, problems);
    let team = metadata.key("team", problems);
    metadata.require(identity, "a key", problems);
    let key = metadata.key(identity, problems);
    let spec = match &*kind {
        "Environment" => kinds::environment(&spec, key.as_deref(), problems).map(Spec::Environment),
        "Pipeline" => kinds::pipeline(&spec, key.as_deref(), problems).map(Spec::Pipeline),
        "ContextKey" => kinds::context_key(&spec, problems).map(Spec::ContextKey),
        "Policy" => kinds::policy(&spec, problems).map(Spec::Policy),
        _ => feature::feature((&metadata, &spec), key.as_deref(), stages, problems)
            .map(|spec| Spec::Feature(Box::new(spec))),
    };
    Some(Manifest { team, key: key?, spec: spec? })
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|entry| entry.key == name).map(|entry| &entry.node)
}

/// Returns the message for a text that is no key, if it is none.
fn no_key(text: &str) -> Option<&'static str> {
    (!is_key(text)).then_some(A_KEY)
}

/// Brings problems into the order of the text, each once.
fn in_order(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
    problems.dedup_by(|b, a| (a.line, a.column, &a.message) == (b.line, b.column, &b.message));
}
