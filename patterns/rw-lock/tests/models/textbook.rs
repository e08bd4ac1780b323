//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use shuttle::sync::{Condvar, Mutex};

// ANCHOR: textbook
/// Readers wait while a writer is inside or `writer_waiting`. One flag, however many writers wait.
#[derive(Default)]
pub(crate) struct RwLock {
    state: Mutex<State>,
    readers: Condvar,
    writers: Condvar,
}

#[derive(Default)]
struct State {
    readers: usize,
    writer: bool,
    writer_waiting: bool,
}

impl RwLock {
    pub(crate) fn read(&self) {
        let mut state = self.state.lock().unwrap();
        while state.writer || state.writer_waiting {
            state = self.readers.wait(state).unwrap();
        }
        state.readers += 1;
    }

    pub(crate) fn write(&self) {
        let mut state = self.state.lock().unwrap();
        state.writer_waiting = true;
        while state.writer || state.readers > 0 {
            state = self.writers.wait(state).unwrap();
        }
        state.writer_waiting = false; // for all the others, too
        state.writer = true;
    }
}
// ANCHOR_END: textbook

// ANCHOR: unlock
/// The book leaves these out. This is what its fields suggest.
impl RwLock {
    pub(crate) fn read_unlock(&self) {
        let mut state = self.state.lock().unwrap();
        state.readers -= 1;
        if state.readers == 0 {
            self.writers.notify_one();
        }
    }

    pub(crate) fn write_unlock(&self) {
        let mut state = self.state.lock().unwrap();
        state.writer = false;
        if state.writer_waiting {
            self.writers.notify_one();
        } else {
            self.readers.notify_all();
        }
    }
}
// ANCHOR_END: unlock

impl RwLock {
    /// The obvious cure: wake everybody.
    pub(crate) fn write_unlock_waking_all(&self) {
        self.state.lock().unwrap().writer = false;
        self.writers.notify_all();
        self.readers.notify_all();
    }
}

// ANCHOR: counted
/// The flag made a count: no wake-up is lost, and while writers keep coming no reader comes in.
#[derive(Default)]
pub(crate) struct WritersFirst {
    state: Mutex<Counts>,
    readers: Condvar,
    writers: Condvar,
}

#[derive(Default)]
struct Counts {
    readers: usize,
    readers_waiting: usize,
    writer: bool,
    writers_waiting: usize,
}

impl WritersFirst {
    pub(crate) fn read(&self) {
        let mut state = self.state.lock().unwrap();
        state.readers_waiting += 1;
        while state.writer || state.writers_waiting > 0 {
            state = self.readers.wait(state).unwrap();
        }
        state.readers_waiting -= 1;
        state.readers += 1;
    }

    /// Returns how many readers it leaves behind.
    pub(crate) fn write(&self) -> usize {
        let mut state = self.state.lock().unwrap();
        state.writers_waiting += 1;
        while state.writer || state.readers > 0 {
            state = self.writers.wait(state).unwrap();
        }
        state.writers_waiting -= 1;
        state.writer = true;
        state.readers_waiting
    }

    pub(crate) fn write_unlock(&self) {
        let mut state = self.state.lock().unwrap();
        state.writer = false;
        if state.writers_waiting > 0 {
            self.writers.notify_one();
        } else {
            self.readers.notify_all();
        }
    }
}
// ANCHOR_END: counted

impl WritersFirst {
    pub(crate) fn read_unlock(&self) {
        let mut state = self.state.lock().unwrap();
        state.readers -= 1;
        if state.readers == 0 {
            self.writers.notify_one();
        }
    }
}
