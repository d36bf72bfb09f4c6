//! Where a change's documents come from: their author, another stage, an earlier version, or nowhere.

use std::collections::{HashMap, HashSet};

use fluxgate_engine::FlagConfig;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Intent, document, gate,
    propose::{Draft, Proposal, Target, propose},
    rebase::merged,
};
use crate::{
    access::{self, Action},
    auth::Caller,
    error::{Error, Gate, Result},
    service::{feature as features, team},
    store::{
        change::{ChangeItem, ChangeKind},
        feature::{self, Feature},
        pipeline::{self, PipelineStage},
        stage::{self, LockedStage},
        team::Team,
        version,
    },
};

/// How many stages may one change move?
pub const MAX_ITEMS: usize = 100;

/// What one stage of a change is to serve.
pub struct Wish {
    /// The feature's key.
    pub feature: String,
    /// The environment's key; of a promotion it may be left out where the pipeline leaves no choice.
    pub environment: Option<String>,
    /// Where the document comes from.
    pub source: Source,
    /// Where in a larger input this stands, for errors; empty when it is all of it.
    pub path: String,
}

/// Where a document comes from.
pub enum Source {
    /// From its author, made from this version, to notice others' changes.
    Edit { config: Value, base: Option<i32> },
    /// From another stage, the one before in the pipeline unless named.
    Promote { from: Option<String> },
    /// From an earlier version, the one before the live one unless named.
    Rollback { version: Option<i32> },
    /// There is none: the stage serves nothing any more.
    Withdraw,
    /// From a stale edit or rollback of this number, with what was applied since.
    Stale { number: i32, kind: ChangeKind, item: ChangeItem },
}

impl Source {
    /// What an author wrote.
    fn written(&self) -> Option<&Value> {
        match self {
            Source::Edit { config, .. } => Some(config),
            _ => None,
        }
    }

    fn kind(&self) -> ChangeKind {
        match self {
            Source::Edit { .. } => ChangeKind::Edit,
            Source::Promote { .. } => ChangeKind::Promote,
            Source::Rollback { .. } => ChangeKind::Rollback,
            Source::Withdraw => ChangeKind::Withdraw,
            Source::Stale { kind, .. } => *kind,
        }
    }
}

/// Proposes documents for stages, all of them or none: one way for every kind of change.
pub async fn request(
    conn: &mut PgConnection,
    caller: &Caller,
    intent: Intent,
    wishes: &[Wish],
) -> Result<Proposal> {
    let team = team::find(conn, caller, &intent.team, Action::Propose).await?;
    let Some(kind) = wishes.first().map(|wish| wish.source.kind()) else {
        return Err(Error::invalid("items", "are needed: a change moves at least one stage"));
    };
    if wishes.len() > MAX_ITEMS || wishes.iter().any(|wish| wish.source.kind() != kind) {
        return Err(Error::invalid("items", format!("are at most {MAX_ITEMS}, and of one kind")));
    }
    // Before anything is locked: it may take a while, and a kill waits for none of it.
    let written = document::parse(wishes.iter().map(|wish| wish.source.written())).await;
    let locked = Locked::find(conn, &team, wishes, intent.dry_run).await?;
    let ends = locked.all_ends(wishes)?;
    access::require_within(caller, &team, ends.iter().map(|ends| ends.target.place()))?;
    let gates = gates(conn, &locked, wishes, &ends).await?;
    if gates.iter().any(|gate| !gate.passed) {
        return Err(blocked(wishes, &ends, gates));
    }
    let mut targets = Vec::new();
    for ((wish, ends), written) in wishes.iter().zip(&ends).zip(written) {
        let document = document(conn, wish, *ends, written).await;
        targets.push((*ends, document.map_err(|error| error.within(&wish.path))?));
    }
    let cycles: Vec<_> = targets
        .iter()
        .filter_map(|(ends, document)| {
            let (config, _) = document.as_ref()?;
            Some((ends.target.environment_id, ends.feature.key.as_str(), config))
        })
        .collect();
    document::check_cycles(conn, &cycles).await?;
    let targets = targets.into_iter().zip(wishes).map(|((ends, document), wish)| {
        let (parsed, config) = document.unzip();
        let (feature, stage, source) = (ends.feature, ends.target, ends.source);
        Target { feature, stage, source, parsed, config, path: wish.path.clone() }
    });
    let draft = Draft {
        team: &team,
        kind,
        reason: intent.reason,
        apply_at: intent.apply_at,
        dry_run: intent.dry_run,
        targets: targets.collect(),
        gates,
    };
    propose(conn, caller, draft).await
}

