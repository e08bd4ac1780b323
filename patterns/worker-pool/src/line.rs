//! Threads that sleep, and how many of them are awake on an errand. At most one at a time is called:
//! it looks around, and calls the next if there is more than it can take.

use std::collections::VecDeque;

use super::bell::{Bell, Ring};
use super::sync::Arc;

/// Workers without a job. It stands under the queue's mutex.
#[derive(Default)]
pub(crate) struct Idle {
    /// The last to fall asleep is called first: its cache is warm.
    asleep: Vec<Arc<Bell>>,
    /// Workers that look for a job: called, or not yet asleep. While there is one, nobody need be
    /// called: it will find what there is.
    searching: usize,
}

impl Idle {
    /// There is a job. Whom to ring, once the mutex is free.
    #[must_use]
    pub(crate) fn call(&mut self) -> Option<Arc<Bell>> {
        if self.searching > 0 {
            return None;
        }
        let bell = self.asleep.pop()?;
        self.searching += 1;
        Some(bell)
    }

    /// Everybody, at the end.
    #[must_use]
    pub(crate) fn call_all(&mut self) -> Vec<Arc<Bell>> {
        self.searching += self.asleep.len();
        std::mem::take(&mut self.asleep)
    }

    /// Whether the worker is to look for a job: not if somebody does already.
    #[must_use]
    pub(crate) fn starts_to_search(&mut self) -> bool {
        // A branch, and no `+= usize::from(first)`: from opt-level 2 on rustc 1.95 then forgets to
        // compute `first`, and nothing is counted (rust-lang/rust#158206).
        if self.searching > 0 {
            return false;
        }
        self.searching = 1;
        true
    }

    pub(crate) fn ends_to_search(&mut self) {
        self.searching -= 1;
    }

    pub(crate) fn falls_asleep(&mut self, bell: &Arc<Bell>, searching: bool) {
        self.searching -= usize::from(searching);
        self.asleep.push(Arc::clone(bell));
    }

    /// Awake again. Whether it was called, and so searches now; else it woke for another reason.
    pub(crate) fn wakes(&mut self, bell: &Arc<Bell>) -> bool {
        let asleep = self.asleep.iter().position(|other| Arc::ptr_eq(other, bell));
        asleep.map(|place| self.asleep.remove(place)).is_none()
    }
}

/// Callers who wait for room; nobody, once closed. It stands under the queue's mutex.
pub(crate) struct Waiting {
    /// The first in front.
    bells: VecDeque<Arc<Bell>>,
    /// Half of the queue.
    half: usize,
}

impl Waiting {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bells: VecDeque::new(), half: capacity / 2 }
    }

    pub(crate) fn join(&mut self, bell: &Arc<Bell>) {
        self.bells.push_back(Arc::clone(bell));
    }

    // ANCHOR: room
    /// So many jobs are left: whom to ring, once the mutex is free. A caller is called when half of
    /// the queue is free, not for each place: it would fill it and sleep again, and each job would
    /// cost a wake-up. Should the jobs wait for that caller, its nap ends soon.
    #[must_use]
    pub(crate) fn call(&mut self, jobs: usize) -> Option<Arc<Bell>> {
        if jobs <= self.half { self.bells.pop_front() } else { None }
    }
    // ANCHOR_END: room

    #[must_use]
    pub(crate) fn call_all(&mut self) -> Vec<Arc<Bell>> {
        self.bells.drain(..).collect()
    }

    pub(crate) fn leave(&mut self, bell: &Arc<Bell>) {
        self.bells.retain(|other| !Arc::ptr_eq(other, bell));
    }
}

/// Rings them all.
pub(crate) fn ring(bells: impl IntoIterator<Item = Arc<Bell>>) {
    for bell in bells {
        bell.ring();
    }
}
