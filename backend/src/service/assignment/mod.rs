//! Assignments of sticky splits: kept once, for whoever commits first, and told to everybody who asks.
//!
//! An edge writes and reads only what its client's team has in the environments that the client may see. Nothing that is
//! served is locked, and nobody is notified.

pub mod recall;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use fluxgate_proto::v1::{Assignment, AssignmentBatch, AssignmentGroup, KeptAssignments, KeptGroup};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    delivery::state::Scope,
    error::Result,
    store::{
        assignment::{self, UnitAt},
        ingest,
    },
};

/// Keeps what was served to units of which nothing is kept. Answers with what is, where that is something else.
pub async fn keep(
    conn: &mut PgConnection,
    scope: Scope,
    batch: &AssignmentBatch,
    now: DateTime<Utc>,
) -> Result<KeptAssignments> {
    let places = places(conn, scope, batch).await?;
    let mut given = BTreeMap::new();
    for (group, place) in batch.groups.iter().zip(&places) {
        let Some(place) = place else { continue };
        for assignment in &group.assignments {
            given.entry(at(*place, group, assignment)).or_insert_with(|| assignment.variant.clone());
        }
    }
    if !given.is_empty() {
        assignment::insert(conn, &given, now).await?;
    }
    // Only now: what others kept in the meantime is committed, or it would have been waited for.
    let kept = assignment::kept(conn, given.keys()).await?;
    Ok(answer(batch, &places, &kept))
}

/// Answers with what is kept of units.
pub async fn look_up(
    conn: &mut PgConnection,
    scope: Scope,
    batch: &AssignmentBatch,
) -> Result<KeptAssignments> {
    let places = places(conn, scope, batch).await?;
    let mut wanted = BTreeSet::new();
    for (group, place) in batch.groups.iter().zip(&places) {
        let Some(place) = place else { continue };
        wanted.extend(group.assignments.iter().map(|assignment| at(*place, group, assignment)));
    }
    let kept = assignment::kept(conn, wanted.iter()).await?;
    Ok(answer(batch, &places, &kept))
}

/// The environment and the feature of each group; none where the client may not see it, or there is none.
async fn places(
    conn: &mut PgConnection,
    scope: Scope,
    batch: &AssignmentBatch,
) -> Result<Vec<Option<(Uuid, Uuid)>>> {
    let id = |group: &AssignmentGroup| Uuid::from_slice(&group.environment_id).ok();
    let named: BTreeSet<_> = batch.groups.iter().filter_map(id).collect();
    let seen = named.into_iter().filter(|id| scope.environment.is_none_or(|only| only == *id));
    let features: BTreeSet<_> = batch.groups.iter().map(|group| group.feature_key.clone()).collect();
    let (seen, features) = (Vec::from_iter(seen), Vec::from_iter(features));
    let known = ingest::known(conn, scope.team, &seen, (&features, &[])).await?;
    let environments: HashSet<_> = known.environments.into_iter().collect();
    let stages: HashMap<_, _> =
        known.stages.into_iter().map(|(environment, key, feature)| ((environment, key), feature)).collect();
    let place = |group: &AssignmentGroup| {
        let environment = id(group).filter(|id| environments.contains(id))?;
        let feature = stages.get(&(environment, group.feature_key.clone()))?;
        Some((environment, *feature))
    };
    Ok(batch.groups.iter().map(place).collect())
}

fn at((environment, feature): (Uuid, Uuid), group: &AssignmentGroup, of: &Assignment) -> UnitAt {
    (environment, feature, group.salt.clone(), of.unit.clone())
}

fn answer(
    batch: &AssignmentBatch,
    places: &[Option<(Uuid, Uuid)>],
    kept: &BTreeMap<UnitAt, String>,
) -> KeptAssignments {
    let one = |(group, place): (&AssignmentGroup, &Option<(Uuid, Uuid)>)| {
        let Some(place) = place else { return KeptGroup { kept: Vec::new(), refused: true } };
        let other = |assignment: &Assignment| {
            let variant = kept.get(&at(*place, group, assignment))?;
            let news = *variant != assignment.variant;
            news.then(|| Assignment { unit: assignment.unit.clone(), variant: variant.clone() })
        };
        KeptGroup { kept: group.assignments.iter().filter_map(other).collect(), refused: false }
    };
    KeptAssignments { groups: batch.groups.iter().zip(places).map(one).collect() }
}