/// The stage that a document goes to, and of a promotion the one that it comes from.
#[derive(Clone, Copy)]
struct Ends<'a> {
    feature: &'a Feature,
    source: Option<&'a LockedStage>,
    target: &'a LockedStage,
}

/// Features with all their stages locked, so that what is looked at is what is changed.
struct Locked {
    features: HashMap<String, Feature>,
    stages: Vec<LockedStage>,
    pipelines: HashMap<Uuid, Vec<PipelineStage>>,
}

impl Locked {
    /// Finds them; a dry run changes nothing, and so holds nobody up.
    async fn find(conn: &mut PgConnection, team: &Team, wishes: &[Wish], dry_run: bool) -> Result<Locked> {
        let keys: HashSet<&str> = wishes.iter().map(|wish| wish.feature.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let stages = match dry_run {
            true => stage::of_keys(conn, team.id, &keys).await?,
            false => stage::lock_of_keys(conn, team.id, &keys).await?,
        };
        // Read only now: one may have been archived meanwhile.
        let found = feature::by_keys(conn, team.id, &keys).await?;
        if let Some(missing) = keys.iter().find(|key| found.iter().all(|feature| feature.key != **key)) {
            features::find(conn, team.id, missing).await?;
        }
        let mut pipelines: Vec<Uuid> = found.iter().map(|feature| feature.pipeline_id).collect();
        pipelines.sort();
        pipelines.dedup();
        let mut places: HashMap<Uuid, Vec<PipelineStage>> = HashMap::new();
        if wishes.iter().any(|wish| matches!(wish.source, Source::Promote { .. })) {
            for place in pipeline::stages(conn, &pipelines).await? {
                places.entry(place.pipeline_id).or_default().push(place);
            }
        }
        for feature in &found {
            features::require_present(feature)?;
        }
        let features = found.into_iter().map(|feature| (feature.key.clone(), feature)).collect();
        Ok(Locked { features, stages, pipelines: places })
    }

    /// The ends of each wish; no stage may be named twice.
    fn all_ends<'a>(&'a self, wishes: &[Wish]) -> Result<Vec<Ends<'a>>> {
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for wish in wishes {
            let ends = self.ends(wish).map_err(|error| error.within(&wish.path))?;
            if !seen.insert(ends.target.id) {
                let twice = format!("{} in {} is there twice", wish.feature, ends.target.environment_key);
                return Err(Error::invalid("environment", twice).within(&wish.path));
            }
            all.push(ends);
        }
        Ok(all)
    }

    fn ends<'a>(&'a self, wish: &Wish) -> Result<Ends<'a>> {
        let gone = || Error::not_found("feature", &wish.feature, Vec::new());
        let feature = self.features.get(&wish.feature).ok_or_else(gone)?;
        let of: Vec<&LockedStage> =
            self.stages.iter().filter(|stage| stage.feature_id == feature.id).collect();
        if let Source::Promote { from } = &wish.source {
            let (source, target) =
                promoted(&of, self.pipeline(feature), from.as_deref(), wish.environment.as_deref())?;
            return Ok(Ends { feature, source: Some(source), target });
        }
        let Some(environment) = &wish.environment else {
            return Err(Error::invalid("environment", "is needed"));
        };
        Ok(Ends { feature, source: None, target: named(&of, environment)? })
    }

    fn pipeline(&self, feature: &Feature) -> &[PipelineStage] {
        self.pipelines.get(&feature.pipeline_id).map(Vec::as_slice).unwrap_or_default()
    }
}

fn named<'a>(stages: &[&'a LockedStage], environment: &str) -> Result<&'a LockedStage> {
    stages.iter().find(|stage| stage.environment_key == environment).copied().ok_or_else(|| {
        let candidates = stages.iter().map(|stage| stage.environment_key.clone()).collect();
        Error::not_found("environment", environment, candidates)
    })
}

