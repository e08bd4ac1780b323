//! A pipeline that shares its state: between two stages lies a queue under a mutex, and both ends
//! sleep on a condition variable of their own.
//!
//! Items are put in one by one. A lone taker swaps out what is there, half the capacity at most, and
//! works from its own hand: one lock for many items. Sleepers are counted and woken only if there
//! are any. The last giver to leave ends the queue.
//!
//! Take along: `lock.rs`, `control.rs`, `error.rs`, `flow.rs`, `hop.rs`, `look.rs`, `order.rs`,
//! `outlet.rs`, `stage.rs`, `sync.rs`, `threads.rs`.

use std::collections::VecDeque;
use std::{fmt, mem};

use super::hop;
use super::look::{look, spin};
use super::sync::{Arc, AtomicUsize, Condvar, Mutex, MutexGuard, NAP, Ordering, WORTH};

/// A pipeline whose stages are joined by shared queues.
pub type Pipeline = super::flow::Pipeline<Lock>;
/// A pipeline in the making.
pub type Flow<T, E> = super::flow::Flow<Lock, T, E>;
/// The results of a pipeline, one by one.
pub type Outlet<T, E> = super::outlet::Outlet<Lock, T, E>;

/// Stages are joined by shared queues.
#[derive(Debug)]
pub enum Lock {}

/// The end of a queue that is filled.
pub struct Give<T> {
    queue: Arc<Queue<T>>,
}

/// The end of a queue that is emptied.
pub struct Take<T> {
    queue: Arc<Queue<T>>,
    /// Taken and not yet handed out. Stays empty where several take: an item in the hand of one
    /// would wait for its slow work, while another is idle.
    hand: VecDeque<T>,
}

struct Queue<T> {
    state: Mutex<State<T>>,
    /// How many items there are, for whoever looks before it locks or sleeps. A hint, so relaxed.
    level: AtomicUsize,
    /// Takers sleep here.
    filled: Condvar,
    /// Givers sleep here.
    emptied: Condvar,
    capacity: usize,
    /// How many a taker may take at once.
    most: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Items in the hand of the taker, the one it works on not counted. They take up room until it
    /// comes back for more.
    held: usize,
    givers: usize,
    /// Sleepers nobody has woken yet, never too few. Whoever wakes one takes it off the count.
    idle_takers: usize,
    idle_givers: usize,
    /// A giver has slept for long, so the next free place wakes one. Otherwise they sleep until half
    /// of the room is free: to be woken for each item costs more than the item.
    hurry: bool,
}

impl hop::Hop for Lock {
    type Give<T: Send + 'static> = Give<T>;
    type Take<T: Send + 'static> = Take<T>;

    fn ends<T: Send + 'static>(
        capacity: usize,
        givers: usize,
        takers: usize,
    ) -> hop::Ends<Self, T> {
        let queue = Arc::new(Queue::new(capacity, givers, takers));
        let give = |_| Give { queue: Arc::clone(&queue) };
        let take = |_| Take { queue: Arc::clone(&queue), hand: VecDeque::new() };
        ((0..givers).map(give).collect(), (0..takers).map(take).collect())
    }
}

// ANCHOR: hop
impl<T: Send + 'static> hop::Give<T> for Give<T> {
    #[inline]
    fn give(&mut self, item: T) {
        let queue = &*self.queue;
        let mut state = queue.state();
        if state.taken_up() >= queue.capacity {
            state = queue.wait_for_room(state);
        }
        state.items.push_back(item);
        queue.level.store(state.items.len(), Ordering::Relaxed);
        let wake = state.idle_takers > 0;
        state.idle_takers -= usize::from(wake);
        drop(state);
        if wake {
            queue.filled.notify_one();
        }
    }
}
// ANCHOR_END: hop

impl<T: Send + 'static> hop::Take<T> for Take<T> {
    #[inline]
    fn take(&mut self) -> Option<T> {
        if self.hand.is_empty() {
            self.queue.fetch(&mut self.hand);
        }
        self.hand.pop_front()
    }
}

impl<T> Queue<T> {
    fn new(capacity: usize, givers: usize, takers: usize) -> Self {
        let items = VecDeque::new();
        let state = State { items, held: 0, givers, idle_takers: 0, idle_givers: 0, hurry: false };
        Self {
            state: Mutex::new(state),
            level: AtomicUsize::new(0),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            capacity,
            most: if takers == 1 { capacity.div_ceil(2) } else { 1 },
        }
    }

    // ANCHOR: fetch
    /// Puts the next items into `hand`, which is empty; none if there will be no more.
    fn fetch(&self, hand: &mut VecDeque<T>) {
        let worth = self.most.min(WORTH);
        spin(|| self.level.load(Ordering::Relaxed) >= worth);
        let mut state = self.state();
        state.held = 0; // what was in hand is used up
        if state.items.is_empty() {
            state = self.wait_for_items(self.make_room(state));
        }
        if state.items.len() <= self.most {
            mem::swap(&mut state.items, hand);
        } else {
            hand.extend(state.items.drain(..self.most));
        }
        state.held = hand.len().saturating_sub(1);
        drop(self.make_room(state));
    }
    // ANCHOR_END: fetch

    /// Room has come up: tells as many givers as there is room for, if it is worth their while.
    fn make_room<'a>(&'a self, mut state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        let taken_up = state.taken_up();
        self.level.store(state.items.len(), Ordering::Relaxed);
        let enough = if state.hurry { self.capacity - 1 } else { self.capacity / 2 };
        let wake = state.idle_givers.min(self.capacity.saturating_sub(taken_up));
        if wake == 0 || taken_up > enough {
            return state;
        }
        state.idle_givers -= wake;
        state.hurry &= state.idle_givers > 0;
        drop(state);
        for _ in 0..wake {
            self.emptied.notify_one();
        }
        self.state()
    }

    #[cold]
    fn wait_for_items<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
    ) -> MutexGuard<'a, State<T>> {
        drop(state);
        look(|| self.level.load(Ordering::Relaxed) > 0);
        state = self.state();
        while state.items.is_empty() && state.givers > 0 {
            state.idle_takers += 1;
            state = self.filled.wait(state).expect("no panic under this lock");
        }
        state
    }

    #[cold]
    fn wait_for_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
    ) -> MutexGuard<'a, State<T>> {
        drop(state);
        look(|| self.level.load(Ordering::Relaxed) <= self.capacity - self.most);
        state = self.state();
        while state.taken_up() >= self.capacity {
            state.idle_givers += 1;
            if state.hurry {
                state = self.emptied.wait(state).expect("no panic under this lock");
                continue;
            }
            let nap = self.emptied.wait_timeout(state, NAP).expect("no panic under this lock");
            state = nap.0;
            // Its count stays: whoever woke others meanwhile may have taken it off. A count too high
            // costs a call to nobody, one too low a giver who sleeps for ever.
            state.hurry |= nap.1.timed_out();
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no panic under this lock")
    }
}

impl<T> State<T> {
    /// How much of the capacity is in use.
    fn taken_up(&self) -> usize {
        self.items.len() + self.held
    }
}

impl<T> fmt::Debug for Give<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Give").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Take<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").finish_non_exhaustive()
    }
}

impl<T> Drop for Give<T> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.givers -= 1;
        let ended = state.givers == 0;
        drop(state);
        if ended {
            self.queue.filled.notify_all();
        }
    }
}
