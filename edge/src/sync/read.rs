//! Understands what was delivered, item by item; many at once on every core.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use fluxgate_proto::convert::{self, Content as Delivered};
use fluxgate_proto::digest::ItemHash;
use fluxgate_proto::v1::{Environment, Item, ItemKind, Stage};
use prost::Message as _;

use crate::caller::Caller;
use crate::flag::ServedFlag;
use crate::state::{Content, EnvironmentName};

/// How many items are worth a thread? Each takes several microseconds.
const WORTH_A_THREAD: usize = 64;

/// An item, and what it means.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) item: Arc<Item>,
    pub(super) hash: ItemHash,
    /// What it is or why that cannot be understood; none when it is gone.
    pub(super) content: Option<Result<Content, String>>,
}

impl Read {
    pub(super) fn new(item: Arc<Item>) -> Self {
        let content = (!item.payload.is_empty()).then(|| read(&item));
        Self { hash: ItemHash::of(&item), item, content }
    }

    /// Reads all of them, in their order, with every core that there is.
    pub(super) fn all(items: &[Arc<Item>]) -> Vec<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let part = items.len().div_ceil(cores).max(WORTH_A_THREAD);
        let (here, there) = items.split_at(part.min(items.len()));
        let read = |part: &[Arc<Item>]| part.iter().map(|item| Self::new(Arc::clone(item))).collect();
        thread::scope(|scope| {
            let others: Vec<_> = there.chunks(part).map(|part| scope.spawn(move || read(part))).collect();
            let mut all: Vec<Self> = read(here);
            for other in others {
                all.extend::<Vec<Self>>(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            all
        })
    }
}

/// Understands one item completely, so that nothing half understood is ever served.
fn read(item: &Item) -> Result<Content, String> {
    let delivered = convert::decode(item).map_err(|error| named(item, &error))?;
    match delivered.content {
        Delivered::Stage(stage) => {
            let flag = ServedFlag::compile(&stage.feature_key, stage.version, &stage.config, &item.payload)
                .map_err(|error| named(item, &error))?;
            Ok(Content::Flag(stage.environment_id, Arc::new(flag.with_reweighted(stage.reweighted))))
        }
        Delivered::Environment(Environment { key, team }) => {
            let name = EnvironmentName { key: key.into(), team: team.into() };
            Ok(Content::Environment(delivered.id, Arc::new(name)))
        }
        Delivered::Client(client) => match Caller::from_wire(delivered.id, &client) {
            Ok(caller) => Ok(Content::Caller(Arc::new(caller))),
            Err(error) => Err(format!("client {:?}: {error}", client.name)),
        },
        Delivered::StageGone | Delivered::EnvironmentGone | Delivered::ClientGone => {
            Err("an item that is gone has a payload".to_owned())
        }
    }
}

/// Puts the feature's key before the error when at least that much can be read.
fn named(item: &Item, error: &dyn std::error::Error) -> String {
    if item.kind == i32::from(ItemKind::Stage)
        && let Ok(stage) = Stage::decode(&item.payload[..])
    {
        return format!("feature {:?}: {error}", stage.feature_key);
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn many_are_read_in_their_order_as_if_one_by_one() {
        let environment = Environment { key: "prod".to_owned(), team: "web".to_owned() }.encode_to_vec();
        let item = |n: u64| {
            let payload = match n % 3 {
                0 => environment.clone(),
                1 => b"not understood".to_vec(),
                _ => Vec::new(),
            };
            let id = Uuid::from_u128(n.into()).as_bytes().to_vec();
            Arc::new(Item { kind: ItemKind::Environment.into(), id, revision: n, payload })
        };
        for count in [0, 1, 64, 65, 1000] {
            let items: Vec<_> = (0..count).map(item).collect();
            let told = |read: Read| (read.item, read.hash, read.content.map(|content| content.is_ok()));
            let one_by_one: Vec<_> = items.iter().map(|item| told(Read::new(Arc::clone(item)))).collect();
            assert_eq!(Read::all(&items).into_iter().map(told).collect::<Vec<_>>(), one_by_one);
            for (item, _, understood) in one_by_one {
                let expected = match item.revision % 3 {
                    0 => Some(true),
                    1 => Some(false),
                    _ => None,
                };
                assert_eq!(understood, expected);
            }
        }
    }
}