/// Every gate of every promotion.
async fn gates(
    conn: &mut PgConnection,
    locked: &Locked,
    wishes: &[Wish],
    all: &[Ends<'_>],
) -> Result<Vec<Gate>> {
    let mut gates = Vec::new();
    for ends in all {
        let Some(source) = ends.source else { continue };
        let arriving = all.iter().filter(|other| other.target.environment_id == ends.target.environment_id);
        let arriving: HashSet<&str> = arriving.map(|other| other.feature.key.as_str()).collect();
        let pipeline = locked.pipeline(ends.feature);
        let found = gate::promotion(conn, ends.feature, pipeline, (source, ends.target), &arriving).await?;
        let feature = (wishes.len() > 1).then(|| ends.feature.key.clone());
        gates.extend(found.into_iter().map(|gate| Gate { feature: feature.clone(), ..gate }));
    }
    Ok(gates)
}

fn blocked(wishes: &[Wish], ends: &[Ends<'_>], gates: Vec<Gate>) -> Error {
    let message = match ends {
        [only] => format!("{} cannot go to {}", only.feature.key, only.target.environment_key),
        _ => {
            let mut held: Vec<&str> =
                gates.iter().filter(|gate| !gate.passed).filter_map(|gate| gate.feature.as_deref()).collect();
            held.dedup();
            format!("{} of {} cannot be promoted: {}", held.len(), wishes.len(), held.join(", "))
        }
    };
    Error::Blocked { message, gates }
}

/// The document that a wish asks for, as it means and as it is kept; none withdraws. What an author wrote is kept in its
/// canonical form, what was served is kept as it was.
async fn document(
    conn: &mut PgConnection,
    wish: &Wish,
    ends: Ends<'_>,
    written: Option<Result<FlagConfig>>,
) -> Result<Option<(FlagConfig, Value)>> {
    let (feature, stage) = (ends.feature, ends.target);
    let served = match &wish.source {
        Source::Edit { base, .. } => {
            check_base(feature, stage, *base)?;
            let Some(written) = written else { return Ok(None) };
            let config = document::fitting(feature, written?)?;
            let value = config.to_value();
            return Ok(Some((config, value)));
        }
        Source::Stale { number, kind: ChangeKind::Edit, item } => Some(merged(*number, item, stage)?),
        Source::Stale { item, .. } => item.config.clone(),
        Source::Promote { .. } => ends.source.and_then(|source| source.config.clone()),
        Source::Rollback { version } => Some(earlier(conn, feature, stage, *version).await?),
        Source::Withdraw => None,
    };
    let Some(value) = served else { return Ok(None) };
    Ok(Some((document::read(feature, &value)?, value)))
}

fn check_base(feature: &Feature, stage: &LockedStage, base: Option<i32>) -> Result<()> {
    let Some(base) = base.filter(|base| Some(*base) != stage.live_version) else { return Ok(()) };
    let live = stage.live_version.map_or("is not deployed any more".to_owned(), |v| format!("moved to v{v}"));
    Err(Error::Conflict(format!(
        "{} in {} {live} from v{base} meanwhile; look at it and try again",
        feature.key, stage.environment_key
    )))
}

async fn earlier(
    conn: &mut PgConnection,
    feature: &Feature,
    stage: &LockedStage,
    number: Option<i32>,
) -> Result<Value> {
    let (key, environment) = (&feature.key, &stage.environment_key);
    let number = match (number, stage.live_version) {
        (Some(number), _) => number,
        (None, Some(live)) if live > 1 => live - 1,
        (None, Some(_)) => {
            return Err(Error::Conflict(format!("{key} has no version before v1 in {environment}")));
        }
        (None, None) => return Err(Error::Conflict(format!("{key} is not deployed in {environment}"))),
    };
    let unknown = || Error::not_found("version", format!("v{number}"), Vec::new());
    version::config(conn, stage.id, number).await?.ok_or_else(unknown)
}

/// The two ends of a promotion; either may be left out where the pipeline leaves no choice.
fn promoted<'a>(
    stages: &[&'a LockedStage],
    pipeline: &[PipelineStage],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(&'a LockedStage, &'a LockedStage)> {
    let by_id = |id| stages.iter().find(|stage| Some(stage.environment_id) == id).copied();
    let first = |key: &str| {
        Error::invalid("to", format!("{key} is the first stage of the pipeline: nothing is promoted to it"))
    };
    match (from, to) {
        (Some(from), Some(to)) => Ok((named(stages, from)?, named(stages, to)?)),
        (None, Some(to)) => {
            let target = named(stages, to)?;
            let before = gate::parent(pipeline, target).map(|place| place.environment.id);
            Ok((by_id(before).ok_or_else(|| first(to))?, target))
        }
        (Some(from), None) => {
            let source = named(stages, from)?;
            let next: Vec<_> =
                pipeline.iter().filter(|p| p.source_id == Some(source.environment_id)).collect();
            match next.as_slice() {
                [only] => Ok((source, by_id(Some(only.environment.id)).ok_or_else(|| first(from))?)),
                [] => Err(Error::invalid("from", format!("{from} is the last stage of the pipeline"))),
                several => {
                    let names: Vec<_> = several.iter().map(|p| p.environment.key.as_str()).collect();
                    Err(Error::invalid("to", format!("is needed: {from} leads to {}", names.join(" and "))))
                }
            }
        }
        (None, None) => Err(Error::invalid("to", "is needed: name the environment to promote to")),
    }
}
