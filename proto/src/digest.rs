//! A digest over a set of items that costs O(1) per change: the sum modulo 2^128 of one hash an item, so that the
//! order in which items arrived does not matter and removing one is a subtraction.

use sha2::{Digest as _, Sha256};

use crate::v1::Item;

/// The sum of the hashes of all items held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u128);

/// The contribution of one item to a digest; nothing for an item that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemHash(u128);

impl ItemHash {
    /// Hashes kind, id, revision and payload: the first 16 bytes of their SHA-256.
    pub fn of(item: &Item) -> ItemHash {
        if item.payload.is_empty() {
            return ItemHash(0);
        }
        let mut hash = Sha256::new();
        hash.update(item.kind.to_le_bytes());
        hash.update((item.id.len() as u64).to_le_bytes());
        hash.update(&item.id);
        hash.update(item.revision.to_le_bytes());
        hash.update(&item.payload);
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finalize()[..16]);
        ItemHash(u128::from_le_bytes(first))
    }
}

impl Digest {
    /// Exchanges what an item contributed before for what it contributes now.
    pub fn replace(&mut self, before: ItemHash, after: ItemHash) {
        self.0 = self.0.wrapping_sub(before.0).wrapping_add(after.0);
    }

    /// The digest as it travels: 16 bytes, little endian.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u8, revision: u64, payload: &[u8]) -> Item {
        Item { kind: 1, id: vec![id; 16], revision, payload: payload.to_vec() }
    }

    #[test]
    fn order_does_not_matter_and_removal_takes_back() {
        let (a, b) = (ItemHash::of(&item(1, 1, b"a")), ItemHash::of(&item(2, 2, b"b")));
        let none = ItemHash::default();
        let (mut ab, mut ba) = (Digest::default(), Digest::default());
        ab.replace(none, a);
        ab.replace(none, b);
        ba.replace(none, b);
        ba.replace(none, a);
        assert_eq!(ab, ba);
        ba.replace(a, ItemHash::of(&item(1, 3, b"")));
        let mut only_b = Digest::default();
        only_b.replace(none, b);
        assert_eq!(ba, only_b);
    }

    #[test]
    fn every_part_of_an_item_counts() {
        let base = ItemHash::of(&item(1, 1, b"a"));
        for other in [item(2, 1, b"a"), item(1, 2, b"a"), item(1, 1, b"b")] {
            assert_ne!(base, ItemHash::of(&other));
        }
    }
}
