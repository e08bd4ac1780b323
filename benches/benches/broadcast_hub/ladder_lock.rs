//! The ladder of the shared-state structure: one ring under a mutex, a cursor for each subscriber,
//! two condition variables, and three levers. Read it once with all levers off, then see where each
//! of them acts.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                |
//! |----------|---------|---------|--------|-----------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                     |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for   |
//! | batch    | yes     | 16      | 0      | 15 of 16 trips through the lock, at both ends       |
//! | spin     | yes     | 16      | 200    | falling asleep when the next message comes at once  |

use std::hint;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::contender::Threads;

pub(crate) type Naive = LockLadder<false, 1, 0>;
pub(crate) type Sleepers = LockLadder<true, 1, 0>;
pub(crate) type Batch = LockLadder<true, 16, 0>;
pub(crate) type Spin = LockLadder<true, 16, 200>;

pub(crate) struct LockLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    shared: Arc<Shared<COUNT, SPIN>>,
    /// Kept back until there are `BATCH` of them.
    batch: Vec<u64>,
}

pub(crate) struct Cursor<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    shared: Arc<Shared<COUNT, SPIN>>,
    number: usize,
    taken: Vec<u64>,
}

struct Shared<const COUNT: bool, const SPIN: u32> {
    state: Mutex<State>,
    arrived: Condvar,
    room: Condvar,
}

struct State {
    /// Message `n` lies at `n % ring.len()`.
    ring: Vec<u64>,
    /// How many were published.
    tail: usize,
    /// How many each subscriber has taken.
    cursors: Vec<usize>,
    closed: bool,
    /// Subscribers inside `arrived.wait`, or notified and on their way out of it.
    sleepers: usize,
    /// Whether the publisher is inside `room.wait`, likewise.
    waiting: bool,
}

impl State {
    fn is_full(&self) -> bool {
        self.cursors.iter().any(|cursor| self.tail - cursor == self.ring.len())
    }
}

impl<const COUNT: bool, const SPIN: u32> Shared<COUNT, SPIN> {
    fn publish(&self, batch: &[u64]) {
        let mut left = batch;
        while !left.is_empty() {
            let mut state = self.look(|state| !state.is_full());
            while state.is_full() {
                state.waiting = true;
                state = self.room.wait(state).unwrap();
                state.waiting = false;
            }
            while let [number, rest @ ..] = left
                && !state.is_full()
            {
                let (at, room) = (state.tail, state.ring.len());
                state.ring[at % room] = *number;
                state.tail += 1;
                left = rest;
            }
            let anyone = state.sleepers > 0;
            drop(state);
            // std's notify makes a system call whether anybody sleeps or not.
            if !COUNT || anyone {
                self.arrived.notify_all();
            }
        }
    }

    /// Waits for messages and copies up to `most` of them; none once there will be no more.
    fn receive(&self, number: usize, most: usize, taken: &mut Vec<u64>) {
        let mut state = self.look(|state| state.cursors[number] < state.tail);
        while state.cursors[number] == state.tail && !state.closed {
            state.sleepers += 1;
            state = self.arrived.wait(state).unwrap();
            state.sleepers -= 1;
        }
        let from = state.cursors[number];
        let to = state.tail.min(from + most);
        taken.extend((from..to).map(|at| state.ring[at % state.ring.len()]));
        state.cursors[number] = to;
        let anyone = state.waiting;
        drop(state);
        if !COUNT || anyone {
            self.room.notify_one();
        }
    }

    /// The lock, after a bounded look for a moment in which it is worth having.
    fn look(&self, ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        for _ in 0..SPIN {
            if let Ok(state) = self.state.try_lock()
                && ready(&state)
            {
                return state;
            }
            hint::spin_loop();
        }
        self.state.lock().unwrap()
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Threads
    for LockLadder<COUNT, BATCH, SPIN>
{
    type Subscriber = Cursor<COUNT, BATCH, SPIN>;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let (ring, cursors) = (vec![0; room], vec![0; subscribers]);
        let state = State { ring, tail: 0, cursors, closed: false, sleepers: 0, waiting: false };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            room: Condvar::new(),
        });
        let subscriber = |number| Cursor {
            shared: Arc::clone(&shared),
            number,
            taken: Vec::with_capacity(BATCH),
        };
        let subscribers = (0..subscribers).map(subscriber).collect();
        (Self { shared, batch: Vec::with_capacity(BATCH) }, subscribers)
    }

    fn publish(&mut self, number: u64) {
        self.batch.push(number);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.shared.publish(&self.batch);
        self.batch.clear();
    }

    fn receive(subscriber: &mut Self::Subscriber, each: impl FnMut(u64)) -> bool {
        let mut taken = mem::take(&mut subscriber.taken);
        subscriber.shared.receive(subscriber.number, BATCH, &mut taken);
        let any = !taken.is_empty();
        taken.drain(..).for_each(each);
        subscriber.taken = taken;
        any
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for LockLadder<COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.arrived.notify_all();
    }
}
