//! What the disk was asked to keep, and what it has kept.
//!
//! The disk's word is about a save, never about an index: while entry 5 of term 1 is being written it
//! may be cut off and an entry 5 of term 2 put in its place, and the word about the first must not
//! vouch for the second.

use std::collections::VecDeque;

use crate::log::{Entry, Log};
use crate::message::Refused;
use crate::types::{HardState, Index, Snapshot};

/// What to write: all of it or nothing, and after all saves before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Save {
    /// Its number, for [`Core::saved`](crate::core::Core::saved).
    pub seq: u64,
    /// The term and the vote, if they changed.
    pub hard_state: Option<HardState>,
    /// A piece of a snapshot that a leader sends.
    pub piece: Option<Piece>,
    /// How the log ends now.
    pub tail: Option<Tail>,
}

/// A piece of a snapshot. The last one puts the snapshot in place of the log, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Of which one.
    pub snapshot: Snapshot,
    /// Where it begins. One that begins at 0 is the first: forget those of other snapshots.
    pub offset: u64,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The end of the log: from `from` on it is this, whatever stood there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tail {
    /// The index of the first entry.
    pub from: Index,
    /// One at least.
    pub entries: Vec<Entry>,
}

impl Piece {
    /// Whether the snapshot is whole with it.
    pub fn is_last(&self) -> bool {
        self.offset + self.bytes.len() as u64 == self.snapshot.size
    }
}

/// Which save brings what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Saves {
    /// The number of the save that is taken next. What it will bring can still change.
    next: u64,
    /// This one and all before it are on the disk.
    saved: u64,
    /// The one that brings the term and the vote.
    hard_state: u64,
    /// Save `.1` brings the entries from `.0` on, up to the next mark. Those before the first mark are
    /// on the disk. Both numbers rise.
    marks: VecDeque<(Index, u64)>,
    piece: Option<Piece>,
}

impl Saves {
    pub(crate) fn new() -> Self {
        Self { next: 1, saved: 0, hard_state: 0, marks: VecDeque::new(), piece: None }
    }

    /// The term or the vote has changed.
    pub(crate) fn hard_state(&mut self) {
        self.hard_state = self.next;
    }

    /// The entries from here on are others than before.
    pub(crate) fn tail(&mut self, from: Index) {
        while self.marks.pop_back_if(|(first, _)| *first >= from).is_some() {}
        if self.marks.back().is_none_or(|(_, seq)| *seq < self.next) {
            self.marks.push_back((from, self.next));
        }
    }

    /// Takes a piece, unless one waits already.
    pub(crate) fn piece(&mut self, piece: Piece, committed: Index) -> bool {
        if self.piece.is_some() {
            return false;
        }
        if piece.is_last() {
            // It replaces all entries. Those behind the committed ones may have been others.
            self.tail(committed + 1);
        }
        self.piece = Some(piece);
        true
    }

    /// The save that brings what is not taken yet.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The save that brings the term and the vote.
    pub(crate) fn of_hard_state(&self) -> u64 {
        self.hard_state
    }

    /// The save that brings an entry.
    pub(crate) fn of_entry(&self, index: Index) -> u64 {
        let marks = self.marks.partition_point(|(first, _)| *first <= index);
        marks.checked_sub(1).map_or(0, |at| self.marks[at].1)
    }

    pub(crate) fn is_saved(&self, seq: u64) -> bool {
        seq <= self.saved
    }

    /// How much of a log that ends there is on the disk.
    pub(crate) fn durable(&self, last: Index) -> Index {
        self.marks.front().map_or(last, |(first, _)| first - 1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let tail = self.marks.back().is_some_and(|(_, seq)| *seq == self.next);
        self.hard_state < self.next && self.piece.is_none() && !tail
    }

    /// What is not taken yet.
    pub(crate) fn take(&mut self, hard_state: HardState, log: &Log) -> Option<Save> {
        if self.is_empty() {
            return None;
        }
        let seq = self.next;
        self.next += 1;
        let from =
            self.marks.back().filter(|(_, brought)| *brought == seq).map(|(first, _)| *first);
        let tail = from.and_then(|from| {
            let from = from.max(log.base().index + 1);
            let entries = log.between(from, log.last().index);
            (!entries.is_empty()).then_some(Tail { from, entries })
        });
        let hard_state = (self.hard_state == seq).then_some(hard_state);
        Some(Save { seq, hard_state, piece: self.piece.take(), tail })
    }

    /// The disk's word: this save, and all before it, will survive a crash.
    pub(crate) fn saved(&mut self, seq: u64) -> Result<(), Refused> {
        if seq >= self.next {
            return Err(Refused::NeverAsked { word: "save", number: seq, last: self.next - 1 });
        }
        self.saved = self.saved.max(seq);
        while self.marks.pop_front_if(|(_, brought)| *brought <= seq).is_some() {}
        Ok(())
    }
}
