//! Buckets: which of 100,000 equal parts of all units a unit falls into, the same in every language.

/// How many buckets there are: each is a thousandth of a percent of all units.
pub(crate) const BUCKETS: u32 = 100_000;

/// Returns the bucket of a unit, for one salt and one purpose (`rollout` or `split`).
pub fn bucket(salt: &str, purpose: &str, unit: &str) -> u32 {
    Prefix::new(salt, purpose).bucket(unit)
}

/// Returns how many buckets a percentage is, which is in thousandths of a percent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(crate) fn thousandths(percent: f64) -> u32 {
    (percent * 1000.0).round() as u32
}

/// Returns the murmur3 hash, x86 variant with 32 bits and seed 0, of the parts written one after the other.
pub fn murmur3_x86_32<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> u32 {
    let mut state = Murmur3::default();
    for part in parts {
        state.write(part);
    }
    state.finish()
}

/// Everything that is hashed before the unit: the same for all units, so it is hashed once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix(Murmur3);

impl Prefix {
    pub(crate) fn new(salt: &str, purpose: &str) -> Self {
        let mut state = Murmur3::default();
        for part in [salt, "/", purpose, ":"] {
            state.write(part.as_bytes());
        }
        Self(state)
    }

    pub(crate) fn bucket(self, unit: &str) -> u32 {
        let mut state = self.0;
        state.write(unit.as_bytes());
        ((u64::from(state.finish()) * u64::from(BUCKETS)) >> 32) as u32
    }
}

/// A murmur3 hash under way.
#[derive(Clone, Copy, Debug, Default)]
struct Murmur3 {
    hash: u32,
    length: u32,
    /// The bytes, at most three, that do not fill a block yet.
    tail: u32,
}

impl Murmur3 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the hash takes the length modulo 2^32")]
    fn write(&mut self, bytes: &[u8]) {
        let filled = self.length % 4;
        self.length = self.length.wrapping_add(bytes.len() as u32);
        // What is left over stands before each block, so that no byte is handled by itself.
        let mut pending = u64::from(self.tail);
        let (blocks, rest) = bytes.as_chunks::<4>();
        for block in blocks {
            pending |= u64::from(u32::from_le_bytes(*block)) << (8 * filled);
            self.block(pending as u32);
            pending >>= 32;
        }
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        pending |= last << (8 * filled);
        if filled as usize + rest.len() >= 4 {
            self.block(pending as u32);
            pending >>= 32;
        }
        self.tail = pending as u32;
    }

    fn block(&mut self, block: u32) {
        self.hash ^= scramble(block);
        self.hash = self.hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }

    fn finish(self) -> u32 {
        let mut hash = self.hash ^ scramble(self.tail) ^ self.length;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

/// Mixes a block; an empty tail stays zero.
fn scramble(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}
