//! Data loaders: what a page's entries need is read once for all of them, instead of once for each.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::{
        change::{self, Change, ChangeItem},
        environment::{self, Environment},
        feature::{self, Feature},
        member::{self, Membership},
        pipeline::{self, PipelineStage},
        stage::{self, Stage},
        version::{self, Version},
        vote::{self, Vote},
    },
};

/// Loads by key, in one statement a kind.
pub struct Loaders(PgPool);

/// The loader of one request.
pub fn loader(pool: PgPool) -> DataLoader<Loaders> {
    DataLoader::new(Loaders(pool), tokio::spawn).delay(std::time::Duration::from_micros(200))
}

/// The stages of a feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StagesOf(pub Uuid);
/// The open changes on a stage.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PendingOn(pub Uuid);
/// The teams of a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MembershipsOf(pub Uuid);
/// The items of a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemsOf(pub Uuid);
/// The votes on a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VotesOn(pub Uuid);
/// The stages of a pipeline.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlacesOf(pub Uuid);
/// An environment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvironmentById(pub Uuid);
/// A feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeatureById(pub Uuid);
/// A change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeById(pub Uuid);
/// A version, by stage and number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionByNumber(pub Uuid, pub i32);

fn group<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

macro_rules! loads {
    ($key:ty => $value:ty, |$conn:ident, $keys:ident| $body:expr) => {
        impl Loader<$key> for Loaders {
            type Value = $value;
            type Error = Arc<Error>;
            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                let load = async {
                    let mut conn = self.0.acquire().await?;
                    let $conn = &mut *conn;
                    Ok::<_, Error>($body)
                };
                load.await.map_err(Arc::new)
            }
        }
    };
}

fn ids<K: Copy>(keys: &[K], id: impl Fn(K) -> Uuid) -> Vec<Uuid> {
    keys.iter().map(|key| id(*key)).collect()
}

loads!(StagesOf => Vec<Stage>, |conn, keys| {
    group(stage::of_features(conn, &ids(keys, |k| k.0)).await?, |row| StagesOf(row.feature_id))
});
loads!(MembershipsOf => Vec<Membership>, |conn, keys| {
    let groups = group(member::of_users(conn, &ids(keys, |k| k.0)).await?, |(user, _)| MembershipsOf(*user));
    groups.into_iter().map(|(user, rows)| (user, rows.into_iter().map(|(_, row)| row).collect())).collect()
});
loads!(ItemsOf => Vec<ChangeItem>, |conn, keys| {
    group(change::items(conn, &ids(keys, |k| k.0)).await?, |row| ItemsOf(row.change_id))
});
loads!(VotesOn => Vec<Vote>, |conn, keys| {
    group(vote::of_changes(conn, &ids(keys, |k| k.0)).await?, |row| VotesOn(row.change_id))
});
loads!(PlacesOf => Vec<PipelineStage>, |conn, keys| {
    group(pipeline::stages(conn, &ids(keys, |k| k.0)).await?, |row| PlacesOf(row.pipeline_id))
});
loads!(EnvironmentById => Environment, |conn, keys| {
    let rows = environment::by_ids(conn, &ids(keys, |k| k.0)).await?;
    rows.into_iter().map(|row| (EnvironmentById(row.id), row)).collect()
});
loads!(FeatureById => Feature, |conn, keys| {
    feature::by_ids(conn, &ids(keys, |k| k.0)).await?.into_iter().map(|row| (FeatureById(row.id), row)).collect()
});
loads!(ChangeById => Change, |conn, keys| {
    change::by_ids(conn, &ids(keys, |k| k.0)).await?.into_iter().map(|row| (ChangeById(row.id), row)).collect()
});
loads!(VersionByNumber => Version, |conn, keys| {
    let numbers: Vec<i32> = keys.iter().map(|k| k.1).collect();
    let rows = version::by_numbers(conn, &ids(keys, |k| k.0), &numbers).await?;
    rows.into_iter().map(|row| (VersionByNumber(row.stage_id, row.number), row)).collect()
});
loads!(PendingOn => Vec<Change>, |conn, keys| {
    let pairs = change::pending_on(conn, &ids(keys, |k| k.0)).await?;
    let changes = change::by_ids(conn, &pairs.iter().map(|(_, change)| *change).collect::<Vec<_>>()).await?;
    let found = |id| changes.iter().find(|change| change.id == id).cloned();
    let rows: Vec<_> = pairs.into_iter().filter_map(|(stage, id)| Some((stage, found(id)?))).collect();
    let groups = group(rows, |(stage, _)| PendingOn(*stage));
    groups.into_iter().map(|(stage, rows)| (stage, rows.into_iter().map(|(_, change)| change).collect())).collect()
});

/// Loads one key; what is not there is the default.
pub async fn load<K>(
    ctx: &Context<'_>,
    key: K,
) -> async_graphql::Result<Option<<Loaders as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Loaders: Loader<K, Error = Arc<Error>>,
{
    Ok(ctx.data::<DataLoader<Loaders>>()?.load_one(key).await?)
}

/// Loads what must be there.
pub async fn must<K>(ctx: &Context<'_>, key: K) -> async_graphql::Result<<Loaders as Loader<K>>::Value>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Loaders: Loader<K, Error = Arc<Error>>,
{
    let missing = || Error::Internal(anyhow::anyhow!("a row that another points to is missing"));
    Ok(load(ctx, key).await?.ok_or_else(missing)?)
}
