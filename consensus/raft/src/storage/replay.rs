//! What the records of a log come to, read in order.

use wal::Entry as Line;

use super::OpenError;
use super::marks::Marks;
use super::records::{OWN_PIECE, PIECE, TAIL, VOTE, read_piece, read_tail, read_vote};
use crate::bytes::Damaged;
use crate::log::Entry;
use crate::node::Found;
use crate::saves::Piece;
use crate::types::{HardState, Index, Snapshot};

/// What has been read so far. The log may begin in the middle of the story: what was released is told
/// again by what follows.
pub(super) struct Replay {
    hard_state: HardState,
    snapshot: Option<(Snapshot, Vec<u8>)>,
    /// The index of the first entry.
    first: Index,
    entries: Vec<Entry>,
    /// Of a leader's snapshot that is not whole.
    incoming: Vec<u8>,
    own: Vec<u8>,
    marks: Marks,
    wrong: Option<OpenError>,
}

impl Replay {
    pub(super) fn new() -> Self {
        Self {
            hard_state: HardState::default(),
            snapshot: None,
            first: 1,
            entries: Vec::new(),
            incoming: Vec::new(),
            own: Vec::new(),
            marks: Marks::default(),
            wrong: None,
        }
    }

    pub(super) fn take(&mut self, line: Line<'_>) {
        if self.wrong.is_none()
            && let Err(Damaged(what)) = self.read(line)
        {
            self.wrong = Some(OpenError::Foreign { sequence: line.sequence, what });
        }
    }

    fn read(&mut self, line: Line<'_>) -> Result<(), Damaged> {
        match line.kind {
            VOTE => self.hard_state = read_vote(line.body)?,
            TAIL => self.tail(line)?,
            PIECE => {
                let piece = read_piece(line.body)?;
                self.marks.piece(piece.offset, line.sequence);
                if let Some(whole) = put(&mut self.incoming, piece) {
                    (self.first, self.entries) = (whole.0.last.index + 1, Vec::new());
                    self.marks.installed(whole.0.last.index);
                    self.snapshot = Some(whole);
                }
            }
            OWN_PIECE => {
                let piece = read_piece(line.body)?;
                self.marks.own_piece(piece.offset, line.sequence);
                if let Some(whole) = put(&mut self.own, piece) {
                    self.compact(whole.0.last.index);
                    self.marks.compacted(whole.0.last.index);
                    self.snapshot = Some(whole);
                }
            }
            _ => return Err(Damaged("a record of an unknown kind")),
        }
        Ok(())
    }

    fn tail(&mut self, line: Line<'_>) -> Result<(), Damaged> {
        let tail = read_tail(line.body)?;
        self.marks.tail(tail.from, tail.entries.len(), line.sequence);
        let end = self.first + self.entries.len() as Index;
        if tail.from < self.first || tail.from > end {
            // What stood before it was released.
            (self.first, self.entries) = (tail.from, tail.entries);
        } else {
            self.entries.truncate((tail.from - self.first) as usize);
            self.entries.extend(tail.entries);
        }
        Ok(())
    }

    /// The entries up to here are in the own snapshot.
    fn compact(&mut self, upto: Index) {
        let gone = (upto + 1).saturating_sub(self.first) as usize;
        self.entries.drain(..gone.min(self.entries.len()));
        self.first = self.first.max(upto + 1);
    }

    pub(super) fn finish(self) -> Result<(Found, Marks), OpenError> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let from = self.snapshot.as_ref().map_or(0, |(it, _)| it.last.index) + 1;
        if self.first != from {
            return Err(OpenError::Gap { from });
        }
        let (snapshot, bytes) = self.snapshot.unzip();
        let mut found = Found { snapshot: bytes.unwrap_or_default(), ..Found::default() };
        found.stored.hard_state = self.hard_state;
        found.stored.snapshot = snapshot;
        found.stored.entries = self.entries;
        Ok((found, self.marks))
    }
}

/// Puts a piece where it belongs, and gives the snapshot that is whole with it.
fn put(buffer: &mut Vec<u8>, piece: Piece) -> Option<(Snapshot, Vec<u8>)> {
    buffer.truncate(piece.offset as usize);
    buffer.extend(&piece.bytes);
    // Of one whose first pieces were released, nothing comes.
    let is_whole = piece.is_last() && buffer.len() as u64 == piece.snapshot.size;
    is_whole.then(|| (piece.snapshot, std::mem::take(buffer)))
}
