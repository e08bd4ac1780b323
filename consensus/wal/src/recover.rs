//! Opening: reads every segment, tells a torn end from damage, and makes safe what it found.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use super::disk::{Folder, Handle};
use super::error::{Failed, OpenError};
use super::format::{Batch, Header, HeaderError, SECTOR, VERSION, take_record};
use super::record::{Counts, Cut, Entry, Options, Recovery};
use super::segment::{self, Carried, UNFINISHED, Writer, name_of};

/// Opens a log and hands its records to `replay`, in order.
pub(crate) fn open(
    path: &Path,
    options: &Options,
    replay: &mut dyn FnMut(Entry<'_>),
) -> Result<(Writer, Recovery), OpenError> {
    options.check()?;
    let folder = Folder::open(path);
    let folder = folder.map_err(|error| Failed::new("open", &path.display().to_string(), error))?;
    let folder = folder.ok_or_else(|| OpenError::InUse(path.to_owned()))?;
    let mut log = Log { options, replay, carried: Carried::new(), next: 1, records: 0 };
    let mut segments = VecDeque::new();
    let mut last: Option<Segment> = None;
    for number in numbers(&folder)? {
        let segment = log.read(&folder, number, last.as_ref())?;
        segments.push_back(segment.header);
        last = Some(segment);
    }
    let (file, end) = if let Some(last) = &last {
        (last.mend(&folder)?, last.end as u64)
    } else {
        let made = segment::create(&folder, options, 1, 1, &log.carried, 0)?;
        segments.push_back(made.header);
        (made.file, made.end)
    };
    let cut = last.and_then(|last| last.torn_end());
    let Log { carried, next, records, .. } = log;
    let recovery = Recovery { records, last: next - 1, segments: segments.len(), cut };
    let counts = Counts { durable: next - 1, ..Counts::default() };
    let (options, buffer) = (options.clone(), Vec::new());
    let writer = Writer {
        folder,
        options,
        carried,
        segments,
        file,
        end,
        synced_to: end,
        next,
        counts,
        buffer,
    };
    Ok((writer, recovery))
}

/// The numbers of the segments, in order. What was being made when the power went is removed.
fn numbers(folder: &Folder) -> Result<Vec<u64>, OpenError> {
    let names = folder.list().map_err(|error| Failed::new("list", "the folder", error))?;
    if names.iter().any(|name| name == UNFINISHED) {
        let removed = folder.remove(UNFINISHED);
        removed.map_err(|error| Failed::new("remove", UNFINISHED, error))?;
    }
    let number = |name: &String| name.strip_suffix(".wal")?.parse().ok();
    let mut numbers: Vec<_> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// What is known of the log while it is read.
struct Log<'a> {
    options: &'a Options,
    replay: &'a mut dyn FnMut(Entry<'_>),
    carried: Carried,
    next: u64,
    records: u64,
}

/// A segment that was read.
struct Segment {
    header: Header,
    bytes: Vec<u8>,
    /// After the last whole batch.
    end: usize,
    /// Some batch says that all before was safe.
    synced_to: usize,
}

