//! How many distinct units there are, in at most three kilobytes: a HyperLogLog of 4,096 registers over the 64-bit
//! XXH3 of each unit. It is what travels and what is stored, so its form is fixed here: one set of units has exactly
//! one encoding, whatever the order in which they came or in which parts of it were merged.
//!
//! The estimate is Ertl's (arXiv 1702.01284, algorithm 6): unbiased from none to billions without tables.

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// How many bits of a hash choose the register?
const PRECISION: u32 = 12;
/// How many registers are there?
const REGISTERS: usize = 1 << PRECISION;
/// The largest rank: no one in all the bits that are left.
const MAX_RANK: u8 = 64 - 12 + 1;
/// The standard error of an estimate, relative to it.
pub const STANDARD_ERROR: f64 = 0.016_25;
/// The first byte of an encoding that lists the registers which are not empty, three bytes each.
const SPARSE: u8 = 1;
/// The first byte of an encoding of all registers, six bits each.
const DENSE: u8 = 2;
/// How many bytes has the encoding of all registers?
const DENSE_BYTES: usize = REGISTERS / 4 * 3;
/// From how many registers on are all of them encoded? From there on it is no longer.
const DENSE_FROM: usize = DENSE_BYTES / 3;
/// The longest encoding, in bytes.
pub const MAX_BYTES: usize = DENSE_BYTES + 1;

/// Why bytes are no sketch.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the bytes are no sketch: {0}")]
pub struct NoSketch(&'static str);

/// A set of units, of which only how many they are can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch(Registers);

/// Ranks by register. There are never more listed than fit `DENSE_FROM`, never fewer in full.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Registers {
    /// Those that are not empty, in order.
    Sparse(Vec<(u16, u8)>),
    /// All of them.
    Dense(Vec<u8>),
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch(Registers::Sparse(Vec::new()))
    }
}

impl Sketch {
    /// Adds a unit; one that is in already changes nothing.
    pub fn insert(&mut self, unit: &[u8]) {
        let hash = xxh3_64(unit);
        let rank = ((hash << PRECISION).leading_zeros() + 1).min(u32::from(MAX_RANK));
        let register = hash >> (u64::BITS - PRECISION);
        if let (Ok(register), Ok(rank)) = (u16::try_from(register), u8::try_from(rank)) {
            self.raise(register, rank);
        }
    }

    /// Adds all units of another.
    pub fn merge(&mut self, other: &Sketch) {
        match &other.0 {
            Registers::Sparse(list) => list.iter().for_each(|(register, rank)| self.raise(*register, *rank)),
            Registers::Dense(all) => {
                for (mine, rank) in self.dense().iter_mut().zip(all) {
                    *mine = (*mine).max(*rank);
                }
            }
        }
    }

    /// What merging another with this one would add to it: merged with that, both come to the same.
    pub fn beyond(&self, other: &Sketch) -> Sketch {
        let mut added = Sketch::default();
        let mut keep = |register: u16, rank: u8| {
            if rank > other.rank(register) {
                added.raise(register, rank);
            }
        };
        match &self.0 {
            Registers::Sparse(list) => list.iter().for_each(|(register, rank)| keep(*register, *rank)),
            Registers::Dense(all) => (0..).zip(all).for_each(|(register, rank)| keep(register, *rank)),
        }
        added
    }

