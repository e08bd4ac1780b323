//! The floor: what no lock can beat, because it does less than one must.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

/// A caller says that it is in by one update of a line of its own, and that it is out by a plain
/// store. Nobody looks there, and everybody has a pair of its own. But while one of two threads
/// writes, the other does nothing: so a write takes the time of two.
pub(crate) struct OneUpdate(AtomicU64);

pub(crate) struct Alone<'a> {
    pair: Pair,
    /// Where the writes are counted in the end.
    writes: &'a AtomicU64,
    before: u64,
    inside: CachePadded<AtomicU64>,
}

impl Contender for OneUpdate {
    type Client<'a> = Alone<'a>;

    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn client(&self) -> Alone<'_> {
        let before = self.0.load(Ordering::Acquire);
        let pair = Pair::after(before);
        Alone { pair, writes: &self.0, before, inside: CachePadded::default() }
    }
}

impl Client for Alone<'_> {
    fn read(&mut self, stay: Stay) -> Pair {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let seen = self.pair.look(stay);
        self.inside.store(0, Ordering::Release);
        seen
    }

    fn write(&mut self, stay: Stay) {
        self.inside.fetch_add(1, Ordering::SeqCst);
        self.pair.change(stay);
        stay.pass();
        self.inside.store(0, Ordering::Release);
    }

    fn attempt_read(&mut self, stay: Stay) -> Option<Pair> {
        Some(self.read(stay))
    }

    fn attempt_write(&mut self, stay: Stay) -> bool {
        self.write(stay);
        true
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.writes.fetch_add(self.pair.writes - self.before, Ordering::Release);
    }
}
