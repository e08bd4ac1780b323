//! The body that is timed, the same for every contender: threads go in and out, as fast as they can,
//! and do nothing in between. Each counts what it wrote and looks at what it read; all of that is
//! compared with what the lock holds in the end, when the clock has stopped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use benches::{Contender as Entry, Race, race};

use crate::contender::{Client as _, Contender};
use crate::rehearsal;
use crate::work::{Stay, turns};

/// How long threads compete for one figure: many turns of the scheduler.
pub(crate) const HEAT: Duration = Duration::from_millis(25);

/// How long an iteration seems to take. Criterion then asks for hundreds at a time, and a time in
/// whole nanoseconds is fine enough.
const PACE: Duration = Duration::from_micros(100);

/// Operations between two looks at the clock's flag.
const STRIDE: usize = 10;

/// Who competes, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) threads: usize,
    pub(crate) writes_in_100: usize,
    pub(crate) stay: Stay,
}

/// `load.threads` threads share one lock.
pub(crate) fn compete<'a, C: Contender>(name: &'static str, load: Load) -> Entry<'a> {
    let time = move |operations: u64| {
        let limit = HEAT.min(PACE.mul_f64(operations as f64));
        heat::<C>(load, limit).time_of(operations)
    };
    let rehearse = move || Some(rehearsal::threads::<C>(load));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// Lets them run and checks what they did.
fn heat<C: Contender>(load: Load, limit: Duration) -> Race {
    let (lock, tally) = (C::new(), Tally::default());
    let heat = race(load.threads, limit, |stop| work(&lock, load, &tally, stop));
    tally.verify(&lock);
    heat
}

fn work<C: Contender>(lock: &C, load: Load, tally: &Tally, stop: &AtomicBool) -> u64 {
    let turns = turns(load.writes_in_100, tally.thread());
    let (mut client, stay) = (lock.client(), load.stay);
    let (mut turns_done, mut written, mut torn) = (0, 0, 0);
    for stride in turns.chunks_exact(STRIDE).cycle() {
        if stop.load(Relaxed) {
            break;
        }
        for &writes in stride {
            if writes {
                client.write(stay);
                written += 1;
            } else {
                torn |= client.read(stay).torn();
            }
        }
        turns_done += STRIDE as u64;
    }
    tally.add(written * stay.times, torn);
    turns_done * stay.times
}

/// What threads did together.
#[derive(Default)]
pub(crate) struct Tally {
    threads: AtomicU64,
    written: AtomicU64,
    torn: AtomicU64,
}

impl Tally {
    /// The number of this thread.
    pub(crate) fn thread(&self) -> u64 {
        self.threads.fetch_add(1, Relaxed)
    }

    /// What one thread wrote, and a bit of what it saw that was not whole.
    pub(crate) fn add(&self, written: u64, torn: u64) {
        self.written.fetch_add(written, Relaxed);
        self.torn.fetch_or(torn, Relaxed);
    }

    /// No reader saw half of a write, and no write is missing.
    pub(crate) fn verify<C: Contender>(&self, lock: &C) {
        assert_eq!(self.torn.load(Relaxed), 0, "a reader saw half of a write");
        let left = lock.client().read(Stay::SHORT);
        assert_eq!(left.torn(), 0, "the last write is not whole");
        assert_eq!(left.writes, self.written.load(Relaxed), "a write is missing");
    }
}
