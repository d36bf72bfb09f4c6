//! What the control plane's own evaluations keep of sticky splits: asked for while they evaluate, read from the database, and
//! evaluated again where that makes a difference.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use chrono::{DateTime, Utc};
use fluxgate_engine::Kept;
use fluxgate_proto::unit::UnitKey;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::{
        assignment::{self, UnitAt},
        environment, ingest,
    },
};

/// How often is evaluated again? What is kept of one feature can bring up others that depend on it, at each of their levels.
pub const ROUNDS: usize = 10;

/// A unit that a sticky split decided: feature, salt, unit.
type Asked = (String, String, String);

/// What is kept, as far as it is known.
#[derive(Default)]
pub struct Recall {
    known: HashMap<Asked, Option<String>>,
    asked: RefCell<BTreeSet<Asked>>,
    decided: RefCell<BTreeMap<Asked, String>>,
}

impl Kept for Recall {
    fn variant(&self, feature: &str, salt: &str, unit: &str) -> Option<&str> {
        let asked = (feature.to_owned(), salt.to_owned(), unit.to_owned());
        match self.known.get(&asked) {
            Some(kept) => kept.as_deref(),
            None => {
                self.asked.borrow_mut().insert(asked);
                None
            }
        }
    }

    fn decided(&self, feature: &str, salt: &str, unit: &str, variant: &str) {
        let asked = (feature.to_owned(), salt.to_owned(), unit.to_owned());
        self.decided.borrow_mut().insert(asked, variant.to_owned());
    }
}

impl Recall {
    /// Whether something was asked for that is not known; what buckets decided instead is what there is to keep.
    pub fn is_asked(&self) -> bool {
        !self.asked.borrow().is_empty()
    }

    /// Reads what was asked for, in an environment of a team; whether that makes it worth to evaluate again.
    pub async fn read(
        &mut self,
        conn: &mut PgConnection,
        (team, environment): (Uuid, Uuid),
        key: &UnitKey,
    ) -> Result<bool> {
        let asked = std::mem::take(self.asked.get_mut());
        let places = places(conn, (team, environment), (&asked, key)).await?;
        let kept = assignment::kept(conn, places.values()).await?;
        let mut found = false;
        for asked in asked {
            let kept = places.get(&asked).and_then(|place| kept.get(place)).cloned();
            found |= kept.is_some();
            self.known.insert(asked, kept);
        }
        if found {
            self.decided.get_mut().clear();
        }
        Ok(found)
    }

    /// Keeps what buckets decided.
    pub async fn keep(
        &mut self,
        conn: &mut PgConnection,
        (team, environment): (Uuid, Uuid),
        (key, now): (&UnitKey, DateTime<Utc>),
    ) -> Result<()> {
        let decided = std::mem::take(self.decided.get_mut());
        let asked: BTreeSet<_> = decided.keys().cloned().collect();
        let places = places(conn, (team, environment), (&asked, key)).await?;
        let given =
            places.into_iter().filter_map(|(asked, place)| Some((place, decided.get(&asked)?.clone())));
        let given: BTreeMap<_, _> = given.collect();
        if !given.is_empty() {
            assignment::insert(conn, &given, now).await?;
        }
        Ok(())
    }

    /// Evaluates until everything that was asked for is known.
    pub async fn settle<T>(
        &mut self,
        conn: &mut PgConnection,
        (team, environment): (Uuid, Uuid),
        key: &UnitKey,
        evaluate: impl Fn(&Recall) -> T,
    ) -> Result<T> {
        let mut came_to = evaluate(self);
        for _ in 0..ROUNDS {
            if !self.is_asked() || !self.read(conn, (team, environment), key).await? {
                break;
            }
            came_to = evaluate(self);
        }
        Ok(came_to)
    }
}

/// The team of an environment, with it.
pub async fn place(conn: &mut PgConnection, environment: Uuid) -> Result<(Uuid, Uuid)> {
    let found = environment::by_ids(conn, &[environment]).await?;
    let missing = || Error::not_found("environment", environment.to_string(), Vec::new());
    Ok((found.first().ok_or_else(missing)?.team_id, environment))
}

/// Where the database has what was asked for; without features that it does not know there.
async fn places(
    conn: &mut PgConnection,
    (team, environment): (Uuid, Uuid),
    (asked, key): (&BTreeSet<Asked>, &UnitKey),
) -> Result<HashMap<Asked, UnitAt>> {
    let features: BTreeSet<_> = asked.iter().map(|(feature, ..)| feature.clone()).collect();
    let known = ingest::known(conn, team, &[environment], (&Vec::from_iter(features), &[])).await?;
    let features: HashMap<_, _> = known.stages.into_iter().map(|(_, key, feature)| (key, feature)).collect();
    let place = |asked: &Asked| {
        let (feature, salt, unit) = asked;
        let place = (environment, *features.get(feature)?, salt.clone(), key.hash(unit).to_vec());
        Some((asked.clone(), place))
    };
    Ok(asked.iter().filter_map(place).collect())
}
