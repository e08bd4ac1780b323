//! The bodies that are timed, the same for every contender. Permits guard nothing here: what is
//! measured is the semaphore, not the work it would protect. They pass through no `black_box`: none
//! of the atomic work can be left out, and a permit that is forced through memory stalls on its way
//! back, which triples the time of some contenders and not of others.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use benches::{Contender as Entry, race};

use crate::contender::{Contender, Owned, Weighted};
use crate::rehearsal::{self, block_on, on_one_thread};

/// One thread takes a permit with `attempt` and drops it.
pub(crate) fn attempts<'a, C: Contender>(name: &'static str) -> Entry<'a> {
    let time = |operations| {
        let semaphore = C::new(1);
        let start = Instant::now();
        for _ in 0..operations {
            drop(black_box(&semaphore).attempt().expect("nobody else is here"));
        }
        start.elapsed()
    };
    Entry { name, rehearse: Box::new(rehearsal::alone::<C>), time: Box::new(time) }
}

/// One task awaits a permit and drops it.
pub(crate) fn awaits<'a, C: Contender>(name: &'static str) -> Entry<'a> {
    alone::<C>(name, async |semaphore| drop(semaphore.acquire().await))
}

/// One task awaits an owned permit and drops it.
pub(crate) fn awaits_owned<'a, C: Owned>(name: &'static str) -> Entry<'a> {
    alone::<C>(name, async |semaphore| drop(semaphore.acquire_owned().await))
}

/// One task awaits `n` of eight permits in one operation and drops them.
pub(crate) fn awaits_many<'a, C: Weighted>(name: &'static str, n: usize) -> Entry<'a> {
    alone::<C>(name, async move |semaphore| drop(semaphore.acquire_many(n).await))
}

fn alone<'a, C: Contender>(name: &'static str, once: impl AsyncFn(&Arc<C>) + 'a) -> Entry<'a> {
    let time = move |operations| {
        let semaphore = Arc::new(C::new(8));
        block_on(async {
            let start = Instant::now();
            for _ in 0..operations {
                once(black_box(&semaphore)).await;
            }
            start.elapsed()
        })
    };
    Entry { name, rehearse: Box::new(rehearsal::alone::<C>), time: Box::new(time) }
}

/// `count` tasks on one thread share `permits`; each keeps its permit while the others have a turn.
pub(crate) fn tasks<'a, C: Contender>(name: &'static str, count: u64, permits: usize) -> Entry<'a> {
    let time = move |operations: u64| {
        let semaphore = Arc::new(C::new(permits));
        let share = operations.div_ceil(count);
        let time = on_one_thread(count, || {
            let semaphore = Arc::clone(&semaphore);
            async move {
                for _ in 0..share {
                    let permit = semaphore.acquire().await;
                    tokio::task::yield_now().await;
                    drop(permit);
                }
            }
        });
        scaled(time, operations, share * count)
    };
    let rehearse = move || Some(rehearsal::tasks::<C>(count, permits));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// How long threads compete for one figure: many turns of the scheduler.
const HEAT: Duration = Duration::from_millis(25);

/// How long an iteration seems to take. Criterion then asks for hundreds at a time, and a time in
/// whole nanoseconds is fine enough.
const PACE: Duration = Duration::from_micros(100);

/// `count` threads share `permits`; each takes one and gives it back, as fast as it can.
pub(crate) fn threads<'a, C: Contender>(
    name: &'static str,
    count: usize,
    permits: usize,
) -> Entry<'a> {
    let time = move |operations: u64| {
        let semaphore = C::new(permits);
        let limit = HEAT.min(PACE.mul_f64(operations as f64));
        let heat = race(count, limit, |stop| {
            block_on(async {
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    drop(semaphore.acquire().await);
                    done += C::BATCH;
                }
                done
            })
        });
        heat.time_of(operations)
    };
    let rehearse = move || Some(rehearsal::threads::<C>(count, permits, HEAT));
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// The share of `time` that `wanted` of `done` operations took.
fn scaled(time: Duration, wanted: u64, done: u64) -> Duration {
    time.mul_f64(wanted as f64 / done as f64)
}
