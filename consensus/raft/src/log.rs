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
    entries: VecDeque<Slot>,
    /// The bytes of all that is gone.
    gone: u64,
    /// Where entries with a membership stand, in order: the log is not searched for them.
    changes: Vec<Index>,
}

/// An entry, and the bytes of the log up to its end: how much stands between two entries is asked
/// for every message, and never counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Slot {
    entry: Entry,
    end: u64,
}

/// Why entries were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendError {
    /// Another entry stands before them, or none.
    Conflict(Conflict),
    /// They would cut off what is committed: two nodes led in one term, or a disk forgot.
    Committed(Index),
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
        Self::after(Position::default(), Arc::new(founders))
    }

    /// The log behind a snapshot: nothing in it yet.
    pub fn after(base: Position, members: Arc<Membership>) -> Self {
        let (entries, changes) = (VecDeque::new(), Vec::new());
        Self { base, founders: members, entries, gone: 0, changes }
    }

    /// The last entry that a snapshot holds.
    pub fn base(&self) -> Position {
        self.base
    }

    /// Where the log ends.
    pub fn last(&self) -> Position {
        let index = self.base.index + self.entries.len() as Index;
        Position { term: self.entries.back().map_or(self.base.term, |slot| slot.entry.term), index }
    }

    /// The term of the entry there. `None` where there is none, any more or yet.
    pub fn term(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        Some(self.entry(index)?.term)
    }

    /// Where an entry stands. `None` where there is none, any more or yet.
    pub fn position(&self, index: Index) -> Option<Position> {
        Some(Position { term: self.term(index)?, index })
    }

    /// The entry there.
    pub fn entry(&self, index: Index) -> Option<&Entry> {
        Some(&self.entries.get(self.place(index)?)?.entry)
    }

    /// Where the last entry about who takes part stands; the base, if a snapshot holds it.
    pub fn last_change(&self) -> Index {
        self.changes.last().copied().unwrap_or(self.base.index)
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
        match self.entry(change) {
            Some(Entry { payload: Payload::Membership(members), .. }) => members,
            _ => unreachable!("`changes` holds what has a membership, and index {change} has none"),
        }
    }

    /// Who took part when the log ended there, and after each change behind it.
    pub fn memberships_since(&self, index: Index) -> impl Iterator<Item = &Arc<Membership>> {
        let later = self.changes.iter().copied().filter(move |change| *change > index);
        std::iter::once(index).chain(later).map(|at| self.membership_at(at))
    }

    /// Puts an entry at the end; says where.
    pub fn push(&mut self, entry: Entry) -> Position {
        debug_assert!(entry.term >= self.last().term, "terms never fall");
        let is_change = matches!(entry.payload, Payload::Membership(_));
        let end = self.end_of(self.last().index) + entry.size() as u64;
        self.entries.push_back(Slot { entry, end });
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
    /// When `previous` is not ours: with what the leader should try instead. And when a committed
    /// entry would be cut.
    pub fn append(
        &mut self,
        previous: Position,
        entries: Vec<Entry>,
        committed: Index,
    ) -> Result<Option<Index>, AppendError> {
        let settled = committed.max(self.base.index);
        if previous.index <= settled
            && self.term(previous.index).is_some_and(|term| term != previous.term)
        {
            return Err(AppendError::Committed(previous.index));
        }
        self.check(previous).map_err(AppendError::Conflict)?;
        let is_here = |(entry, index): &(&Entry, Index)| {
            *index < self.base.index || self.term(*index) == Some(entry.term)
        };
        let here = entries.iter().zip(previous.index + 1..).take_while(is_here).count();
        if here == entries.len() {
            return Ok(None);
        }
        let first = previous.index + 1 + here as Index;
        if first <= settled {
            return Err(AppendError::Committed(first));
        }
        self.truncate(first);
        for entry in entries.into_iter().skip(here) {
            self.push(entry);
        }
        Ok(Some(first))
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
    pub fn first_of(&self, term: Term) -> Index {
        self.base.index + 1 + self.entries.partition_point(|slot| slot.entry.term < term) as Index
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

    /// The entries from an index on, as many as fit into so many bytes, but one at least if there is
    /// one. `None` if they are gone: send the snapshot.
    pub fn batch(&self, from: Index, bytes: usize) -> Option<Vec<Entry>> {
        let start = self.place(from)?;
        let most = self.end_of(from - 1).saturating_add(bytes as u64);
        // What fits is cloned anyway, so it is counted: a search would look all over the log.
        let behind = self.entries.iter().skip(start);
        let fit = behind.take_while(|slot| slot.end <= most).count();
        Some(self.range(start, start + fit.max(1)))
    }

    /// The entries from an index on up to another. What is gone, or not there yet, is left out.
    pub fn between(&self, from: Index, upto: Index) -> Vec<Entry> {
        let place = |index: Index| index.saturating_sub(self.base.index + 1) as usize;
        self.range(place(from), place(upto + 1))
    }

    fn range(&self, start: usize, end: usize) -> Vec<Entry> {
        let end = end.min(self.entries.len());
        self.entries.range(start.min(end)..end).map(|slot| slot.entry.clone()).collect()
    }

    /// The bytes of all entries behind one and up to another.
    pub fn bytes(&self, behind: Index, upto: Index) -> usize {
        self.end_of(upto).saturating_sub(self.end_of(behind)) as usize
    }

    /// The first index behind which, and up to another, stand no more than so many bytes.
    pub fn behind(&self, upto: Index, bytes: usize) -> Index {
        let least = self.end_of(upto).saturating_sub(bytes as u64);
        let gone = self.entries.partition_point(|slot| slot.end < least) as Index;
        (self.base.index + gone + 1).min(upto)
    }

    fn end_of(&self, index: Index) -> u64 {
        match self.place(index.min(self.base.index + self.entries.len() as Index)) {
            Some(at) => self.entries[at].end,
            None => self.gone,
        }
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
        self.gone = self.end_of(upto);
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
