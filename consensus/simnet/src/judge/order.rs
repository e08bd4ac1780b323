//! Calls and answers in the order of time, as a list from which pairs are taken and put back.

use std::time::Duration;

/// The operation that the entry belongs to.
pub(super) fn operation(entry: usize) -> usize {
    entry / 2
}

/// The operation, if the entry is a call.
pub(super) fn call(entry: usize) -> Option<usize> {
    entry.is_multiple_of(2).then_some(entry / 2)
}

/// The entry that is the operation's call.
pub(super) fn call_of(operation: usize) -> usize {
    2 * operation
}

/// The list. Entry `2 i` is the call of operation `i`, `2 i + 1` its answer.
///
/// Taking out and putting back cost the same whatever the length, if pairs are put back in the
/// reverse of the order in which they were taken out.
pub(super) struct Order {
    next: Vec<usize>,
    previous: Vec<usize>,
    /// By operation: its place among those with an answer, or among those without.
    rank: Vec<Rank>,
    removed: Set,
}

#[derive(Clone, Copy)]
enum Rank {
    Answered(usize),
    Unknown(usize),
}

/// Which operations are taken out. Those with an answer are taken out about in the order of their
/// calls, so that only the few at the edge need a bit each.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Set {
    /// In words of 64: all before are out.
    full: usize,
    edge: Vec<u64>,
    /// Those without an answer may never be taken out, and must not hold the edge back.
    unknown: Vec<u64>,
}

impl Order {
    pub(super) fn new(operations: impl Iterator<Item = (Duration, Option<Duration>)>) -> Self {
        let operations: Vec<_> = operations.collect();
        let mut entries: Vec<usize> = (0..2 * operations.len()).collect();
        // At the same moment calls come first: such operations overlap. Unknown answers come last.
        entries.sort_by_key(|entry| {
            let (called, answered) = operations[entry / 2];
            let time =
                if entry.is_multiple_of(2) { called } else { answered.unwrap_or(Duration::MAX) };
            (time, entry % 2)
        });
        let mut rank = vec![Rank::Unknown(0); operations.len()];
        let (mut answered, mut unknown) = (0, 0);
        for entry in entries.iter().filter(|entry| entry.is_multiple_of(2)) {
            let (next, kind): (&mut usize, fn(usize) -> Rank) = match operations[entry / 2].1 {
                Some(_) => (&mut answered, Rank::Answered),
                None => (&mut unknown, Rank::Unknown),
            };
            rank[entry / 2] = kind(*next);
            *next += 1;
        }
        let head = entries.len();
        let (mut next, mut previous) = (vec![head; head + 1], vec![head; head + 1]);
        let mut last = head;
        for entry in entries {
            (next[last], previous[entry]) = (entry, last);
            last = entry;
        }
        previous[head] = last;
        let removed = Set { full: 0, edge: Vec::new(), unknown: vec![0; unknown.div_ceil(64)] };
        Self { next, previous, rank, removed }
    }

    pub(super) fn first(&self) -> usize {
        self.next[self.next.len() - 1]
    }

    pub(super) fn after(&self, entry: usize) -> usize {
        self.next[entry]
    }

    pub(super) fn remove(&mut self, operation: usize) {
        for entry in [2 * operation, 2 * operation + 1] {
            let (before, after) = (self.previous[entry], self.next[entry]);
            (self.next[before], self.previous[after]) = (after, before);
        }
        self.removed.flip(self.rank[operation]);
    }

    pub(super) fn put_back(&mut self, operation: usize) {
        // The answer first: the call may stand right before it.
        for entry in [2 * operation + 1, 2 * operation] {
            let (before, after) = (self.previous[entry], self.next[entry]);
            (self.next[before], self.previous[after]) = (entry, entry);
        }
        self.removed.flip(self.rank[operation]);
    }

    pub(super) fn removed(&self) -> Set {
        self.removed.clone()
    }
}

impl Set {
    fn flip(&mut self, rank: Rank) {
        let place = match rank {
            Rank::Unknown(place) => {
                self.unknown[place / 64] ^= 1 << (place % 64);
                return;
            }
            Rank::Answered(place) => place,
        };
        let word = place / 64;
        if word < self.full {
            // One of the full words loses a bit.
            let reopened = std::iter::repeat_n(u64::MAX, self.full - word);
            self.edge.splice(0..0, reopened);
            self.full = word;
        }
        let at = word - self.full;
        if at >= self.edge.len() {
            self.edge.resize(at + 1, 0);
        }
        self.edge[at] ^= 1 << (place % 64);
        self.trim();
    }

    /// Brings it into the one form that equal sets share.
    fn trim(&mut self) {
        let full = self.edge.iter().take_while(|word| **word == u64::MAX).count();
        self.edge.drain(..full);
        self.full += full;
        while self.edge.last() == Some(&0) {
            self.edge.pop();
        }
    }
}
