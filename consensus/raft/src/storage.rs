//! A disk that is a folder: one log of the crate `wal` holds all that a node must not forget.
//!
//! Term and vote, entries and snapshots are records of the one log, so that one fsync covers whatever
//! has come together, and what is torn by a crash is found by the log's own checksums. Nothing is ever
//! overwritten: a follower that cuts off the end of its log appends what stands there instead, and the
//! records are read in order.
//!
//! | record | what it says |
//! |---|---|
//! | vote | term and vote are now these; carried into each new segment, so that no compaction loses it |
//! | tail | from this index on the log is this, whatever stood there |
//! | piece | a piece of a leader's snapshot; the last one puts it in place of the whole log |
//! | own piece | a piece of the own snapshot; the last one puts it in place of the entries that it holds |
//!
//! Segments that hold nothing but the past are removed when a snapshot is whole.

mod marks;
mod records;
mod replay;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use wal::lock::Wal;
use wal::{AppendError, Counts, Cut, Options, Record, ReleaseError};

use crate::node::{Disk, Found};
use crate::saves::Save;
use crate::types::Snapshot;

use marks::Marks;
use records::{OWN_PIECE, VOTE};
use replay::Replay;

/// A record of a snapshot holds no more bytes of it: so many are written before the next fsync.
const MOST: usize = 4 << 20;

/// A folder in which a node keeps its term, vote, log and snapshot.
pub struct Folder {
    log: Arc<Wal>,
    marks: Marks,
    /// The sequence of the last record.
    end: u64,
    cut: Option<Cut>,
}

/// Counts what the disk of a node does, while the node has it.
#[derive(Clone)]
pub struct Meter(Arc<Wal>);

/// Why a folder was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log was not opened.
    #[error(transparent)]
    Log(#[from] wal::OpenError),
    /// The log is whole, and still it is none of ours.
    #[error(
        "record {sequence} holds {what}: the folder is not that of a node, or of a later version"
    )]
    Foreign {
        /// Which record.
        sequence: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Entries are missing behind the snapshot.
    #[error("the entries from {from} on are missing; restore the folder from a copy")]
    Gap {
        /// The first that is missing.
        from: u64,
    },
}

impl Folder {
    /// Opens a folder, or makes one, and reads what it holds. `id` says whose it is, that of another is
    /// refused: give the node's name, or a number made from the cluster's and the node's.
    ///
    /// # Errors
    ///
    /// When the folder is in use or another's, when what was safe is damaged, and when the system
    /// refuses something.
    pub fn open(folder: impl AsRef<Path>, id: u64) -> Result<(Self, Found), OpenError> {
        // One entry may be large.
        let options = Options { max_record: 1 << 28, ..Options::new(id) };
        Self::open_with(folder, &options)
    }

    /// As [`open`](Self::open), with other limits.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        folder: impl AsRef<Path>,
        options: &Options,
    ) -> Result<(Self, Found), OpenError> {
        let mut replay = Replay::new();
        let (log, recovery) = Wal::open(folder, options, |entry| replay.take(entry))?;
        let (found, marks) = replay.finish()?;
        let (log, end, cut) = (Arc::new(log), recovery.last, recovery.cut);
        Ok((Self { log, marks, end, cut }, found))
    }

    /// What was cut off the end when the folder was opened: it was being written when the power went,
    /// and nobody was told that it is safe.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// Counts, while a node has the folder.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.log))
    }

    /// Writes records, and returns when they are safe.
    fn force(&mut self, records: &[Record<'_>]) -> io::Result<()> {
        self.end = self.log.force(records).map_err(of_append)?;
        Ok(())
    }

    /// Lets go of what no restart will need.
    fn release(&self) -> io::Result<()> {
        let before = self.marks.oldest().unwrap_or(self.end + 1);
        self.log.release(before).map(drop).map_err(of_release)
    }
}

impl Disk for Folder {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        // Each save's records are this one or later ones: so exactly is enough.
        let next = self.end + 1;
        let bodies: Vec<_> = saves.iter().flat_map(records::of).collect();
        let records: Vec<_> = bodies
            .iter()
            .map(|(kind, body)| match *kind {
                VOTE => Record::carried(VOTE, body),
                kind => Record::new(kind, body),
            })
            .collect();
        self.force(&records)?;
        let mut is_whole = false;
        for Save { piece, tail, .. } in &saves {
            if let Some(piece) = piece {
                self.marks.piece(piece.offset, next);
                if piece.is_last() {
                    self.marks.installed(piece.snapshot.last.index);
                    is_whole = true;
                }
            }
            if let Some(tail) = tail {
                self.marks.tail(tail.from, tail.entries.len(), next);
            }
        }
        if is_whole { self.release() } else { Ok(()) }
    }

    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()> {
        if !self.marks.is_news(snapshot.last.index) {
            return Ok(());
        }
        self.marks.own_piece(0, self.end + 1);
        let mut offset = 0;
        loop {
            let end = bytes.len().min(offset + MOST);
            let body = records::piece(snapshot, offset as u64, &bytes[offset..end]);
            self.force(&[Record::new(OWN_PIECE, &body)])?;
            if end == bytes.len() {
                break;
            }
            offset = end;
        }
        self.marks.compacted(snapshot.last.index);
        self.release()
    }
}

impl Meter {
    /// What the log did since it was opened.
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }
}

fn of_append(error: AppendError) -> io::Error {
    match error {
        AppendError::Failed(failed) => of_failed(failed),
        other => io::Error::other(other),
    }
}

fn of_release(error: ReleaseError) -> io::Error {
    match error {
        ReleaseError::Failed(failed) => of_failed(failed),
        ReleaseError::Closed => io::Error::other(error),
    }
}

/// The kind of the system's error stays.
fn of_failed(failed: wal::Failed) -> io::Error {
    let kind = failed.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
    io::Error::new(kind, failed)
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("last", &self.end).finish_non_exhaustive()
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meter").field(&self.counts()).finish()
    }
}
