//! Data loaders: what a page's entries need is read once for all of them, instead of once for each.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    service,
    store::{
        bounded::Budget,
        change::{self, Change, ChangeItem},
        client::{self, Client, ClientKey},
        comment::{self, Comment},
        environment::{self, Environment},
        evaluation::{self, Seen},
        feature::{self, Dependent, Feature},
        member::{self, Member, Membership},
        pipeline::{self, PipelineStage},
        policy::Requirement,
        stage::{self, Stage},
        token::{self, TokenKey},
        version::{self, Version},
        vote::{self, Vote},
    },
};

/// Loads by key, in one statement a kind, for one request.
pub struct Loaders {
    pool: PgPool,
    now: DateTime<Utc>,
    budget: Budget,
    told: Budget,
}

/// How often does a load let the request go on before it takes what is asked for? A large page is resolved in several
/// turns, whatever time they take; what they ask for is to be one statement all the same.
const TURNS: usize = 16;

/// The loader of one request, with its time.
pub fn loader(pool: PgPool, now: DateTime<Utc>) -> DataLoader<Loaders> {
    let spawn = |load: BoxFuture<'static, ()>| {
        tokio::spawn(async move {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            load.await;
        })
    };
    DataLoader::new(Loaders { pool, now, budget: Budget::default(), told: Budget::default() }, spawn)
        .delay(std::time::Duration::from_micros(200))
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
/// The comments on a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommentsOn(pub Uuid);
/// The stages of a pipeline.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlacesOf(pub Uuid);
/// What a change needs to be applied.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequirementsOf(pub Uuid);
/// The active members of a team.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActiveIn(pub Uuid);
/// The last change that was applied to a feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LastChangeOf(pub Uuid);
/// The live documents that depend on a feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DependentsOf(pub Uuid);
/// An environment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvironmentById(pub Uuid);
/// A client, deleted or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientById(pub Uuid);
/// When the stages of a feature were evaluated last.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeenOf(pub Uuid);
/// The keys of a client.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeysOf(pub Uuid);
/// The keys of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenKeysOf(pub Uuid);
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
        loads!($key => $value, |_own, $conn, $keys| $body);
    };
    ($key:ty => $value:ty, |$own:ident, $conn:ident, $keys:ident| $body:expr) => {
        impl Loader<$key> for Loaders {
            type Value = $value;
            type Error = Arc<Error>;
            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                let load = async {
                    let $own = self;
                    let mut conn = self.pool.acquire().await?;
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
loads!(ItemsOf => Vec<ChangeItem>, |own, conn, keys| {
    group(change::items_within(conn, &ids(keys, |k| k.0), &own.budget).await?, |row| ItemsOf(row.change_id))
});
loads!(VotesOn => Vec<Vote>, |own, conn, keys| {
    group(vote::of_changes_within(conn, &ids(keys, |k| k.0), &own.budget).await?, |row| VotesOn(row.change_id))
});
loads!(RequirementsOf => Vec<Requirement>, |conn, keys| {
    let all = service::change::requirements_of(conn, &ids(keys, |k| k.0)).await?;
    all.into_iter().map(|(change, rows)| (RequirementsOf(change), rows)).collect()
});
loads!(ActiveIn => Vec<Member>, |conn, keys| {
    let groups = group(member::active_in(conn, &ids(keys, |k| k.0)).await?, |(team, _)| ActiveIn(*team));
    groups.into_iter().map(|(team, rows)| (team, rows.into_iter().map(|(_, row)| row).collect())).collect()
});
loads!(LastChangeOf => Change, |conn, keys| {
    let pairs = change::last_of(conn, &ids(keys, |k| k.0)).await?;
    let changes = change::by_ids(conn, &pairs.iter().map(|(_, change)| *change).collect::<Vec<_>>()).await?;
    let found = |id| changes.iter().find(|change| change.id == id).cloned();
    pairs.into_iter().filter_map(|(feature, id)| Some((LastChangeOf(feature), found(id)?))).collect()
});
loads!(DependentsOf => Vec<Dependent>, |conn, keys| {
    group(feature::dependents(conn, &ids(keys, |k| k.0)).await?, |row| DependentsOf(row.on))
});
loads!(CommentsOn => Vec<Comment>, |own, conn, keys| {
    group(comment::of_changes(conn, &ids(keys, |k| k.0), &own.budget).await?, |row| CommentsOn(row.change_id))
});
loads!(PlacesOf => Vec<PipelineStage>, |conn, keys| {
    group(pipeline::stages(conn, &ids(keys, |k| k.0)).await?, |row| PlacesOf(row.pipeline_id))
});
loads!(EnvironmentById => Environment, |conn, keys| {
    let rows = environment::by_ids(conn, &ids(keys, |k| k.0)).await?;
    rows.into_iter().map(|row| (EnvironmentById(row.id), row)).collect()
});
loads!(ClientById => Client, |own, conn, keys| {
    let rows = client::by_ids(conn, &ids(keys, |k| k.0), own.now).await?;
    rows.into_iter().map(|row| (ClientById(row.id), row)).collect()
});
loads!(SeenOf => Vec<Seen>, |conn, keys| {
    group(evaluation::last_seen(conn, &ids(keys, |k| k.0)).await?, |row| SeenOf(row.feature_id))
});
loads!(KeysOf => Vec<ClientKey>, |own, conn, keys| {
    group(client::keys(conn, &ids(keys, |k| k.0), own.now).await?, |row| KeysOf(row.client_id))
});
loads!(TokenKeysOf => Vec<TokenKey>, |own, conn, keys| {
    group(token::keys(conn, &ids(keys, |k| k.0), own.now).await?, |row| TokenKeysOf(row.token_id))
});
loads!(FeatureById => Feature, |conn, keys| {
    feature::by_ids(conn, &ids(keys, |k| k.0)).await?.into_iter().map(|row| (FeatureById(row.id), row)).collect()
});
loads!(ChangeById => Change, |conn, keys| {
    change::by_ids(conn, &ids(keys, |k| k.0)).await?.into_iter().map(|row| (ChangeById(row.id), row)).collect()
});
loads!(VersionByNumber => Version, |own, conn, keys| {
    let numbers: Vec<i32> = keys.iter().map(|k| k.1).collect();
    let rows = version::by_numbers(conn, (&ids(keys, |k| k.0), &numbers), &own.budget).await?;
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

/// What the request may read yet, for lists that are read without a loader.
pub fn budget<'c>(ctx: &Context<'c>) -> async_graphql::Result<&'c Budget> {
    Ok(&ctx.data::<DataLoader<Loaders>>()?.loader().budget)
}

/// A document for the answer, which has room for so much: one that is read once may be asked for under many names.
pub fn document<'v>(ctx: &Context<'_>, document: &'v Value) -> async_graphql::Result<&'v Value> {
    ctx.data::<DataLoader<Loaders>>()?.loader().told.take(document.to_string().len())?;
    Ok(document)
}

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