    /// About how many units are in.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is finite and not negative"
    )]
    pub fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let counts = self.histogram();
        let mut z = m * tau(1.0 - counts[usize::from(MAX_RANK)] / m);
        for count in counts[1..usize::from(MAX_RANK)].iter().rev() {
            z = 0.5 * (z + count);
        }
        z += m * sigma(counts[0] / m);
        (m * m / (2.0 * std::f64::consts::LN_2) / z).round() as u64
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Registers::Sparse(list) if list.is_empty())
    }

    /// The one encoding of this set.
    pub fn encode(&self) -> Vec<u8> {
        match &self.0 {
            Registers::Sparse(list) => {
                let entry = |(register, rank): &(u16, u8)| {
                    let [low, high] = register.to_le_bytes();
                    [low, high, *rank]
                };
                [SPARSE].into_iter().chain(list.iter().flat_map(entry)).collect()
            }
            Registers::Dense(all) => {
                let pack = |four: &[u8]| {
                    let bits = four.iter().rev().fold(0_u32, |bits, rank| bits << 6 | u32::from(*rank));
                    let [a, b, c, _] = bits.to_le_bytes();
                    [a, b, c]
                };
                [DENSE].into_iter().chain(all.chunks_exact(4).flat_map(pack)).collect()
            }
        }
    }

    /// Reads an encoding; anything that `encode` would not have written is refused.
    ///
    /// # Errors
    /// The bytes are no encoding.
    pub fn decode(bytes: &[u8]) -> Result<Sketch, NoSketch> {
        match bytes.split_first() {
            Some((&SPARSE, list)) => decode_sparse(list),
            Some((&DENSE, all)) => decode_dense(all),
            _ => Err(NoSketch("an unknown form")),
        }
    }

    fn rank(&self, register: u16) -> u8 {
        match &self.0 {
            Registers::Dense(all) => all[usize::from(register)],
            Registers::Sparse(list) => {
                let found = list.binary_search_by_key(&register, |(listed, _)| *listed);
                found.map_or(0, |at| list[at].1)
            }
        }
    }

    /// How many bytes of memory it takes, roughly.
    pub fn footprint(&self) -> usize {
        match &self.0 {
            Registers::Sparse(list) => list.capacity() * size_of::<(u16, u8)>(),
            Registers::Dense(all) => all.capacity(),
        }
    }

    fn raise(&mut self, register: u16, rank: u8) {
        match &mut self.0 {
            Registers::Dense(all) => {
                let mine = &mut all[usize::from(register)];
                *mine = (*mine).max(rank);
            }
            Registers::Sparse(list) => {
                match list.binary_search_by_key(&register, |(listed, _)| *listed) {
                    Ok(at) => list[at].1 = list[at].1.max(rank),
                    Err(at) => list.insert(at, (register, rank)),
                }
                if list.len() >= DENSE_FROM {
                    self.dense();
                }
            }
        }
    }

    /// All registers, from now on.
    fn dense(&mut self) -> &mut [u8] {
        if let Registers::Sparse(list) = &self.0 {
            let mut all = vec![0; REGISTERS];
            list.iter().for_each(|(register, rank)| all[usize::from(*register)] = *rank);
            self.0 = Registers::Dense(all);
        }
        match &mut self.0 {
            Registers::Dense(all) => all,
            Registers::Sparse(_) => &mut [],
        }
    }

    /// How many registers have each rank.
    fn histogram(&self) -> [f64; MAX_RANK as usize + 1] {
        let mut counts = [0.0; MAX_RANK as usize + 1];
        match &self.0 {
            Registers::Sparse(list) => {
                list.iter().for_each(|(_, rank)| counts[usize::from(*rank)] += 1.0);
                counts[0] = (REGISTERS - list.len()) as f64;
            }
            Registers::Dense(all) => all.iter().for_each(|rank| counts[usize::from(*rank)] += 1.0),
        }
        counts
    }
}

fn decode_sparse(bytes: &[u8]) -> Result<Sketch, NoSketch> {
    let entries = bytes.chunks_exact(3);
    if !entries.remainder().is_empty() {
        return Err(NoSketch("cut off"));
    }
    let list: Vec<_> = entries.map(|entry| (u16::from_le_bytes([entry[0], entry[1]]), entry[2])).collect();
    if list.len() >= DENSE_FROM {
        return Err(NoSketch("too long a list"));
    }
    if !list.is_sorted_by(|a, b| a.0 < b.0) || list.iter().any(|(at, _)| usize::from(*at) >= REGISTERS) {
        return Err(NoSketch("registers out of order or out of range"));
    }
    if list.iter().any(|(_, rank)| !(1..=MAX_RANK).contains(rank)) {
        return Err(NoSketch("a rank out of range"));
    }
    Ok(Sketch(Registers::Sparse(list)))
}

fn decode_dense(bytes: &[u8]) -> Result<Sketch, NoSketch> {
    if bytes.len() != DENSE_BYTES {
        return Err(NoSketch("not as long as its form is"));
    }
    let unpack = |three: &[u8]| {
        let bits = u32::from_le_bytes([three[0], three[1], three[2], 0]);
        [0, 6, 12, 18].map(|shift| (bits >> shift & 63) as u8)
    };
    let all: Vec<u8> = bytes.chunks_exact(3).flat_map(unpack).collect();
    if all.iter().any(|rank| *rank > MAX_RANK) {
        return Err(NoSketch("a rank out of range"));
    }
    if all.iter().filter(|rank| **rank > 0).count() < DENSE_FROM {
        return Err(NoSketch("few enough for a list"));
    }
    Ok(Sketch(Registers::Dense(all)))
}

/// What registers that are empty add.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

/// What registers that are full add.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}
