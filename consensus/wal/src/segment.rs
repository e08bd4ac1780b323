//! Whoever writes: the only one that touches the files of an open log. It never writes again after an
//! error.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::disk::{BATCH, Folder, Handle};
use super::error::Failed;
use super::format::{Batch, Header, SECTOR, encode_record, take_record};
use super::group::{Chunk, Group};
use super::record::{Counts, Options};

/// The last carried record of each kind, with its sequence.
pub(crate) type Carried = BTreeMap<u8, (u64, Vec<u8>)>;

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) folder: Folder,
    pub(crate) options: Options,
    /// As of `next`: of records before it, and of no others.
    pub(crate) carried: Carried,
    /// All segments, the one that is written last.
    pub(crate) segments: VecDeque<Header>,
    pub(crate) file: Handle,
    /// Where the next batch goes. Only zeros stand from here on.
    pub(crate) end: u64,
    /// What a sync that returned has made safe.
    pub(crate) synced_to: u64,
    /// The sequence of the next record.
    pub(crate) next: u64,
    pub(crate) counts: Counts,
    pub(crate) buffer: Vec<u8>,
}

pub(crate) fn name_of(segment: u64) -> String {
    format!("{segment:020}.wal")
}

/// A segment that is being made. It gets its name when all of it is safe.
pub(crate) const UNFINISHED: &str = "next.new";

impl Writer {
    /// Writes the records and makes them safe.
    pub(crate) fn commit(&mut self, group: &Group) -> Result<(), Failed> {
        for chunk in group.chunks(BATCH) {
            self.write(chunk)?;
        }
        self.sync()
    }

    /// Tells whoever reads this log that all of it was safe, so that damage to its last records is not
    /// taken for a torn end.
    pub(crate) fn seal(&mut self) -> Result<(), Failed> {
        self.write(Chunk { bytes: &[], records: 0 })?;
        self.sync()
    }

    /// Removes the segments that hold no record from `before` on; how many.
    pub(crate) fn release(&mut self, before: u64) -> Result<usize, Failed> {
        let mut removed = 0;
        while self.segments.get(1).is_some_and(|second| second.first <= before) {
            let name = name_of(self.segments[0].number);
            self.folder.remove(&name).map_err(|error| Failed::new("remove", &name, error))?;
            // Each for itself: a hole in the middle would look as if a segment were lost.
            self.sync_folder()?;
            self.segments.pop_front();
            removed += 1;
        }
        Ok(removed)
    }

    fn header(&self) -> Header {
        self.segments[self.segments.len() - 1]
    }

    fn write(&mut self, chunk: Chunk<'_>) -> Result<(), Failed> {
        if self.end + Batch::size(chunk.bytes.len()) as u64 > self.header().size {
            self.sync()?;
            self.roll(Batch::size(chunk.bytes.len()))?;
        }
        let (header, name) = (self.header(), name_of(self.header().number));
        let (first, synced_to) = (self.next, self.synced_to);
        let batch = Batch { first, synced_to, count: chunk.records, records: chunk.bytes };
        self.buffer.clear();
        batch.encode(&header, self.end as usize, &mut self.buffer);
        let written = self.file.write_at(&self.buffer, self.end);
        written.map_err(|error| Failed::new("write to", &name, error))?;
        self.end += self.buffer.len() as u64;
        self.next = carry(&mut self.carried, chunk.bytes, self.next);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Failed> {
        if self.synced_to == self.end {
            return Ok(());
        }
        let name = name_of(self.header().number);
        let start = Instant::now();
        self.file.sync().map_err(|error| Failed::new("sync", &name, error))?;
        self.counts.syncing += start.elapsed();
        self.counts.syncs += 1;
        self.counts.durable = self.next - 1;
        self.synced_to = self.end;
        Ok(())
    }

    /// Goes on in a new segment, in which there is room for a batch of this size. All before is safe.
    fn roll(&mut self, room: usize) -> Result<(), Failed> {
        let number = self.header().number + 1;
        let made = create(&self.folder, &self.options, number, self.next, &self.carried, room)?;
        self.segments.push_back(made.header);
        (self.file, self.end, self.synced_to) = (made.file, made.end, made.end);
        Ok(())
    }

    fn sync_folder(&self) -> Result<(), Failed> {
        self.folder.sync().map_err(|error| Failed::new("sync", "the folder", error))
    }
}

/// Notes the carried ones among these records, the first of which has the sequence `next`; returns
/// the sequence after them.
pub(crate) fn carry(carried: &mut Carried, mut records: &[u8], mut next: u64) -> u64 {
    while let Some(record) = take_record(&mut records) {
        if record.is_carried {
            carried.insert(record.kind, (next, record.body.to_vec()));
        }
        next += 1;
    }
    next
}

/// A segment without records of its own.
pub(crate) struct Made {
    pub(crate) header: Header,
    pub(crate) file: Handle,
    /// After the carried records.
    pub(crate) end: u64,
}

/// Makes a segment, which has a header and the carried records whenever it has a name.
pub(crate) fn create(
    folder: &Folder,
    options: &Options,
    number: u64,
    first: u64,
    carried: &Carried,
    room: usize,
) -> Result<Made, Failed> {
    let (mut records, mut order) = (Vec::new(), Vec::from_iter(carried));
    order.sort_by_key(|(_, (sequence, _))| *sequence);
    for (kind, (sequence, body)) in order {
        encode_record(*kind, true, &[&sequence.to_le_bytes(), body], &mut records);
    }
    let end = SECTOR + Batch::size(records.len());
    // Zeros up to its full size: later writes change no more than what they write, so that a sync has
    // no length and no new blocks to make safe, and a full disk shows here.
    let size = (options.segment_bytes as usize).max(end + room).next_multiple_of(SECTOR);
    let header = Header { log: options.id, number, first, size: size as u64 };
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(&header.encode());
    let synced_to = SECTOR as u64;
    let count = carried.len() as u32;
    Batch { first, synced_to, count, records: &records }.encode(&header, SECTOR, &mut bytes);
    bytes.resize(size, 0);
    let file = publish(folder, &name_of(number), &bytes);
    let file = file.map_err(|error| Failed::new("make", &name_of(number), error))?;
    Ok(Made { header, file, end: end as u64 })
}

fn publish(folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<Handle> {
    let mut file = folder.create(UNFINISHED)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    folder.rename(UNFINISHED, name)?;
    folder.sync()?;
    Ok(file)
}

/// A panic while the disk is written is a failure like any other: nobody knows what was written.
pub(crate) fn caught<R>(job: impl FnOnce() -> Result<R, Failed>) -> Result<R, Failed> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Failed::panicked()))
}
