//! Reading what is served from the database, in one snapshot, and checking that no revision is missing.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context as _, ensure};
use fluxgate_proto::{
    convert::stage_payload,
    v1::{Client, ClientKey, ClientKind, Environment, Item, ItemKind},
};
use prost::Message as _;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::state::{EdgeClient, EdgeKey, Entry, KillEntry, Loaded, Position, Scope};
use crate::store::{
    client,
    delivery::{self, ClientRow, DeliveryKind, Head, StageRow, Touched},
};

/// What a look at the database came to.
pub enum Found {
    /// Nothing is new.
    Nothing,
    /// Something is.
    News(Loaded),
    /// The database does not know what was read from it before: it went back in time.
    Lost,
}

/// Reads what is above `have`, or everything where nothing is held that could be continued. `mark` is that of the revision held.
pub async fn load(pool: &PgPool, have: Option<Position>, mark: Option<Uuid>) -> anyhow::Result<Found> {
    let mut tx = pool.begin().await?;
    delivery::one_snapshot(&mut tx).await?;
    let head = delivery::head(&mut tx).await.context("cannot read the head")?;
    let (revision, compacted) = (u64::try_from(head.revision)?, u64::try_from(head.compacted)?);
    let position = Position { epoch: head.epoch, revision };
    if let Some(have) = have.filter(|have| have.epoch == head.epoch)
        && is_lost(&mut tx, (have.revision, mark), &head).await?
    {
        return Ok(Found::Lost);
    }
    if have == Some(position) {
        return Ok(Found::Nothing);
    }
    let after = have
        .filter(|have| have.epoch == head.epoch && (compacted..=revision).contains(&have.revision))
        .map(|have| have.revision);
    let from = i64::try_from(after.unwrap_or(compacted))?;
    let found = delivery::count_revisions(&mut tx, from).await?;
    ensure!(
        found == head.revision - from,
        "{} revisions above {from} are missing",
        head.revision - from - found
    );
    // A whole reads the things below `compacted` too; the log names all that ever was delivered.
    let touched = delivery::touched(&mut tx, after.map_or(0, |_| from)).await?;
    let mark = delivery::mark(&mut tx, head.revision).await?;
    let mut loaded =
        Loaded { position: Some(position), compacted, mark, whole: after.is_none(), ..Loaded::default() };
    read(&mut tx, &touched, &mut loaded).await?;
    Ok(Found::News(loaded))
}

/// Whether what was read from this epoch before is not in it any more.
async fn is_lost(
    conn: &mut PgConnection,
    (revision, mark): (u64, Option<Uuid>),
    head: &Head,
) -> anyhow::Result<bool> {
    let revision = i64::try_from(revision)?;
    if revision > head.revision {
        return Ok(true);
    }
    // What was trimmed from the log cannot be compared; it was there once.
    let now = delivery::mark(conn, revision).await?;
    Ok(mark.zip(now).is_some_and(|(then, now)| then != now))
}

async fn read(conn: &mut PgConnection, touched: &[Touched], loaded: &mut Loaded) -> anyhow::Result<()> {
    let ids = |kinds: &[DeliveryKind]| -> Vec<Uuid> {
        touched.iter().filter(|t| kinds.contains(&t.kind)).map(|t| t.subject).collect()
    };
    let index: HashMap<(DeliveryKind, Uuid), u64> =
        touched.iter().filter_map(|t| Some(((t.kind, t.subject), u64::try_from(t.revision).ok()?))).collect();
    let revision = |kind: DeliveryKind, id: Uuid| index.get(&(kind, id)).copied();
    let stages = ids(&[DeliveryKind::Stage, DeliveryKind::Kill]);
    if !stages.is_empty() {
        for row in delivery::stages(conn, &stages).await? {
            if let Some(revision) = revision(DeliveryKind::Kill, row.id) {
                loaded.kills.push((row.id, kill(&row, revision)));
            }
            if let Some(revision) = revision(DeliveryKind::Stage, row.id) {
                loaded.entries.push(((ItemKind::Stage as i32, row.id), stage(&row, revision)));
            }
        }
    }
    let environments = ids(&[DeliveryKind::Environment]);
    if !environments.is_empty() {
        for row in delivery::environments(conn, &environments).await? {
            let Some(revision) = revision(DeliveryKind::Environment, row.id) else { continue };
            let payload = Environment { key: row.key, team: row.team };
            let payload = if row.active { payload.encode_to_vec() } else { Vec::new() };
            let item = item(ItemKind::Environment, row.id, revision, payload);
            let entry = Entry { team: row.team_id, environment: Some(row.id), item };
            loaded.entries.push(((ItemKind::Environment as i32, row.id), entry));
        }
    }
    let clients = ids(&[DeliveryKind::Client]);
    if !clients.is_empty() {
        for row in delivery::clients(conn, &clients).await? {
            let Some(revision) = revision(DeliveryKind::Client, row.id) else { continue };
            add_client(row, revision, loaded);
        }
    }
    Ok(())
}

fn item(kind: ItemKind, id: Uuid, revision: u64, payload: Vec<u8>) -> Arc<Item> {
    Arc::new(Item { kind: kind as i32, id: id.as_bytes().to_vec(), revision, payload })
}

fn kill(row: &StageRow, revision: u64) -> KillEntry {
    KillEntry {
        team: row.team_id,
        environment: row.environment_id,
        feature: row.feature.clone(),
        on: row.killed,
        revision,
    }
}

fn stage(row: &StageRow, revision: u64) -> Entry {
    let payload = match (&row.config, row.version.and_then(|version| u64::try_from(version).ok())) {
        (Some(config), Some(version)) => {
            stage_payload(row.environment_id, &row.feature, (version, row.reweighted), config)
        }
        _ => Vec::new(),
    };
    let item = item(ItemKind::Stage, row.id, revision, payload);
    Entry { team: row.team_id, environment: Some(row.environment_id), item }
}

fn add_client(row: ClientRow, revision: u64, loaded: &mut Loaded) {
    let kind = match row.kind {
        client::ClientKind::Edge => {
            let scope = Scope { team: row.team_id, environment: row.environment_id };
            let keys = row.key_ids.into_iter().zip(row.key_hashes).zip(row.key_ends);
            let keys = keys.map(|((id, sha256), not_after)| EdgeKey { id, sha256, not_after }).collect();
            let client = row.enabled.then_some(EdgeClient { id: row.id, name: row.name, scope, keys });
            loaded.edge_clients.push((row.id, client));
            return;
        }
        client::ClientKind::Backend => ClientKind::Backend,
        client::ClientKind::Frontend => ClientKind::Frontend,
    };
    let keys = row.key_ids.into_iter().zip(row.key_hashes).zip(row.key_ends).map(|((id, sha256), end)| {
        ClientKey { id, sha256, not_after_ms: end.map(|end| end.timestamp_millis()) }
    });
    let payload = Client {
        name: row.name,
        kind: kind as i32,
        environment_id: row.environment_id.map(|id| id.as_bytes().to_vec()),
        keys: keys.collect(),
        team: row.team,
        origins: row.origins,
    };
    let payload = if row.enabled { payload.encode_to_vec() } else { Vec::new() };
    let item = item(ItemKind::Client, row.id, revision, payload);
    let entry = Entry { team: row.team_id, environment: row.environment_id, item };
    loaded.entries.push(((ItemKind::Client as i32, row.id), entry));
}
