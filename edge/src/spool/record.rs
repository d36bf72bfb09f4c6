//! What stands in a segment: records, each with its length and a checksum, so that what is torn or flipped is noticed.
//!
//! A segment begins with eight bytes that say what it is, and the id of the edge that wrote it.

use fluxgate_proto::v1::{EventBatch, Tombstone};
use prost::Message;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"FGSPOOL1";
/// How long is what a segment begins with?
pub(super) const HEAD: usize = 24;
/// How long is what stands before a record: its length and its checksum?
pub(super) const FRAME: usize = 12;

/// One record. What it says of the spool holds until a later one says it anew.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Record {
    /// The last number that a batch was given.
    #[prost(uint64, tag = "1")]
    pub(super) last: u64,
    /// Until when everything is sealed.
    #[prost(int64, tag = "2")]
    pub(super) until_ms: i64,
    /// A batch to send, in place of a former record with the same id.
    #[prost(message, optional, tag = "3")]
    pub(super) batch: Option<EventBatch>,
    /// The ids of batches that are not to be sent again.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub(super) ended: Vec<Vec<u8>>,
    /// Of batches that never will be sent: for the next one to carry.
    #[prost(message, repeated, tag = "5")]
    pub(super) tombstones: Vec<Tombstone>,
    /// The edge stopped in order: nothing was counted that is not sealed.
    #[prost(bool, tag = "6")]
    pub(super) whole: bool,
    /// No batch of this edge with a number below this waits; 0 when nobody knows.
    #[prost(uint64, tag = "7")]
    pub(super) floor: u64,
}

/// Returns what a segment of an edge begins with.
pub(super) fn head(edge: Uuid) -> Vec<u8> {
    [MAGIC, &edge.as_bytes()[..]].concat()
}

/// Returns whose segment begins so.
pub(super) fn read_head(bytes: &[u8]) -> Option<Uuid> {
    let edge = bytes.get(..HEAD)?.strip_prefix(MAGIC)?;
    Uuid::from_slice(edge).ok()
}

/// Returns a record as it is written.
pub(super) fn frame(record: &impl Message) -> Vec<u8> {
    let body = record.encode_to_vec();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &checksum(length, &body).to_le_bytes(), &body].concat()
}

/// Reads the record that bytes begin with, and how long it is; none when it is not whole.
pub(super) fn read<R: Message + Default>(bytes: &[u8]) -> Option<(R, usize)> {
    let length = u32::from_le_bytes(*bytes.first_chunk()?);
    let sum = u64::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    let end = FRAME.checked_add(usize::try_from(length).ok()?)?;
    let body = bytes.get(FRAME..end)?;
    let record = (checksum(length, body) == sum).then(|| R::decode(body))?;
    Some((record.ok()?, end))
}

/// The length as well: zeros, which a crash may leave at the end of a file, are no record.
fn checksum(length: u32, body: &[u8]) -> u64 {
    xxh3_64(body) ^ xxh3_64(&length.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_torn_end_and_every_flipped_bit_is_noticed() {
        let record = Record { last: 7, until_ms: 9, ended: vec![vec![1; 16]], ..Record::default() };
        let framed = frame(&record);
        assert_eq!(read(&[&framed[..], b"more"].concat()), Some((record, framed.len())));
        for end in 0..framed.len() {
            assert_eq!(read::<Record>(&framed[..end]), None, "cut off at {end}");
        }
        for bit in 0..framed.len() * 8 {
            let mut flipped = framed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read::<Record>(&flipped), None, "bit {bit}");
        }
        assert_eq!(read::<Record>(&[0; 64]), None);
    }
}
