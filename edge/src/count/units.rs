//! Who asked in an hour, as sketches: one for each flag that is asked for alone, one for all flags of an environment that
//! are asked for together.

use std::collections::HashMap;
use std::sync::Arc;

use fluxgate_proto::sketch::Sketch;
use uuid::Uuid;

use super::Asked;
use super::tally::Mixed;
use crate::flag::ServedFlag;
use crate::listing::Listing;

/// The units of one hour.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// By the address of the flag, which is held as long as it stands here.
    pub(super) single: HashMap<usize, Single, Mixed>,
    pub(super) groups: Vec<Group>,
}

/// The units that a flag was asked for alone.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) flag: Arc<ServedFlag>,
    pub(super) environment: Uuid,
    pub(super) sketch: Sketch,
}

/// The units for which all flags were asked for, or all that are meant for browsers and apps.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) listing: Arc<Listing>,
    pub(super) client_side_only: bool,
    pub(super) environment: Uuid,
    pub(super) sketch: Sketch,
}

impl Units {
    /// Notes a unit that asked for a flag; returns by how many bytes that grew.
    pub(super) fn note(&mut self, asked: &Asked<'_>, flag: &Arc<ServedFlag>) -> usize {
        let Some(unit) = asked.unit else { return 0 };
        let single = self.single.entry(Arc::as_ptr(flag).addr()).or_insert_with(|| Single {
            flag: Arc::clone(flag),
            environment: asked.environment,
            sketch: Sketch::default(),
        });
        insert(&mut single.sketch, unit)
    }

    /// Notes a unit that asked for all flags; returns by how many bytes that grew.
    pub(super) fn note_all(
        &mut self,
        asked: &Asked<'_>,
        (listing, client_side_only): (&Arc<Listing>, bool),
    ) -> usize {
        let Some(unit) = asked.unit else { return 0 };
        let of = |group: &Group| {
            Arc::ptr_eq(&group.listing, listing) && group.client_side_only == client_side_only
        };
        let place = self.groups.iter().rposition(of).unwrap_or_else(|| {
            self.groups.push(Group {
                listing: Arc::clone(listing),
                client_side_only,
                environment: asked.environment,
                sketch: Sketch::default(),
            });
            self.groups.len() - 1
        });
        insert(&mut self.groups[place].sketch, unit)
    }
}

fn insert(sketch: &mut Sketch, unit: &str) -> usize {
    let before = sketch.footprint();
    sketch.insert(unit.as_bytes());
    sketch.footprint().saturating_sub(before)
}
