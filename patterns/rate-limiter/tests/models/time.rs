//! Time for a model checker, which has none: it passes while somebody sleeps, and only then. So a
//! thread that parks for so long, and a task that sets its alarm, move the clock and go on.

use std::cell::Cell;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use shuttle::thread;

use crate::clock::Clock;

thread_local! {
    /// All threads of a scenario run on one thread of the system.
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static START: Instant = Instant::now();
}

/// Begins a scenario.
pub(crate) fn begin() {
    ELAPSED.set(Duration::ZERO);
}

pub(crate) fn elapsed() -> Duration {
    ELAPSED.get()
}

pub(crate) fn pass(time: Duration) {
    ELAPSED.set(ELAPSED.get() + time);
}

#[derive(Clone, Copy)]
pub(crate) struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> Instant {
        // Whoever reads the clock may be held up before it does something about it.
        thread::yield_now();
        START.with(|start| *start) + elapsed()
    }
}

/// Takes the place of `thread::park_timeout`.
pub(crate) fn park_timeout(limit: Duration) {
    thread::yield_now();
    pass(limit);
}

/// Takes the place of tokio's timer.
#[derive(Default)]
pub(crate) struct Alarm {
    /// All the time that it was set for.
    slept: Duration,
}

impl Alarm {
    pub(crate) fn poll(&mut self, left: Duration, _: &mut Context<'_>) -> Poll<()> {
        self.slept += left;
        pass(left);
        Poll::Ready(())
    }
}
