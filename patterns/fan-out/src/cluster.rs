//! Many futures, polled by one task: a number of slots, and a bell for each, so that a round visits
//! the slots that rang and no others.

use std::future::pending;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use super::bells::{Bell, Bells};
use super::error::{ItemError, Outcome};
use super::slot::{Alarm, Slot};
use super::sync::{Arc, has_budget_remaining, timeout};

/// Where a cluster gets its futures and leaves its outcomes.
pub(crate) trait Desk<F, T, E> {
    /// The next item and its future, or the panic that came instead of one.
    fn next(&mut self) -> Option<(usize, thread::Result<F>)>;
    /// What became of an item.
    fn done(&mut self, index: usize, outcome: Outcome<T, E>);
}

/// Futures side by side in one task.
pub(crate) struct Cluster<F> {
    slots: Vec<Slot<F>>,
    /// One bell for each slot. A slot that is free and may take an item has rung.
    bells: Arc<Bells>,
    /// The bells that 64 neighbours share.
    shared: Vec<Waker>,
    /// The bells of slots that have one to themselves; empty as long as none has.
    own: Vec<Option<Waker>>,
    /// The alarm of each slot's item; empty if items may take as long as they like.
    alarms: Vec<Option<Alarm>>,
    /// The word of bells where the next round begins: where the last one had to stop.
    start: usize,
    /// How many slots have a future.
    busy: usize,
    timeout: Option<Duration>,
}

impl<F> Cluster<F> {
    pub(crate) fn new(width: usize, timeout: Option<Duration>) -> Self {
        let bells = Arc::new(Bells::new(width));
        let shared = Bell::words(&bells, width);
        let slots = (0..width).map(|_| Slot::new()).collect();
        let alarms = (0..timeout.map_or(0, |_| width)).map(|_| None).collect();
        Self { slots, bells, shared, own: Vec::new(), alarms, start: 0, busy: 0, timeout }
    }

    /// Whether no slot has a future.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy == 0
    }

    /// Whether another round would find something to do, and may do it.
    pub(crate) fn may_go_on(&self) -> bool {
        self.bells.any() && has_budget_remaining()
    }

    /// The task is about to return `Pending`.
    pub(crate) fn sleep(&self, context: &Context<'_>) {
        self.bells.sleep(context);
    }

    /// Drops all futures.
    pub(crate) fn clear(&mut self) {
        self.busy = 0;
        self.slots.drain(..).for_each(|mut slot| slot.clear());
        self.alarms.clear();
    }

    // ANCHOR: round
    /// Visits each slot that has rung, once. What rings meanwhile is for the next round. When the
    /// task has used up its budget, tokio lets no item get on, and the rest of the round has to wait.
    pub(crate) fn round<T, E>(&mut self, desk: &mut impl Desk<F, T, E>)
    where
        F: Future<Output = Result<T, E>>,
    {
        self.bells.rouse();
        for _ in 0..self.bells.words() {
            if !has_budget_remaining() {
                return;
            }
            let mut rung = self.bells.take(self.start);
            while rung != 0 {
                self.visit(self.start * 64 + rung.trailing_zeros() as usize, desk);
                rung &= rung - 1;
            }
            self.start = (self.start + 1) % self.bells.words();
        }
    }

    /// Lets a slot get on. If its item is done, it takes the next one before the outcome is told:
    /// whoever hears of the last outcome knows that nobody looks for more.
    fn visit<T, E>(&mut self, slot: usize, desk: &mut impl Desk<F, T, E>)
    where
        F: Future<Output = Result<T, E>>,
    {
        if self.slots[slot].is_free() && !self.fill(slot, desk) {
            return;
        }
        if let Poll::Ready((index, outcome)) = self.poll(slot) {
            self.busy -= 1;
            if let Some(alarm) = self.alarms.get_mut(slot) {
                *alarm = None;
            }
            if self.fill(slot, desk) {
                self.bells.mark(slot);
            }
            desk.done(index, outcome);
        }
    }
    // ANCHOR_END: round

    fn poll<T, E>(&mut self, slot: usize) -> Poll<(usize, Outcome<T, E>)>
    where
        F: Future<Output = Result<T, E>>,
    {
        let alarm = self.alarms.get_mut(slot).and_then(Option::as_mut);
        if !self.slots[slot].is_regular() {
            return self.slots[slot].poll(&self.shared[slot / 64], alarm);
        }
        if self.own.is_empty() {
            self.own.resize(self.slots.len(), None);
        }
        let bell = self.own[slot].get_or_insert_with(|| Bell::one(&self.bells, slot));
        self.slots[slot].poll(bell, alarm)
    }

    /// Puts the next item into a slot, if there is one.
    fn fill<T, E>(&mut self, slot: usize, desk: &mut impl Desk<F, T, E>) -> bool {
        while let Some((index, future)) = desk.next() {
            match future {
                Ok(future) => {
                    self.slots[slot].begin(index, future);
                    if let Some(limit) = self.timeout {
                        self.alarms[slot] = Some(Box::pin(timeout(limit, pending())));
                    }
                    self.busy += 1;
                    return true;
                }
                Err(panic) => desk.done(index, Err(ItemError::Panicked(panic.into()))),
            }
        }
        false
    }
}

impl<F> Drop for Cluster<F> {
    /// One by one: two futures that panic as they drop must not meet.
    fn drop(&mut self) {
        self.clear();
    }
}
