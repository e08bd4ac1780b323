//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use std::collections::VecDeque;

use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
use shuttle::sync::{Arc, Mutex};

// ANCHOR: counts
/// Counts permits and wakes waiters; the fault is in `release`.
pub(crate) struct Semaphore {
    state: Mutex<State>,
}

struct State {
    available: usize,
    waiters: VecDeque<SyncSender<()>>,
}

impl Semaphore {
    pub(crate) fn acquire(&self, n: usize) {
        let mut state = self.state.lock().unwrap();
        if state.available >= n {
            state.available -= n;
            return;
        }
        let (wake, woken) = sync_channel(1);
        state.waiters.push_back(wake);
        drop(state);
        let _ = woken.recv(); // returns as if it held n
    }

    pub(crate) fn release(&self, n: usize) {
        let mut state = self.state.lock().unwrap();
        state.available += n;
        while state.available > 0
            && let Some(wake) = state.waiters.pop_front()
        {
            state.available -= 1; // one, whatever the waiter asked for
            drop(wake);
        }
    }
}
// ANCHOR_END: counts

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        let state = State { available: permits, waiters: VecDeque::new() };
        Self { state: Mutex::new(state) }
    }
}

// ANCHOR: tokens
/// A bounded channel as a semaphore: a token in it is a permit taken.
/// Right for one permit at a time; who wants several collects them one by one.
pub(crate) struct Tokens {
    taken: SyncSender<()>,
    give_back: Arc<Mutex<Receiver<()>>>,
}

impl Tokens {
    pub(crate) fn acquire(&self, n: usize) {
        for _ in 0..n {
            self.taken.send(()).unwrap(); // waits while it holds what it has so far
        }
    }

    pub(crate) fn release(&self, n: usize) {
        for _ in 0..n {
            self.give_back.lock().unwrap().recv().unwrap();
        }
    }
}
// ANCHOR_END: tokens

impl Tokens {
    pub(crate) fn new(permits: usize) -> Self {
        let (taken, give_back) = sync_channel(permits);
        Self { taken, give_back: Arc::new(Mutex::new(give_back)) }
    }
}
