//! The ladder of the shared-state structure: counts and two condition variables under a mutex, and
//! its levers. Read it once with all of them off, then see where each of them acts.
//!
//! | rung     | `COUNT` | `SPIN` | what the lever saves                                       |
//! |----------|---------|--------|------------------------------------------------------------|
//! | naive    | no      | 0      |                                                            |
//! | sleepers | yes     | 0      | the system calls of notifies that nobody waits for         |
//! | spin     | yes     | 200    | falling asleep for a lock that is free at once             |
//! | slots    |         |        | the line and the mutex that all readers share: `sharded`   |
//! | batch    |         |        | seven of eight times in and out: `sharded`, 8 under a guard |
#![expect(unsafe_code, reason = "a lock hands out what it guards")]

use std::cell::UnsafeCell;
use std::hint;
use std::sync::{Condvar, Mutex};

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

pub(crate) type Naive = LockLadder<false, 0>;
pub(crate) type Sleepers = LockLadder<true, 0>;
pub(crate) type Spin = LockLadder<true, 200>;

pub(crate) struct LockLadder<const COUNT: bool, const SPIN: u32> {
    state: Mutex<State>,
    readers: Condvar,
    writers: Condvar,
    /// Read by the `State::reading` readers, or written by the one writer if `State::writing`.
    pair: UnsafeCell<Pair>,
}

// SAFETY: `State` lets in many readers or one writer, as the field says.
unsafe impl<const COUNT: bool, const SPIN: u32> Sync for LockLadder<COUNT, SPIN> {}

#[derive(Default)]
struct State {
    reading: usize,
    writing: bool,
    /// Threads that wait on `readers` and on `writers`. New readers let the writers go first.
    readers_asleep: usize,
    writers_asleep: usize,
}

impl State {
    fn read(&mut self) -> bool {
        let free = !self.writing && self.writers_asleep == 0;
        self.reading += usize::from(free);
        free
    }

    fn write(&mut self) -> bool {
        let free = !self.writing && self.reading == 0;
        self.writing |= free;
        free
    }
}

impl<const COUNT: bool, const SPIN: u32> LockLadder<COUNT, SPIN> {
    /// Looks for a moment whether it may go in.
    fn look(&self, enter: fn(&mut State) -> bool) -> bool {
        (0..SPIN).any(|_| {
            hint::spin_loop();
            self.state.try_lock().is_ok_and(|mut state| enter(&mut state))
        })
    }

    fn enter_to_read(&self) {
        if self.look(State::read) {
            return;
        }
        let mut state = self.state.lock().unwrap();
        while !state.read() {
            state.readers_asleep += 1;
            state = self.readers.wait(state).unwrap();
            state.readers_asleep -= 1;
        }
    }

    fn enter_to_write(&self) {
        if self.look(State::write) {
            return;
        }
        let mut state = self.state.lock().unwrap();
        while !state.write() {
            state.writers_asleep += 1;
            state = self.writers.wait(state).unwrap();
            state.writers_asleep -= 1;
        }
    }

    /// The next writer goes first; without one, all readers.
    fn leave(&self, leave: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap();
        leave(&mut state);
        let (readers, writers) = (state.readers_asleep > 0, state.writers_asleep > 0);
        let last = state.reading == 0;
        drop(state);
        if last && (!COUNT || writers) {
            self.writers.notify_one();
        }
        if !COUNT || (readers && !writers) {
            self.readers.notify_all();
        }
    }

    fn look_inside(&self, stay: Stay) -> Pair {
        // SAFETY: this thread is counted in `reading`, so nobody writes before `leave`.
        let seen = unsafe { &*self.pair.get() }.look(stay);
        self.leave(|state| state.reading -= 1);
        seen
    }

    fn change_inside(&self, stay: Stay) {
        // SAFETY: `writing` is set by this thread, so nobody else is in before `leave`.
        unsafe { &mut *self.pair.get() }.change(stay);
        self.leave(|state| state.writing = false);
    }
}

impl<const COUNT: bool, const SPIN: u32> Contender for LockLadder<COUNT, SPIN> {
    type Client<'a> = &'a Self;

    fn new() -> Self {
        Self {
            state: Mutex::default(),
            readers: Condvar::new(),
            writers: Condvar::new(),
            pair: UnsafeCell::default(),
        }
    }

    fn client(&self) -> &Self {
        self
    }
}

impl<const COUNT: bool, const SPIN: u32> Client for &LockLadder<COUNT, SPIN> {
    fn read(&mut self, stay: Stay) -> Pair {
        self.enter_to_read();
        self.look_inside(stay)
    }

    fn write(&mut self, stay: Stay) {
        self.enter_to_write();
        self.change_inside(stay);
    }

    fn attempt_read(&mut self, stay: Stay) -> Option<Pair> {
        let free = self.state.lock().unwrap().read();
        free.then(|| self.look_inside(stay))
    }

    fn attempt_write(&mut self, stay: Stay) -> bool {
        let free = self.state.lock().unwrap().write();
        if free {
            self.change_inside(stay);
        }
        free
    }
}
