//! The log: where two logs part, and how they are made one again (paper, section 5.3).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::membership::Membership;
use crate::types::{Index, Position, Term};

/// One entry. Cheap to clone: what it carries is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: Term,
    /// What it carries.
    pub payload: Payload,
}

/// What an entry carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing: a new leader's first entry, under which it commits those of others (section 8).
    Empty,
    /// For the state machine.
    Command(Arc<[u8]>),
    /// Who takes part from here on: in force as soon as it is in the log, committed or not
    /// (section 6).
    Membership(Arc<Membership>),
}

/// Entries one after the other. Those at the front may be gone: a snapshot holds what they did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Log {
    /// The last entry that is gone, or nothing at all.
    base: Position,
    /// Who took part there.
    founders: Arc<Membership>,
    /// Entry `i` stands at index `base.index + 1 + i`. Terms never fall.
    entries: VecDeque<Entry>,
    /// Where entries with a membership stand, in order: the log is not searched for them.
    changes: Vec<Index>,
}

/// Why entries do not fit behind what a follower has, and what the leader should try instead
/// (section 5.3, the last two paragraphs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// The log ends before them: try from its end on.
    Short {
        /// The first index that it lacks.
        next: Index,
    },
    /// Another term stands there: one step back for a whole term, not for each entry.
    Other {
        /// The term that stands there.
        term: Term,
        /// The first index that has it.
        first: Index,
    },
}

impl Log {
    /// An empty log of a cluster that these founded.
    pub fn new(founders: Membership) -> Self {
        Self::after(Position::default(), founders)
    }

    /// The log behind a snapshot: nothing in it yet.
    pub fn after(base: Position, members: Membership) -> Self {
        let (entries, changes) = (VecDeque::new(), Vec::new());
        Self { base, founders: Arc::new(members), entries, changes }
    }

    /// The last entry that a snapshot holds.
    pub fn base(&self) -> Position {
        self.base
    }

    /// Where the log ends.
    pub fn last(&self) -> Position {
        let index = self.base.index + self.entries.len() as Index;
        Position { term: self.entries.back().map_or(self.base.term, |entry| entry.term), index }
    }

    /// The term of the entry there. `None` where there is none, any more or yet.
    pub fn term(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        Some(self.entries.get(self.place(index)?)?.term)
    }

    /// Who takes part, as the last entry about it says. It follows from the log alone, so that a
    /// change whose entry is cut off is taken back.
    pub fn membership(&self) -> &Arc<Membership> {
        self.membership_at(Index::MAX)
    }

    /// Who took part when the log ended there.
    pub fn membership_at(&self, index: Index) -> &Arc<Membership> {
        let before = self.changes.partition_point(|change| *change <= index);
        let Some(change) = before.checked_sub(1).map(|at| self.changes[at]) else {
            return &self.founders;
        };
        match self.place(change).and_then(|at| self.entries.get(at)) {
            Some(Entry { payload: Payload::Membership(members), .. }) => members,
            _ => unreachable!("`changes` holds what has a membership, and index {change} has none"),
        }
    }

    /// Puts an entry at the end; says where.
    pub fn push(&mut self, entry: Entry) -> Position {
        debug_assert!(entry.term >= self.last().term, "terms never fall");
        let is_change = matches!(entry.payload, Payload::Membership(_));
        self.entries.push_back(entry);
        let last = self.last();
        if is_change {
            self.changes.push(last.index);
        }
        last
    }

    /// Puts a leader's entries behind `previous`, if that is ours too, and says from which index on
    /// something changed. What stands here already is left alone, even if more stands behind it: an
    /// old message must not cut off what a newer one brought. `committed` is never cut.
    ///
    /// # Errors
    ///
    /// When `previous` is not ours: with what the leader should try instead.
    ///
    /// # Panics
    ///
    /// When a committed entry would be cut: then two leaders had one term, or a disk forgot.
    pub fn append(
        &mut self,
        previous: Position,
        entries: &[Entry],
        committed: Index,
    ) -> Result<Option<Index>, Conflict> {
        self.check(previous)?;
        let mut index = previous.index;
        for (at, entry) in entries.iter().enumerate() {
            index += 1;
            if index <= self.base.index || self.term(index) == Some(entry.term) {
                continue;
            }
            assert!(index > committed, "a committed entry at {index} would be cut off");
            self.truncate(index);
            for entry in &entries[at..] {
                self.push(entry.clone());
            }
            return Ok(Some(index));
        }
        Ok(None)
    }

    /// Whether an entry is ours too. What a snapshot holds was committed, and is everybody's.
    fn check(&self, previous: Position) -> Result<(), Conflict> {
        if previous.index <= self.base.index {
            return Ok(());
        }
        match self.term(previous.index) {
            None => Err(Conflict::Short { next: self.last().index + 1 }),
            Some(term) if term == previous.term => Ok(()),
            Some(term) => Err(Conflict::Other { term, first: self.first_of(term) }),
        }
    }

    /// The first index of a term, or of a later one.
    fn first_of(&self, term: Term) -> Index {
        self.base.index + 1 + self.entries.partition_point(|entry| entry.term < term) as Index
    }

    /// What a leader should send next to a follower that told it of a conflict: behind the last
    /// entry of the follower's term, if the leader has that term, else in place of it.
    pub fn after_conflict(&self, conflict: Conflict) -> Index {
        match conflict {
            Conflict::Short { next } => next.min(self.last().index + 1),
            Conflict::Other { term, first } => {
                let behind = self.first_of(term + 1);
                if self.term(behind - 1) == Some(term) { behind } else { first }
            }
        }
    }

    /// The entries from an index on, as many as fit into so many bytes of commands, but one at
    /// least. `None` if they are gone: send the snapshot.
    pub fn batch(&self, from: Index, bytes: usize) -> Option<Vec<Entry>> {
        let start = self.place(from)?;
        let mut room = bytes;
        let fits = |entry: &&Entry| {
            let size = entry.size();
            let fits = room == bytes || size <= room;
            room = room.saturating_sub(size).min(bytes.saturating_sub(1));
            fits
        };
        Some(self.entries.iter().skip(start).take_while(fits).cloned().collect())
    }

    /// Cuts off what stands at an index and behind it.
    fn truncate(&mut self, from: Index) {
        let keep = from.saturating_sub(self.base.index + 1) as usize;
        self.entries.truncate(keep);
        self.changes.retain(|change| *change < from);
    }

    /// Forgets the entries up to an index: a snapshot holds what they did. Does nothing if they are
    /// gone already.
    ///
    /// # Panics
    ///
    /// When there are none yet.
    pub fn compact(&mut self, upto: Index) {
        if upto <= self.base.index {
            return;
        }
        let term = self.term(upto).expect("what is compacted was in the log");
        self.founders = Arc::clone(self.membership_at(upto));
        self.entries.drain(..(upto - self.base.index) as usize);
        self.changes.retain(|change| *change > upto);
        self.base = Position { term, index: upto };
    }

    /// Where an index stands among `entries`; `None` if it is gone.
    fn place(&self, index: Index) -> Option<usize> {
        index.checked_sub(self.base.index + 1).map(|at| at as usize)
    }
}

impl Entry {
    /// What it takes in a message, about.
    pub fn size(&self) -> usize {
        match &self.payload {
            Payload::Empty | Payload::Membership(_) => 64,
            Payload::Command(bytes) => 64 + bytes.len(),
        }
    }
}
