//! What it costs to ask for the time, which a check that knows nothing yet must do.

use std::hint::black_box;
use std::time::Instant;

use benches::Contender as Entry;

use crate::contender::Check;

/// Reads the clock, and lets everybody pass.
pub(crate) struct Precise;

impl Check for Precise {
    const REFUSES: bool = false;

    fn generous(_: u64) -> Self {
        Self
    }

    fn one_an_hour() -> Self {
        Self
    }

    fn check(&self) -> bool {
        black_box(Instant::now());
        true
    }
}

/// std's clock: the system's, to the nanosecond.
pub(crate) fn precise<'a>() -> Entry<'a> {
    reading("clock precise", Instant::now)
}

/// The processor's counter, scaled to nanoseconds, as governor reads it.
pub(crate) fn counter<'a>() -> Entry<'a> {
    reading("clock counter", quanta::Instant::now)
}

/// The time of the kernel's last tick: one to ten milliseconds old.
#[cfg(target_os = "linux")]
pub(crate) fn coarse<'a>() -> Entry<'a> {
    use rustix::time::{ClockId, clock_gettime};
    reading("clock coarse", || clock_gettime(ClockId::MonotonicCoarse))
}

/// The counter as a clock of a limiter. It counts from an instant of the system's clock.
pub(crate) struct Counter {
    counter: quanta::Clock,
    origin: (quanta::Instant, Instant),
}

impl Counter {
    pub(crate) fn new() -> Self {
        let counter = quanta::Clock::new();
        let origin = (counter.now(), Instant::now());
        Self { counter, origin }
    }
}

impl rate_limiter::Clock for Counter {
    fn now(&self) -> Instant {
        self.origin.1 + self.counter.now().duration_since(self.origin.0)
    }
}

fn reading<'a, T: PartialOrd>(name: &'static str, read: impl Fn() -> T + Copy + 'a) -> Entry<'a> {
    let time = move |operations| {
        let start = Instant::now();
        for _ in 0..operations {
            black_box(read());
        }
        start.elapsed()
    };
    let rehearse = move || {
        let earlier = read();
        assert!(earlier <= read(), "{name} runs backwards");
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}
