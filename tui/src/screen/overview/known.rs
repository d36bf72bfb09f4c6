//! What the overview makes of what it was told, and what time alone changes about it.

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::edge::Edge;
use fluxgate_client::status::{Status, StatusEdge};
use fluxgate_wording::attention::{self, FAILED_WITHIN};

use super::{Overview, id};
use crate::app::Desk;
use crate::message::News;

/// How many events are kept?
const EVENTS: usize = 20;
/// Below how much time is the time that is left told in seconds?
const SECONDS: TimeDelta = TimeDelta::minutes(61);

impl Overview {
    /// Takes in that it is later.
    pub(crate) fn later(&mut self, desk: &Desk) {
        self.arrange(desk.now);
    }

    /// Finds out what needs attention.
    pub(super) fn arrange(&mut self, now: DateTime<Utc>) {
        let Some(seen) = &self.seen.data else {
            return;
        };
        let status = &seen.status;
        self.attention = attention::of(status, now, FAILED_WITHIN);
        self.attention.extend(attention::waiting(status));
        self.counting = is_counting(status, now);
        let ids: Vec<String> = self.attention.iter().map(id).collect();
        if ids != self.list.ids() {
            self.list.set(ids);
        }
        let ids: Vec<String> = self.changes().map(|change| change.number.to_string()).collect();
        if ids != self.moving.ids() {
            self.moving.set(ids);
        }
    }

    /// Takes in what happened; returns whether all of it is known now.
    pub(super) fn hear_of(&mut self, news: &News, now: DateTime<Utc>) -> bool {
        let Some(seen) = &mut self.seen.data else {
            return false;
        };
        let status = &mut seen.status;
        match news {
            News::Edges(edges) => {
                status.team.edges.total_count = i64::try_from(edges.len()).unwrap_or(i64::MAX);
                status.team.edges.nodes = edges.iter().map(of_status).collect();
            }
            News::Revision(revision) => status.server.revision = *revision,
            News::Done(entry) => {
                if seen.events.iter().all(|known| known.number != entry.number) {
                    seen.events.insert(0, (**entry).clone());
                    seen.events.truncate(EVENTS);
                }
                if let Some(last) = status.team.audit.nodes.first_mut() {
                    last.at = last.at.max(entry.at);
                }
                // What it did to kills and changes is to be asked.
                return false;
            }
            News::Lost => return false,
        }
        self.arrange(now);
        true
    }
}

fn of_status(edge: &Edge) -> StatusEdge {
    StatusEdge {
        name: edge.name.clone(),
        connected: edge.connected,
        in_sync: edge.in_sync,
        revision: edge.revision,
        seen_at: edge.seen_at,
        acked_at: edge.acked_at,
        evaluations_per_second: edge.evaluations_per_second,
    }
}

/// Returns whether seconds matter: something ends soon, or an edge is given a moment to catch up.
fn is_counting(status: &Status, now: DateTime<Utc>) -> bool {
    let team = &status.team;
    let kills = team.kills.nodes.iter().filter_map(|killed| killed.kill.restore_at);
    let changes = team.scheduled.nodes.iter().filter_map(|change| change.apply_at);
    let behind = team.edges.nodes.iter().any(|edge| edge.connected && !edge.in_sync);
    behind || kills.chain(changes).any(|at| (TimeDelta::zero()..SECONDS).contains(&(at - now)))
}
