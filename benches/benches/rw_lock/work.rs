//! What is read and written, how long that takes, and who does which.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Two numbers that are equal whenever nobody is writing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pair {
    pub(crate) writes: u64,
    echo: u64,
}

impl Pair {
    /// As it is after so many writes.
    pub(crate) fn after(writes: u64) -> Self {
        Self { writes, echo: writes }
    }

    /// Reads it, `stay.times` over, and hands out what was seen last; if ever one half was seen
    /// without the other, that.
    pub(crate) fn look(&self, stay: Stay) -> Self {
        let mut seen = *self;
        stay.pass();
        for _ in 1..stay.times {
            let again = black_box(self);
            seen = if seen.torn() == 0 { *again } else { seen };
            stay.pass();
        }
        seen
    }

    /// Writes one half, stays, and writes the other, `stay.times` over.
    pub(crate) fn change(&mut self, stay: Stay) {
        for _ in 0..stay.times {
            let this = black_box(&mut *self);
            this.writes += 1;
            stay.pass();
            this.echo += 1;
        }
    }

    /// Zero if it is whole.
    pub(crate) fn torn(self) -> u64 {
        self.writes ^ self.echo
    }
}

/// What a caller does while it is in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stay {
    steps: u64,
    /// How many operations it does before it goes.
    pub(crate) times: u64,
}

impl Stay {
    /// In and out.
    pub(crate) const SHORT: Self = Self { steps: 0, times: 1 };
    /// Eight operations, then out.
    pub(crate) const SHORT_8: Self = Self { steps: 0, times: 8 };

    /// One operation that keeps the lock for so long.
    pub(crate) fn nanoseconds(ns: usize) -> Self {
        let steps = if ns == 0 { 0 } else { *STEPS * ns as u64 / 1_000 };
        Self { steps, ..Self::SHORT }
    }

    pub(crate) fn is_short(self) -> bool {
        self.steps == 0
    }

    pub(crate) fn pass(self) {
        if !self.is_short() {
            walk(self.steps);
        }
    }
}

/// How many steps take a microsecond on this machine.
static STEPS: LazyLock<u64> = LazyLock::new(|| {
    const TRIED: u64 = 10_000;
    let fastest = (0..50).map(|_| time(TRIED)).min().expect("it was tried");
    (TRIED as f64 * 1_000.0 / fastest.as_nanos() as f64) as u64
});

fn time(steps: u64) -> Duration {
    let start = Instant::now();
    walk(steps);
    start.elapsed()
}

/// Each step needs the one before. It is counted in steps and not by the clock, or a thread that
/// was kept from its core would have held the lock for nothing.
fn walk(steps: u64) {
    let mut x = black_box(88_172_645_463_325_252_u64);
    for _ in 0..steps {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}

/// Which operations are writes: so many in a hundred, in an order of each thread's own, or threads
/// would fall into step and always write at the same time, or never.
pub(crate) fn turns(writes_in_100: usize, seed: u64) -> Vec<bool> {
    let mut turns: Vec<_> = (0..1_000).map(|turn| turn % 100 < writes_in_100).collect();
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed + 1);
    for place in (1..turns.len()).rev() {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        turns.swap(place, (dice % (place as u64 + 1)) as usize);
    }
    turns
}
