//! Records that go to the disk together.

use super::error::AppendError;
use super::format::{self, take_record};
use super::record::Record;

/// Encoded records in the order of their appends.
#[derive(Debug, Default)]
pub(crate) struct Group {
    bytes: Vec<u8>,
    records: u64,
}

/// A part of a group that becomes a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) records: u32,
}

impl Group {
    /// A group of what one caller appends, which refuses what is too long.
    pub(crate) fn of(records: &[Record<'_>], limit: usize) -> Result<Self, AppendError> {
        let longest = records.iter().map(|record| record.body.len()).max().unwrap_or(0);
        if longest > limit {
            return Err(AppendError::TooLarge { bytes: longest, limit });
        }
        let sizes = records.iter().map(|record| format::record_size(record.body.len()));
        let mut bytes = Vec::with_capacity(sizes.sum());
        for record in records {
            format::encode_record(record.kind, record.is_carried, &[record.body], &mut bytes);
        }
        Ok(Self { bytes, records: records.len() as u64 })
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
        self.records += other.records;
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Empties it; the memory is kept.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
    }

    /// Cuts it into parts of about `size` bytes: a record is never divided.
    pub(crate) fn chunks(&self, size: usize) -> impl Iterator<Item = Chunk<'_>> {
        let mut rest = &*self.bytes;
        std::iter::from_fn(move || {
            let (whole, mut records) = (rest, 0);
            while !rest.is_empty() {
                let mut after = rest;
                take_record(&mut after)?;
                if records > 0 && whole.len() - after.len() > size {
                    break;
                }
                (rest, records) = (after, records + 1);
            }
            let bytes = &whole[..whole.len() - rest.len()];
            (records > 0).then_some(Chunk { bytes, records })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_cut_between_records_and_a_long_one_stands_alone() {
        let bodies: Vec<Vec<u8>> = [4, 4, 4, 90, 4].iter().map(|len| vec![7; *len]).collect();
        let records: Vec<_> = bodies.iter().map(|body| Record::new(1, body)).collect();
        let group = Group::of(&records, 90).unwrap();
        let cut: Vec<_> = group.chunks(20).map(|it| (it.bytes.len(), it.records)).collect();
        assert_eq!(cut, [(20, 2), (10, 1), (96, 1), (10, 1)]);
        assert_eq!(Group::default().chunks(20).count(), 0);
    }
}
