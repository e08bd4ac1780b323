//! Counts and two condition variables under a mutex: the textbook form, made right.
//!
//! Nobody owns the value; the counts say who is inside. Whoever goes out last decides who is next
//! and counts them in before they wake, so nobody comes in between. The lock ends with its value.
//!
//! Take along: `lock.rs`, `guarded.rs`, `sync.rs`, `error.rs`.
#![expect(unsafe_code, reason = "promises the guards that a writer is alone inside")]

use super::guarded::{self, Raw};
use super::sync::{Condvar, Instant, LOOKS, Mutex, MutexGuard, pause, sleep};

/// Many readers or one writer over a `T`, counted under a mutex.
pub type RwLock<T> = guarded::RwLock<T, Counts>;
/// Reading; dropped, it lets others in.
pub type ReadGuard<'a, T> = guarded::ReadGuard<'a, T, Counts>;
/// Writing; dropped, it lets others in.
pub type WriteGuard<'a, T> = guarded::WriteGuard<'a, T, Counts>;

/// Who is inside and who waits.
#[derive(Debug)]
pub struct Counts {
    state: Mutex<State>,
    /// Readers sleep here until their batch is let in.
    readers: Condvar,
    /// Writers sleep here until one of them is let in.
    writers: Condvar,
}

#[derive(Debug)]
struct State {
    inside: Inside,
    /// Readers who sleep.
    readers: usize,
    /// Writers who sleep and are not let in yet. More than none keeps new readers out.
    writers: usize,
    /// How many batches of readers were let in; who waits for the next sees this change.
    batch: usize,
    /// One of the writers who sleep is let in, whichever wakes first: it is inside already.
    called: bool,
}

#[derive(Debug, PartialEq)]
enum Inside {
    /// So many; they include those who were let in and wake up.
    Readers(usize),
    Writer,
}

// SAFETY: a writer comes in only where `inside` is nobody, and then it says `Writer`, which lets nobody
// in until that writer leaves. All of it happens under the mutex, which orders it.
unsafe impl Raw for Counts {
    type Pass = ();

    fn new() -> Self {
        let state =
            State { inside: Inside::Readers(0), readers: 0, writers: 0, batch: 0, called: false };
        Self { state: Mutex::new(state), readers: Condvar::new(), writers: Condvar::new() }
    }

    fn try_enter_read(&self) -> Option<()> {
        self.state().admit_reader().then_some(())
    }

    fn enter_read(&self, until: Option<Instant>) -> Option<()> {
        let Err(mut state) = self.look(State::admit_reader) else { return Some(()) };
        state.readers += 1;
        let batch = state.batch;
        loop {
            let late;
            (state, late) = sleep(&self.readers, state, until);
            if state.batch != batch {
                return Some(());
            }
            if late {
                state.readers -= 1;
                return None;
            }
        }
    }

    fn leave_read(&self, (): ()) {
        let mut state = self.state();
        if let Inside::Readers(readers) = &mut state.inside {
            *readers -= 1;
            if *readers == 0 && state.writers > 0 {
                self.call_writer(state);
            }
        }
    }

    fn try_enter_write(&self) -> bool {
        self.state().admit_writer()
    }

    fn enter_write(&self, until: Option<Instant>) -> bool {
        let Err(mut state) = self.look(State::admit_writer) else { return true };
        state.writers += 1;
        loop {
            let late;
            (state, late) = sleep(&self.writers, state, until);
            if state.called {
                state.called = false;
                return true;
            }
            if late {
                self.give_up_writing(state);
                return false;
            }
        }
    }

    fn leave_write(&self) {
        let mut state = self.state();
        state.inside = Inside::Readers(0);
        if state.readers > 0 {
            self.let_readers_in(state);
        } else if state.writers > 0 {
            self.call_writer(state);
        }
    }

    fn downgrade(&self) {
        let mut state = self.state();
        state.inside = Inside::Readers(1);
        self.let_readers_in(state);
    }

    fn waiting(&self) -> usize {
        let state = self.state();
        state.readers + state.writers
    }
}

impl Counts {
    // ANCHOR: let_in
    /// All readers who wait come in at once. They are counted here, not when they wake: until then
    /// a writer could slip in.
    fn let_readers_in(&self, mut state: MutexGuard<'_, State>) {
        let waiting = std::mem::take(&mut state.readers);
        if let Inside::Readers(readers) = &mut state.inside
            && waiting > 0
        {
            *readers += waiting;
            state.batch += 1;
            drop(state);
            self.readers.notify_all();
        }
    }

    /// One writer who waits comes in: the first to wake, or one who is about to give up.
    fn call_writer(&self, mut state: MutexGuard<'_, State>) {
        state.inside = Inside::Writer;
        state.writers -= 1;
        state.called = true;
        drop(state);
        self.writers.notify_one();
    }
    // ANCHOR_END: let_in

    /// A writer goes away. If it was the last to keep readers out, they come in.
    fn give_up_writing(&self, mut state: MutexGuard<'_, State>) {
        state.writers -= 1;
        if state.writers == 0 && state.inside != Inside::Writer {
            self.let_readers_in(state);
        }
    }

    /// Looks a few times whether the caller can come in. If not, with the last look in hand.
    fn look(&self, admit: fn(&mut State) -> bool) -> Result<(), MutexGuard<'_, State>> {
        for look in 0..LOOKS {
            if admit(&mut self.state()) {
                return Ok(());
            }
            pause(look);
        }
        let mut state = self.state();
        if admit(&mut state) { Ok(()) } else { Err(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this mutex")
    }
}

impl State {
    // ANCHOR: admit
    fn admit_reader(&mut self) -> bool {
        match &mut self.inside {
            Inside::Readers(readers) if self.writers == 0 => {
                *readers += 1;
                true
            }
            _ => false,
        }
    }

    fn admit_writer(&mut self) -> bool {
        let free = self.inside == Inside::Readers(0); // then nobody waits either
        if free {
            self.inside = Inside::Writer;
        }
        free
    }
    // ANCHOR_END: admit
}
