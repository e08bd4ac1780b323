//! Something to be done with the value: posted by a client, done by the owner, or taken back. The
//! closure and its answer change sides under a mutex that nobody holds for long.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::sync::{AtomicBool, Condvar, Instant, LOOKS, Mutex, MutexGuard, Ordering, pause, sleep};

/// What the owner sees of it.
pub(crate) trait Job<T>: Send + Sync {
    /// Does it and tells the client, unless it was taken back: then `false`. Meanwhile `busy` is set.
    fn serve(&self, value: &mut T, busy: &AtomicBool) -> bool;
}

/// A closure on its way there, then its answer on the way back.
pub(crate) struct Task<T, F, R> {
    state: Mutex<State<F, R>>,
    /// How to call the closure: with `&T` or with `&mut T`.
    call: fn(F, &mut T) -> R,
    /// Set once the answer is there, for a client who looks. Release pairs with its Acquire.
    done: AtomicBool,
    told: Condvar,
}

struct State<F, R> {
    stage: Stage<F, R>,
    /// The client sleeps.
    asleep: bool,
}

enum Stage<F, R> {
    Posted(F),
    /// The owner is at it; from here on it is not taken back.
    Begun,
    /// The answer, or the panic.
    Done(std::thread::Result<R>),
    /// The client has what there was.
    Over,
}

impl<T, F, R> Task<T, F, R> {
    pub(crate) fn new(f: F, call: fn(F, &mut T) -> R) -> Self {
        Self {
            state: Mutex::new(State { stage: Stage::Posted(f), asleep: false }),
            call,
            done: AtomicBool::new(false),
            told: Condvar::new(),
        }
    }

    /// Waits for the answer. If the time is up before the owner begins, takes the closure back.
    ///
    /// # Panics
    ///
    /// If the closure did, with the same payload.
    pub(crate) fn wait(&self, until: Option<Instant>) -> Result<R, F> {
        for look in 0..LOOKS {
            if self.done.load(Ordering::Acquire) {
                break;
            }
            pause(look);
        }
        let mut state = self.state();
        let mut late = false;
        loop {
            match std::mem::replace(&mut state.stage, Stage::Over) {
                Stage::Done(Ok(answer)) => return Ok(answer),
                Stage::Done(Err(panic)) => {
                    drop(state);
                    resume_unwind(panic)
                }
                Stage::Posted(f) if late => return Err(f),
                other => state.stage = other,
            }
            let until = until.filter(|_| matches!(state.stage, Stage::Posted(_)));
            state.asleep = true;
            (state, late) = sleep(&self.told, state, until);
            state.asleep = false;
        }
    }

    /// Waits for the answer while nobody else is served. Otherwise takes the closure back, unless
    /// the owner has begun.
    pub(crate) fn wait_unless(&self, busy: &AtomicBool) -> Result<R, F> {
        let mut look = 0;
        while !self.done.load(Ordering::Acquire) {
            if busy.load(Ordering::Acquire)
                && let Some(f) = self.take_back()
            {
                return Err(f);
            }
            pause(look);
            look += 1;
        }
        self.wait(None)
    }

    fn take_back(&self) -> Option<F> {
        let mut state = self.state();
        match std::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Posted(f) => Some(f),
            other => {
                state.stage = other;
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<F, R>> {
        self.state.lock().expect("nothing panics under this mutex")
    }
}

impl<T, F: Send, R: Send> Job<T> for Task<T, F, R> {
    fn serve(&self, value: &mut T, busy: &AtomicBool) -> bool {
        let mut state = self.state();
        let Stage::Posted(f) = std::mem::replace(&mut state.stage, Stage::Over) else {
            return false;
        };
        state.stage = Stage::Begun;
        drop(state);
        busy.store(true, Ordering::Release);
        // The value is as the panic left it, as behind a guard: see the README.
        let answer = catch_unwind(AssertUnwindSafe(|| (self.call)(f, value)));
        // Before the answer: the client who has it finds the owner free.
        busy.store(false, Ordering::Release);
        let mut state = self.state();
        state.stage = Stage::Done(answer);
        let asleep = state.asleep;
        drop(state);
        self.done.store(true, Ordering::Release);
        if asleep {
            self.told.notify_one();
        }
        true
    }
}