impl Log<'_> {
    /// Reads the segment that follows `before`.
    fn read(
        &mut self,
        folder: &Folder,
        number: u64,
        before: Option<&Segment>,
    ) -> Result<Segment, OpenError> {
        let name = name_of(number);
        let bytes = folder.read(&name).map_err(|error| Failed::new("read", &name, error))?;
        let header = self.header(number, &bytes)?;
        if let Some(before) = before {
            let expected = before.header.number + 1;
            if number != expected {
                return Err(corrupt(expected, 0, "the file is missing"));
            }
            if header.first != self.next {
                let why = "the next segment begins later, so records are missing here";
                return Err(corrupt(before.header.number, before.end, why));
            }
        }
        let begin = self.head(&header, &bytes, before.is_none())?;
        let mut segment = Segment { header, bytes, end: begin, synced_to: begin };
        self.batches(&mut segment);
        segment.look_beyond();
        if segment.synced_to > segment.end {
            let why = "this is no batch, but a later one says that all was safe up to it";
            return Err(corrupt(number, segment.end, why));
        }
        Ok(segment)
    }

    fn header(&self, number: u64, bytes: &[u8]) -> Result<Header, OpenError> {
        let file = name_of(number);
        let header = Header::decode(bytes).map_err(|error| match error {
            HeaderError::Bad => corrupt(number, 0, "it has no header"),
            HeaderError::Future(found) => {
                OpenError::FutureVersion { file: file.clone(), found, known: VERSION }
            }
        })?;
        if header.log != self.options.id {
            return Err(OpenError::OtherLog { file, found: header.log, wanted: self.options.id });
        }
        if header.number != number {
            return Err(corrupt(number, 0, "its header is that of another segment"));
        }
        if header.size != bytes.len() as u64 {
            return Err(corrupt(number, 0, "it has not the length that its header says"));
        }
        Ok(header)
    }

    /// Reads the carried records; those of the oldest segment are all that is left of what was before.
    fn head(&mut self, header: &Header, bytes: &[u8], oldest: bool) -> Result<usize, OpenError> {
        let batch = Batch::decode(header, bytes, SECTOR).filter(|it| it.first == header.first);
        let why = "the carried records are damaged";
        let batch = batch.ok_or_else(|| corrupt(header.number, SECTOR, why))?;
        let mut records = batch.records;
        while let Some(record) = take_record(&mut records).filter(|_| oldest) {
            let (sequence, body) = record
                .body
                .split_first_chunk()
                .ok_or_else(|| corrupt(header.number, SECTOR, why))?;
            let sequence = u64::from_le_bytes(*sequence);
            self.carried.insert(record.kind, (sequence, body.to_vec()));
            (self.replay)(Entry { sequence, kind: record.kind, is_carried: true, body });
            self.records += 1;
        }
        if oldest {
            self.next = header.first;
        }
        Ok(SECTOR + Batch::size(batch.records.len()))
    }

    /// Hands out the records of all batches that follow each other.
    fn batches(&mut self, segment: &mut Segment) {
        while let Some(batch) = segment.batch_at(segment.end).filter(|it| it.first == self.next) {
            self.next = segment::carry(&mut self.carried, batch.records, batch.first);
            let mut records = batch.records;
            for sequence in batch.first..self.next {
                let Some(record) = take_record(&mut records) else { break };
                let (kind, is_carried, body) = (record.kind, record.is_carried, record.body);
                (self.replay)(Entry { sequence, kind, is_carried, body });
                self.records += 1;
            }
            let (end, synced_to) = (Batch::size(batch.records.len()), batch.synced_to as usize);
            segment.end += end;
            segment.synced_to = segment.synced_to.max(synced_to);
        }
    }
}

impl Segment {
    fn batch_at(&self, offset: usize) -> Option<Batch<'_>> {
        Batch::decode(&self.header, &self.bytes, offset)
    }

    /// What was written but not yet safe reaches the disk in any order, so that a whole batch may
    /// stand behind a torn one. It knows whether the torn one ever was safe.
    fn look_beyond(&mut self) {
        let beyond = (self.end..self.bytes.len()).step_by(SECTOR);
        let greatest = beyond.filter_map(|at| Some(self.batch_at(at)?.synced_to as usize)).max();
        self.synced_to = self.synced_to.max(greatest.unwrap_or(0));
    }

    fn torn_end(&self) -> Option<Cut> {
        let last = self.bytes[self.end..].iter().rposition(|byte| *byte != 0)?;
        let (file, offset) = (name_of(self.header.number), self.end as u64);
        Some(Cut { file, offset, bytes: last as u64 + 1 })
    }

    /// Makes safe what was read, and zeros of all that follows.
    ///
    /// What no batch vouches for is written anew: after an fsync that failed, or before one that never
    /// came, it may stand in the system's memory alone, where an fsync would find nothing to do. The
    /// same goes for the zeros, whatever was read there. Without them a torn batch could be written
    /// over, and the whole one behind it would follow as if it had been appended now.
    fn mend(&self, folder: &Folder) -> Result<Handle, Failed> {
        let name = name_of(self.header.number);
        let mut bytes = self.bytes[self.synced_to..self.end].to_vec();
        bytes.resize(self.bytes.len() - self.synced_to, 0);
        let mend = || -> io::Result<Handle> {
            let mut file = folder.open_file(&name)?;
            file.write_at(&bytes, self.synced_to as u64)?;
            file.sync()?;
            // That it is there at all may not be safe yet either.
            folder.sync()?;
            Ok(file)
        };
        mend().map_err(|error| Failed::new("mend", &name, error))
    }
}

fn corrupt(number: u64, offset: usize, why: &'static str) -> OpenError {
    OpenError::Corrupt { file: name_of(number), offset: offset as u64, why }
}
