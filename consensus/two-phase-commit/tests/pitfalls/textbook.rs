//! The textbook's two-phase commit (fault 003-1b), written anew. Its `abort`, its `commit` and its participants
//! are not in the text; they are here as it uses them.

use std::cell::Cell;
use std::panic::panic_any;
use std::time::Duration;

/// Whoever takes part, in the same process: a lock, and what is done at the end.
pub(crate) struct Participant<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) does: Does,
    pub(crate) state: Cell<State>,
    /// Since when it is locked.
    since: Cell<Duration>,
    /// How long it was locked, by then.
    pub(crate) held: Cell<Duration>,
}

/// What a participant does when it is asked to prepare.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// It prepares at once.
    Agrees,
    /// It cannot.
    Refuses,
    /// It prepares, and that takes so long.
    Takes(Duration),
    /// The power of the coordinator goes, just when it asks.
    Falls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    Prepared,
    Committed,
    Aborted,
}

/// What the tests' hours pass on.
#[derive(Default)]
pub(crate) struct Clock(Cell<Duration>);

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        self.0.get()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// What a coordinator dies of.
pub(crate) struct PowerCut;

impl<'a> Participant<'a> {
    pub(crate) fn new(clock: &'a Clock, does: Does) -> Self {
        let zero = || Cell::new(Duration::ZERO);
        Self { clock, does, state: Cell::new(State::Idle), since: zero(), held: zero() }
    }

    fn prepare(&self) -> Result<(), Failed> {
        match self.does {
            Does::Agrees => {}
            Does::Refuses => return Err(Failed),
            Does::Takes(long) => self.clock.0.set(self.clock.now() + long),
            Does::Falls => panic_any(PowerCut),
        }
        self.since.set(self.clock.now());
        self.state.set(State::Prepared);
        Ok(())
    }

    fn end(&self, state: State) {
        if self.is_locked() {
            self.held.set(self.clock.now().saturating_sub(self.since.get()));
        }
        self.state.set(state);
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.state.get() == State::Prepared
    }
}

// ANCHOR: textbook
pub(crate) struct Coordinator<'a> {
    participants: Vec<&'a Participant<'a>>,
    pub(crate) state: State,
    #[expect(dead_code, reason = "nothing reads it, and the compiler noticed")]
    timeout: Duration,
}

impl<'a> Coordinator<'a> {
    pub(crate) fn new(participants: Vec<&'a Participant<'a>>, timeout: Duration) -> Self {
        Self { participants, state: State::Idle, timeout }
    }

    pub(crate) fn prepare(&mut self) -> Result<(), Failed> {
        // Phase 1: ask all participants to prepare.
        for participant in &self.participants {
            if participant.prepare().is_err() {
                return self.abort();
            }
        }
        self.commit()
    }

    /// An abort that reaches everybody is a success.
    fn abort(&mut self) -> Result<(), Failed> {
        self.end(State::Aborted)
    }

    fn commit(&mut self) -> Result<(), Failed> {
        self.end(State::Committed)
    }
}
// ANCHOR_END: textbook

impl Coordinator<'_> {
    #[expect(clippy::unnecessary_wraps, reason = "in the textbook to tell somebody may fail")]
    fn end(&mut self, state: State) -> Result<(), Failed> {
        self.state = state;
        for participant in &self.participants {
            participant.end(state);
        }
        Ok(())
    }
}

/// A participant that takes messages as they come, and remembers only what it has locked.
#[derive(Default)]
pub(crate) struct Forgetful {
    pub(crate) is_locked: bool,
}

impl Forgetful {
    pub(crate) fn prepare(&mut self) {
        self.is_locked = true;
    }

    pub(crate) fn abort(&mut self) {
        self.is_locked = false;
    }
}
