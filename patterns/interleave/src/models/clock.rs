//! A clock that moves when a scenario says so.

use std::ops::Add;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shuttle::thread::{self, Thread};

#[derive(Default)]
struct Clock {
    now: Duration,
    /// Who is to be woken, and when.
    asleep: Vec<(Duration, Thread)>,
}

shuttle::lazy_static! {
    // It is looked at in one step, so a plain mutex guards it.
    static ref CLOCK: Mutex<Clock> = Mutex::default();
}

fn clock() -> MutexGuard<'static, Clock> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time passes, and wakes whoever waited for it.
pub fn advance(by: Duration) {
    let mut clock = clock();
    clock.now += by;
    let now = clock.now;
    let due: Vec<_> = clock.asleep.extract_if(.., |(until, _)| *until <= now).collect();
    drop(clock);
    for (_, thread) in due {
        thread.unpark();
    }
}

/// A moment, in the place of std's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    /// This moment.
    pub fn now() -> Self {
        Self(clock().now)
    }

    /// The time since then.
    pub fn elapsed(self) -> Duration {
        clock().now.saturating_sub(self.0)
    }

    /// The time from then to this moment; none if it is the later one.
    pub fn saturating_duration_since(self, then: Self) -> Duration {
        self.0.saturating_sub(then.0)
    }

    /// A later moment, if time goes so far.
    pub fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time).map(Self)
    }

    /// Whether it has come; if not, the caller is unparked when it comes.
    pub fn is_due_or_wakes(self) -> bool {
        let mut clock = clock();
        let is_due = self.0 <= clock.now;
        if !is_due {
            clock.asleep.push((self.0, thread::current()));
        }
        is_due
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}
