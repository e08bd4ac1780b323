//! The bodies that are timed, the same for every contender.

use std::cell::OnceCell;
use std::hint::black_box;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use benches::{Contender as Entry, race};

use crate::contender::{BURST, Check, CheckKey};

/// How long threads compete for one figure: many turns of the scheduler.
const HEAT: Duration = Duration::from_millis(25);

/// How long an iteration seems to take. Criterion then asks for hundreds at a time, and a time in
/// whole nanoseconds is fine enough.
const PACE: Duration = Duration::from_micros(100);

/// Checks between two looks at whether the time is over.
const STRIDE: u64 = 64;

/// Which share of checks must pass.
type Passes = RangeInclusive<f64>;
const ALL: Passes = 1.0..=1.0;
const NONE: Passes = 0.0..=0.0;
/// Of a small bucket: it is empty when a thread loses its turn for a moment and reads on.
const MOST: Passes = 0.5..=1.0;

/// A limiter that every check passes.
fn rich<C: Check>(burst: u64) -> impl Fn() -> C {
    move || C::generous(burst)
}

/// A limiter that refuses every check.
fn exhausted<C: Check>() -> C {
    let limiter = C::one_an_hour();
    limiter.check();
    limiter
}

/// One thread checks a limiter with this burst, and passes.
pub(crate) fn allowed<'a, C: Check>(name: &'static str, burst: u64) -> Entry<'a> {
    alone(name, rich::<C>(burst), ALL)
}

/// `threads` check the same limiter, and pass.
pub(crate) fn allowed_by<'a, C: Check + Sync>(
    name: &'static str,
    threads: usize,
    burst: u64,
) -> Entry<'a> {
    let passes = if burst < BURST { MOST } else { ALL };
    match threads {
        1 => alone(name, rich::<C>(burst), passes),
        _ => together(name, threads, rich::<C>(burst), passes),
    }
}

/// One thread checks, and is refused.
pub(crate) fn denied<'a, C: Check>(name: &'static str) -> Entry<'a> {
    alone(name, exhausted::<C>, NONE)
}

/// `threads` check the same limiter, and are refused.
pub(crate) fn denied_by<'a, C: Check + Sync>(name: &'static str, threads: usize) -> Entry<'a> {
    if threads == 1 { denied::<C>(name) } else { together(name, threads, exhausted::<C>, NONE) }
}

fn alone<'a, C: Check>(name: &'static str, new: impl Fn() -> C + 'a, passes: Passes) -> Entry<'a> {
    let time = move |operations: u64| {
        let limiter = new();
        let start = Instant::now();
        let passed = checks(&limiter, operations);
        let time = start.elapsed();
        verify::<C>(&passes, operations, passed);
        time
    };
    Entry { name, rehearse: Box::new(rehearse::<C>), time: Box::new(time) }
}

fn together<'a, C: Check + Sync>(
    name: &'static str,
    threads: usize,
    new: impl Fn() -> C + 'a,
    passes: Passes,
) -> Entry<'a> {
    let time = move |operations: u64| {
        let (limiter, passed) = (new(), AtomicU64::new(0));
        let heat = race(threads, HEAT.min(PACE.mul_f64(operations as f64)), |stop| {
            until(stop, &passed, || checks(&limiter, STRIDE))
        });
        verify::<C>(&passes, heat.operations, passed.into_inner());
        heat.time_of(operations)
    };
    Entry { name, rehearse: Box::new(rehearse::<C>), time: Box::new(time) }
}

fn checks<C: Check>(limiter: &C, count: u64) -> u64 {
    (0..count).map(|_| u64::from(black_box(limiter).check())).sum()
}

/// Repeats `stride` until the time is over, but once at least; counts how many operations that were.
fn until(stop: &AtomicBool, passed: &AtomicU64, mut stride: impl FnMut() -> u64) -> u64 {
    let (mut done, mut passes) = (0, 0);
    loop {
        passes += stride();
        done += STRIDE;
        if stop.load(Relaxed) {
            break;
        }
    }
    passed.fetch_add(passes, Relaxed);
    done
}

fn verify<C: Check>(passes: &Passes, done: u64, passed: u64) {
    let expected = passes.contains(&(passed as f64 / done.max(1) as f64));
    assert!(expected || !C::REFUSES, "{passed} of {done} passed");
}

/// Of two calls in an hour of one, the second is refused.
fn rehearse<C: Check>() -> Option<benches::Load> {
    let limiter = C::one_an_hour();
    assert!(limiter.check(), "the first");
    assert!(!limiter.check() || !C::REFUSES, "a second in the same hour");
    None
}

/// `threads` check `keys` keys, each thread in an order of its own, and pass.
pub(crate) fn keyed<'a, C: CheckKey>(name: &'static str, threads: usize, keys: u64) -> Entry<'a> {
    // Made but once, as there may be many keys.
    let (limiter, seeds) = (OnceCell::new(), AtomicU64::new(1));
    let with_keys = move || {
        let limiter = C::generous();
        (0..keys).for_each(|key| assert!(limiter.check_key(key), "a new key"));
        limiter
    };
    let time = move |operations: u64| {
        let (limiter, passed) = (limiter.get_or_init(with_keys), AtomicU64::new(0));
        let heat = race(threads, HEAT.min(PACE.mul_f64(operations as f64)), |stop| {
            let mut dice = seeds.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            until(stop, &passed, || {
                let check = |_| {
                    dice = dice.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1);
                    u64::from(limiter.check_key((dice >> 40) % keys))
                };
                (0..STRIDE).map(check).sum()
            })
        });
        assert_eq!(heat.operations, passed.into_inner(), "a check was refused");
        heat.time_of(operations)
    };
    Entry { name, rehearse: Box::new(rehearse_keys::<C>), time: Box::new(time) }
}

fn rehearse_keys<C: CheckKey>() -> Option<benches::Load> {
    let limiter = C::one_an_hour();
    for key in 0..100 {
        assert!(limiter.check_key(key), "the first of key {key}");
        assert!(!limiter.check_key(key), "a second of key {key} in the same hour");
    }
    None
}
