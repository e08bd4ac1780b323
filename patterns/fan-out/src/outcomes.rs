//! What has become of the items so far, and what the caller takes of it.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::{ItemError, Outcome, Stopped};

/// The outcomes of one run.
pub(crate) struct Outcomes<T, E> {
    /// Each item's outcome, until it is handed out. Before there is one, it says `Aborted`, which
    /// is what it will be if nobody brings another.
    slots: Vec<Option<Outcome<T, E>>>,
    /// The items whose outcome nobody has looked at, first done first. Of no use to a caller who
    /// waits for all, and not kept for it.
    fresh: VecDeque<usize>,
    /// How many are still to come.
    pub(crate) open: usize,
    /// How many will not come any more.
    pub(crate) aborted: usize,
}

/// What a caller waits for. The end of everything ends each of these waits.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Any outcome.
    Next,
    /// One that is an error.
    Error,
    /// All of them.
    All,
}

impl<T, E> Outcomes<T, E> {
    pub(crate) fn new(count: usize) -> Self {
        let slots = (0..count).map(|_| Some(Err(ItemError::Aborted))).collect();
        Self { slots, fresh: VecDeque::new(), open: count, aborted: 0 }
    }

    /// Writes an outcome down. Whether a caller who waits for `until` should know.
    pub(crate) fn write(&mut self, index: usize, outcome: Outcome<T, E>, until: Until) -> bool {
        let failed = outcome.is_err();
        self.slots[index] = Some(outcome);
        if !matches!(until, Until::All) {
            self.fresh.push_back(index);
        }
        self.open -= 1;
        match until {
            _ if self.open == 0 => true,
            Until::Next => true,
            Until::Error => failed,
            Until::All => false,
        }
    }

    /// Nobody is left who could bring the rest.
    pub(crate) fn abort_rest(&mut self) {
        if self.open == 0 {
            return;
        }
        for (index, slot) in self.slots.iter().enumerate() {
            if let Some(Err(ItemError::Aborted)) = slot {
                self.fresh.push_back(index);
            }
        }
        self.aborted = mem::take(&mut self.open);
    }

    pub(crate) fn take_next(&mut self) -> Option<(usize, Outcome<T, E>)> {
        let index = self.fresh.pop_front()?;
        Some((index, self.slots[index].take()?))
    }

    /// All that are left, when all are there; `None` in the place of those handed out.
    pub(crate) fn take_all(&mut self) -> Option<Vec<Option<Outcome<T, E>>>> {
        (self.open == 0).then(|| mem::take(&mut self.slots))
    }

    /// The first error; or that there is none, when all are there.
    pub(crate) fn take_error(&mut self) -> Option<Result<(), Stopped<E>>> {
        while let Some(index) = self.fresh.pop_front() {
            if let Some(Err(error)) = self.slots[index].take_if(|outcome| outcome.is_err()) {
                return Some(Err(Stopped { index, error }));
            }
        }
        (self.open == 0).then_some(Ok(()))
    }
}

/// Drops what the caller gave us. A panic in its `Drop` must not cost an item its outcome.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        mem::forget(panic); // it may panic once more as it drops
    }
}
