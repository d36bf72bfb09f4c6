//! What all flags of an environment came to, counted by their places: no look-up for each of them.

use std::sync::Arc;

use uuid::Uuid;

use super::outcome::Outcome;
use crate::flag::ServedFlag;
use crate::listing::Listing;

/// How many outcomes of a flag are counted in its place? Those of more variants go where single evaluations go.
const OUTCOMES: usize = 4;

/// Counts of one client of the flags in a listing.
#[derive(Debug)]
pub(super) struct Sheet {
    listing: Arc<Listing>,
    environment: Uuid,
    client: Uuid,
    rows: Box<[[Cell; OUTCOMES]]>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    outcome: Outcome,
    /// None of them: the cell is free.
    n: u32,
}

impl Sheet {
    pub(super) fn new(listing: &Arc<Listing>, environment: Uuid, client: Uuid) -> Self {
        let free = [Cell { outcome: Outcome::ERROR, n: 0 }; OUTCOMES];
        let rows = vec![free; listing.flags().len()].into();
        Self { listing: Arc::clone(listing), environment, client, rows }
    }

    pub(super) fn is_of(&self, listing: &Arc<Listing>, client: Uuid) -> bool {
        Arc::ptr_eq(&self.listing, listing) && self.client == client
    }

    /// Counts an outcome of the flag at a place; returns whether there was room.
    pub(super) fn count(&mut self, place: usize, outcome: Outcome) -> bool {
        let Some(row) = self.rows.get_mut(place) else { return false };
        for cell in row {
            if cell.n == 0 {
                *cell = Cell { outcome, n: 1 };
                return true;
            }
            if cell.outcome == outcome && cell.n < u32::MAX {
                cell.n += 1;
                return true;
            }
        }
        false
    }

    /// Returns who asked, where, and every count.
    pub(super) fn counts(&self) -> ((Uuid, Uuid), impl Iterator<Item = (&Arc<ServedFlag>, Outcome, u64)>) {
        let rows = self.listing.flags().iter().zip(&self.rows);
        let cells = rows.flat_map(|(listed, row)| row.iter().map(move |cell| (&listed.flag, cell)));
        let counted = cells.filter(|(_, cell)| cell.n > 0);
        ((self.environment, self.client), counted.map(|(flag, cell)| (flag, cell.outcome, cell.n.into())))
    }

    /// Returns how many bytes of memory it takes, roughly.
    pub(super) fn footprint(&self) -> usize {
        size_of_val(&*self.rows)
    }
}
