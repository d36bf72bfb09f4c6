//! One generation as bytes: a head that no later format changes, and a body of length-delimited messages.
//!
//! The head: eight bytes that say what this is, the format's number, the body's length, and the SHA-256 of all of that
//! and the body. So every flipped bit and every torn end is noticed before anything is believed.

use std::sync::Arc;

use fluxgate_proto::v1::{Item, Kills};
use prost::Message;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::sync::{Image, KeyHash};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
const MAGIC: &[u8; 8] = b"FGSTATE\n";
/// How long is what the checksum covers of the head?
const COVERED: usize = 20;
/// How long is the head?
const HEAD: usize = COVERED + 32;

/// What comes first in a body.
#[derive(Clone, PartialEq, Message)]
struct Facts {
    /// Counts what was ever written in the folder, to tell the newer generation.
    #[prost(uint64, tag = "1")]
    generation: u64,
    #[prost(bytes = "vec", tag = "2")]
    epoch: Vec<u8>,
    #[prost(uint64, tag = "3")]
    revision: u64,
    #[prost(message, optional, tag = "4")]
    kills: Option<Kills>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    keys: Vec<Vec<u8>>,
    #[prost(int64, tag = "6")]
    current_ms: i64,
    #[prost(uint64, tag = "7")]
    items: u64,
    #[prost(uint64, tag = "8")]
    last_good: u64,
}

/// Why bytes are no generation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// The file ends too early, or goes on after its end.
    #[error("it is cut off, or longer than it says")]
    Length,
    /// It begins with something else.
    #[error("it is no state of an edge")]
    Magic,
    /// Some bit is not what was written.
    #[error("its checksum differs")]
    Checksum,
    /// A newer version wrote it; nothing is wrong with it.
    #[error("a newer version wrote it, in format {0}")]
    Newer(u32),
    /// The checksum is right and the content is not: a fault of the program that wrote it.
    #[error("its content cannot be read: {0}")]
    Content(&'static str),
}

/// Writes an image as the generation of that number.
pub fn encode(image: &Image, generation: u64) -> Vec<u8> {
    let facts = Facts {
        generation,
        epoch: image.epoch.as_bytes().to_vec(),
        revision: image.revision,
        kills: image.kills.clone(),
        keys: image.keys.iter().map(|key| key.to_vec()).collect(),
        current_ms: image.current_ms,
        items: image.items.len() as u64,
        last_good: image.last_good.len() as u64,
    };
    let mut bytes = vec![0; HEAD];
    bytes.extend(facts.encode_length_delimited_to_vec());
    for item in image.items.iter().chain(&image.last_good) {
        bytes.extend(item.encode_length_delimited_to_vec());
    }
    let length = (bytes.len() - HEAD) as u64;
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[12..COVERED].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&bytes);
    bytes[COVERED..HEAD].copy_from_slice(&sum);
    bytes
}

fn checksum(bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(&bytes[..COVERED]).chain_update(&bytes[HEAD..]).finalize().into()
}

/// Reads a generation: its number and the image.
///
/// # Errors
/// The bytes are not what was written, or a newer version wrote them.
pub fn decode(bytes: &[u8]) -> Result<(u64, Image), Broken> {
    let head = bytes.first_chunk::<HEAD>().ok_or(Broken::Length)?;
    if !head.starts_with(MAGIC) {
        return Err(Broken::Magic);
    }
    let number = |range: std::ops::Range<usize>| {
        head[range].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    if number(12..COVERED) != (bytes.len() - HEAD) as u64 {
        return Err(Broken::Length);
    }
    if head[COVERED..] != checksum(bytes) {
        return Err(Broken::Checksum);
    }
    match u32::try_from(number(8..12)) {
        Ok(FORMAT) => read(&bytes[HEAD..]),
        Ok(format) if format > FORMAT => Err(Broken::Newer(format)),
        _ => Err(Broken::Content("its format never was")),
    }
}

fn read(mut body: &[u8]) -> Result<(u64, Image), Broken> {
    let facts = Facts::decode_length_delimited(&mut body).map_err(|_| Broken::Content("the facts"))?;
    let keys = facts.keys.iter().map(|key| KeyHash::try_from(&key[..]));
    let keys = keys.collect::<Result<_, _>>().map_err(|_| Broken::Content("a key"))?;
    let mut items = |count: u64| -> Result<Vec<_>, Broken> {
        let item = |_| Item::decode_length_delimited(&mut body).map(Arc::new);
        (0..count).map(item).collect::<Result<_, _>>().map_err(|_| Broken::Content("an item"))
    };
    let image = Image {
        epoch: Uuid::from_slice(&facts.epoch).map_err(|_| Broken::Content("the epoch"))?,
        revision: facts.revision,
        items: items(facts.items)?,
        last_good: items(facts.last_good)?,
        kills: facts.kills,
        keys,
        current_ms: facts.current_ms,
    };
    Ok((facts.generation, image))
}
