//! What the tests of streams serve: one environment with one flag, in several versions.

use std::sync::Arc;
use std::time::Duration;

use fluxgate_engine::FlagConfig;
use uuid::Uuid;

use super::grant::Grant;
use crate::clock::{self, Now};
use crate::disk::DiskStatus;
use crate::edge::Edge;
use crate::flag::ServedFlag;
use crate::state::{Content, EnvironmentName, State};
use crate::sync::{Identity, Machine};

pub(super) const ENVIRONMENT: Uuid = Uuid::from_u128(1);

pub(in crate::http) fn state(version: u64) -> Arc<State> {
    let config = FlagConfig::simple(true);
    let flag = ServedFlag::compile("flag", version, &config, &version.to_le_bytes()).unwrap();
    let name = EnvironmentName { key: "dev".into(), team: "demo".into() };
    let mut state = State::default();
    state.put(&Content::Environment(ENVIRONMENT, Arc::new(name)));
    state.put(&Content::Flag(ENVIRONMENT, Arc::new(flag)));
    state.share()
}

pub(in crate::http) fn edge(state: Arc<State>) -> Arc<Edge> {
    let (name, version) = ("test".to_owned(), "1".to_owned());
    let identity = Identity { edge_id: Uuid::nil(), name, version, key: [0; 32] };
    let machine = Machine::new(identity, 1, Now { elapsed: Duration::ZERO, unix_ms: 0, chance: 0.0 });
    let edge = Arc::new(Edge::new(machine.status(), DiskStatus::default()));
    edge.serve(state);
    edge
}

/// Leave for somebody who needs no credentials.
pub(super) fn grant() -> Grant {
    Grant::anonymous(ENVIRONMENT, clock::unix_ms())
}
