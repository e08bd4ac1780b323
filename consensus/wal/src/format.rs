//! What stands in a segment. The first sector is its header; a batch follows with the carried
//! records, then batch after batch. Each batch begins at a sector of its own, so that no write
//! touches a sector that holds something safe.
//!
//! | batch | | checksum covers |
//! |---|---|---|
//! | 0 | `btch` | |
//! | 4 | checksum | log, segment, offset, and all from 8 on |
//! | 8 | sequence of the first record | x |
//! | 16 | `synced_to`: all before this offset was safe when the batch was written | x |
//! | 24 | bytes of the records | x |
//! | 28 | how many records; none in a batch that only tells `synced_to` | x |
//! | 32 | records: length (4), kind (1), carried (1), body | x |
//!
//! All numbers are little-endian. Of other versions only the first 12 bytes of a segment are promised:
//! a program reads all versions up to its own, and writes its own from the next segment on.

use super::checksum::crc32c;
use super::record::Record;

/// What a disk writes as a whole, or spoils as a whole.
pub(crate) const SECTOR: usize = 512;
pub(crate) const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"cookbwal";
const BATCH_MAGIC: [u8; 4] = *b"btch";
const BATCH_HEADER: usize = 32;
const RECORD_HEADER: usize = 6;

/// The first sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) log: u64,
    pub(crate) number: u64,
    /// The sequence of its first record.
    pub(crate) first: u64,
    /// Of the file.
    pub(crate) size: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Bad,
    Future(u32),
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; SECTOR] {
        let mut sector = [0; SECTOR];
        sector[..8].copy_from_slice(&MAGIC);
        sector[8..12].copy_from_slice(&VERSION.to_le_bytes());
        for (at, number) in [self.log, self.number, self.first, self.size].iter().enumerate() {
            sector[16 + 8 * at..][..8].copy_from_slice(&number.to_le_bytes());
        }
        let checksum = header_checksum(&sector);
        sector[12..16].copy_from_slice(&checksum.to_le_bytes());
        sector
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let sector = bytes.first_chunk::<SECTOR>().ok_or(HeaderError::Bad)?;
        let version = u32_at(sector, 8);
        if sector[..8] != MAGIC || version == 0 {
            return Err(HeaderError::Bad);
        }
        if version > VERSION {
            return Err(HeaderError::Future(version));
        }
        if u32_at(sector, 12) != header_checksum(sector) {
            return Err(HeaderError::Bad);
        }
        let number = |at: usize| u64_at(sector, 16 + 8 * at);
        Ok(Self { log: number(0), number: number(1), first: number(2), size: number(3) })
    }

    /// Where the checksum of a batch begins, so that none passes at another place: not in another
    /// segment, not in another log, and not as the body of a record.
    fn seed(&self, offset: usize) -> u32 {
        let place = [self.log, self.number, offset as u64];
        place.iter().fold(0, |seed, part| crc32c(seed, &part.to_le_bytes()))
    }
}

fn header_checksum(sector: &[u8; SECTOR]) -> u32 {
    crc32c(crc32c(0, &sector[..12]), &sector[16..])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

/// What is written with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batch<'a> {
    pub(crate) first: u64,
    pub(crate) synced_to: u64,
    pub(crate) count: u32,
    pub(crate) records: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Appends it to `out`, whole sectors, as it must stand at `offset`.
    pub(crate) fn encode(&self, header: &Header, offset: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&BATCH_MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.synced_to.to_le_bytes());
        out.extend_from_slice(&(self.records.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(self.records);
        let checksum = crc32c(header.seed(offset), &out[start + 8..]);
        out[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
        out.resize(start + Self::size(self.records.len()), 0);
    }

    /// The bytes that a batch of so many bytes of records takes.
    pub(crate) fn size(records: usize) -> usize {
        (BATCH_HEADER + records).next_multiple_of(SECTOR)
    }

    /// The batch at this offset of a segment, if a whole one is there.
    pub(crate) fn decode(header: &Header, segment: &'a [u8], offset: usize) -> Option<Self> {
        let bytes = segment.get(offset..)?;
        if bytes.len() < BATCH_HEADER || bytes[..4] != BATCH_MAGIC {
            return None;
        }
        let end = BATCH_HEADER.checked_add(u32_at(bytes, 24) as usize)?;
        let covered = bytes.get(8..end)?;
        if crc32c(header.seed(offset), covered) != u32_at(bytes, 4) {
            return None;
        }
        let records = &bytes[BATCH_HEADER..end];
        let batch = Self {
            first: u64_at(bytes, 8),
            synced_to: u64_at(bytes, 16),
            count: u32_at(bytes, 28),
            records,
        };
        // A checksum is no proof, and whoever reads the records must not run past their end.
        (count(records) == Some(batch.count)).then_some(batch)
    }
}

/// The bytes of a record with a body of this length.
pub(crate) fn record_size(body: usize) -> usize {
    RECORD_HEADER + body
}

/// Appends a record whose body is made of these parts.
pub(crate) fn encode_record(kind: u8, is_carried: bool, body: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = body.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&[kind, u8::from(is_carried)]);
    for part in body {
        out.extend_from_slice(part);
    }
}

/// Takes the first record off the bytes.
pub(crate) fn take_record<'a>(bytes: &mut &'a [u8]) -> Option<Record<'a>> {
    let (header, rest) = bytes.split_first_chunk::<RECORD_HEADER>()?;
    let length = u32_at(header, 0) as usize;
    if rest.len() < length || header[5] > 1 {
        return None;
    }
    let (body, rest) = rest.split_at(length);
    *bytes = rest;
    Some(Record { kind: header[4], is_carried: header[5] == 1, body })
}

/// How many records these bytes hold, if they hold whole ones alone.
fn count(mut bytes: &[u8]) -> Option<u32> {
    let mut count = 0;
    while !bytes.is_empty() {
        take_record(&mut bytes)?;
        count += 1;
    }
    Some(count)
}
