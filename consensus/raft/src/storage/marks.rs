//! Which records a restart needs.

use std::collections::VecDeque;

use crate::types::Index;

/// The first records of all that is not in the past.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The record that brings the entries from `.0` on, up to the next mark. Both numbers rise.
    tails: VecDeque<(Index, u64)>,
    /// The last entry that the newest whole snapshot holds.
    base: Index,
    /// Where the log ends.
    last: Index,
    /// The first piece of the newest whole snapshot.
    snapshot: Option<u64>,
    /// The first piece of one that is not whole: a leader's, and the own.
    incoming: Option<u64>,
    own: Option<u64>,
}

impl Marks {
    pub(super) fn tail(&mut self, from: Index, count: usize, record: u64) {
        while self.tails.pop_back_if(|(first, _)| *first >= from).is_some() {}
        self.tails.push_back((from, record));
        self.last = from + count as Index - 1;
    }

    pub(super) fn piece(&mut self, offset: u64, record: u64) {
        if offset == 0 {
            self.incoming = Some(record);
        }
    }

    pub(super) fn own_piece(&mut self, offset: u64, record: u64) {
        if offset == 0 {
            self.own = Some(record);
        }
    }

    /// A leader's snapshot is whole, and stands in place of the log.
    pub(super) fn installed(&mut self, base: Index) {
        self.snapshot = self.incoming.take();
        self.tails.clear();
        (self.base, self.last) = (base, base);
    }

    /// Whether a snapshot up to here would be newer than the newest.
    pub(super) fn is_news(&self, index: Index) -> bool {
        index > self.base
    }

    /// The own snapshot is whole, and stands in place of the entries up to here.
    pub(super) fn compacted(&mut self, base: Index) {
        self.snapshot = self.own.take();
        self.base = base;
        if self.last <= base {
            self.tails.clear();
            self.last = base;
        }
        while self.tails.get(1).is_some_and(|(first, _)| *first <= base + 1) {
            self.tails.pop_front();
        }
    }

    /// Nothing before it is needed.
    pub(super) fn oldest(&self) -> Option<u64> {
        let tail = self.tails.front().map(|(_, record)| *record);
        [tail, self.snapshot, self.incoming, self.own].into_iter().flatten().min()
    }
}
