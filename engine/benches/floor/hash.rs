//! The bucket hash as a hand would keep it for one rule: what stands before the unit is hashed once.

/// A murmur3 hash (x86, 32 bits, seed 0) under way; what does not fill a block waits in `tail`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hash {
    hash: u32,
    tail: u64,
    length: usize,
}

impl Hash {
    pub(crate) fn write(mut self, bytes: &[u8]) -> Self {
        let shift = 8 * (self.length % 4);
        self.length += bytes.len();
        let (blocks, rest) = bytes.as_chunks::<4>();
        for block in blocks {
            self.tail |= u64::from(u32::from_le_bytes(*block)) << shift;
            self.block();
        }
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        self.tail |= last << shift;
        if shift / 8 + rest.len() >= 4 {
            self.block();
        }
        self
    }

    fn block(&mut self) {
        self.hash ^= scramble(self.tail as u32);
        self.hash = self.hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        self.tail >>= 32;
    }

    pub(crate) fn bucket(self) -> u64 {
        let mut hash = self.hash ^ scramble(self.tail as u32) ^ self.length as u32;
        hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
        (u64::from(hash ^ hash >> 16) * 100_000) >> 32
    }
}

fn scramble(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}
