//! A disk: one write at a time, in order, each safe only after a while.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::Micros;
use crate::process::{Process, micros};
use crate::rng::Rng;

pub(crate) struct Disk<P: Process> {
    /// What a crash cannot take.
    pub(crate) kept: P::Disk,
    /// Written and not yet safe, oldest first. A crash keeps a prefix of them.
    pending: VecDeque<P::Write>,
    /// When the last of them is safe.
    busy_until: Micros,
    pub(crate) delay: RangeInclusive<Duration>,
}

impl<P: Process> Disk<P> {
    pub(crate) fn new() -> Self {
        let delay = Duration::ZERO..=Duration::ZERO;
        Self { kept: P::Disk::default(), pending: VecDeque::new(), busy_until: 0, delay }
    }

    /// Takes a write; says when it will be safe.
    pub(crate) fn write(&mut self, now: Micros, write: P::Write, rng: &mut Rng) -> Micros {
        self.pending.push_back(write);
        self.busy_until = self.busy_until.max(now) + micros(rng.time(&self.delay));
        self.busy_until
    }

    /// The oldest write is safe.
    pub(crate) fn complete(&mut self) {
        if let Some(write) = self.pending.pop_front() {
            P::keep(&mut self.kept, write);
        }
    }

    /// The power is gone: some of what was pending made it, the rest did not. Says how many did not.
    pub(crate) fn crash(&mut self, rng: &mut Rng) -> usize {
        let kept = rng.below(self.pending.len() as u64 + 1) as usize;
        for _ in 0..kept {
            self.complete();
        }
        self.busy_until = 0;
        let lost = self.pending.len();
        self.pending.clear();
        lost
    }
}
