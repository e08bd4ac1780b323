//! The rate limiter's variants beside the best crates of their field, the price of the clocks they
//! read, and how exact waiting for a turn is.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. Figures that are no
//! times name their unit there.

use benches::{Figure, Scenario, figures, settings};
use criterion::{Criterion, criterion_group, criterion_main};
use governor::{DefaultDirectRateLimiter as Governor, DefaultKeyedRateLimiter as KeyedGovernor};
use leaky_bucket::RateLimiter as LeakyBucket;
use rate_limiter::{atomic, channel, lock};
use ratelimit::Ratelimiter;

#[path = "rate_limiter/bodies.rs"]
mod bodies;
#[path = "rate_limiter/clocks.rs"]
mod clocks;
#[path = "rate_limiter/contender.rs"]
mod contender;
#[path = "rate_limiter/ladder_bucket.rs"]
mod ladder_bucket;
#[path = "rate_limiter/ladder_channel.rs"]
mod ladder_channel;
#[path = "rate_limiter/ladder_lock.rs"]
mod ladder_lock;
#[path = "rate_limiter/ours.rs"]
mod ours;
#[path = "rate_limiter/peers.rs"]
mod peers;
#[path = "rate_limiter/waiting.rs"]
mod waiting;

use bodies::{allowed, allowed_by, denied, denied_by, keyed};
use clocks::{Counter, Precise};
use contender::BURST;
use ours::Strict;
use peers::{Tower, TowerQueue};
use waiting::{Passes, wait, wait_blocking};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `rate-limiter/allowed` by threads: threads ask the same limiter whether a call may pass, and it
/// may; the burst is large, so that few checks need a look at the clock, and the limit is one look.
fn allowed_calls(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rate-limiter/allowed");
    for count in [1, 2, 4, 8] {
        let mut all = vec![
            allowed_by::<lock::Limiter>("lock", count, BURST),
            allowed_by::<channel::Limiter>("channel", count, BURST),
            allowed_by::<atomic::Limiter>("atomic", count, BURST),
            allowed_by::<Governor>("governor", count, BURST),
        ];
        if count <= 2 {
            all.push(allowed_by::<Precise>("limit", count, BURST));
            all.push(allowed_by::<LeakyBucket>("leaky-bucket", count, BURST));
            all.push(allowed_by::<Ratelimiter>("ratelimit", count, BURST));
        }
        if count == 1 {
            all.push(allowed::<Tower>("tower", BURST));
        }
        scenario.compare(count, all);
    }
}

/// `rate-limiter/small-burst` by threads: as `allowed`, with a burst of 15, the largest of which
/// nothing is leased, so that every check must know the time; `atomic counter` is given the clock
/// that governor reads.
fn small_burst(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rate-limiter/small-burst");
    for count in [1, 2] {
        scenario.compare(
            count,
            vec![
                allowed_by::<Precise>("limit", count, 15),
                allowed_by::<lock::Limiter>("lock", count, 15),
                allowed_by::<channel::Limiter>("channel", count, 15),
                allowed_by::<atomic::Limiter>("atomic", count, 15),
                allowed_by::<atomic::Limiter<Counter>>("atomic counter", count, 15),
                allowed_by::<Governor>("governor", count, 15),
            ],
        );
    }
}

/// `rate-limiter/denied` by threads: threads ask the same limiter whether a call may pass, and it
/// may not for an hour; the limit is one reading of the precise clock.
fn denied_calls(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rate-limiter/denied");
    for count in [1, 2] {
        let mut all = vec![
            denied_by::<Precise>("limit", count),
            denied_by::<lock::Limiter>("lock", count),
            denied_by::<channel::Limiter>("channel", count),
            denied_by::<atomic::Limiter>("atomic", count),
            denied_by::<atomic::Limiter<Counter>>("atomic counter", count),
            denied_by::<Governor>("governor", count),
        ];
        if count == 1 {
            all.push(denied_by::<LeakyBucket>("leaky-bucket", count));
            all.push(denied_by::<Ratelimiter>("ratelimit", count));
            all.push(denied::<Tower>("tower"));
        }
        scenario.compare(count, all);
    }
}

/// `rate-limiter/keyed` by threads: threads ask for one of 1,000 keys, in an order of their own,
/// whether a call may pass, and it may.
fn keyed_calls(criterion: &mut Criterion) {
    keys(criterion, "rate-limiter/keyed", 1_000);
}

/// `rate-limiter/keyed-100k` by threads: threads ask for one of 100,000 keys, in an order of their
/// own, whether a call may pass, and it may.
fn many_keys(criterion: &mut Criterion) {
    keys(criterion, "rate-limiter/keyed-100k", 100_000);
}

fn keys(criterion: &mut Criterion, name: &str, keys: u64) {
    let mut scenario = scenario(criterion, name);
    for count in [1, 2] {
        scenario.compare(
            count,
            vec![
                keyed::<lock::Keyed<u64>>("lock", count, keys),
                keyed::<channel::Keyed<u64>>("channel", count, keys),
                keyed::<KeyedGovernor<u64>>("governor", count, keys),
            ],
        );
    }
}

/// `rate-limiter/clock` by threads: one thread asks what time it is: the precise clock of the
/// system, the coarse one, and the counter of the processor that governor reads.
fn clock(criterion: &mut Criterion) {
    let all = vec![
        clocks::precise(),
        #[cfg(target_os = "linux")]
        clocks::coarse(),
        clocks::counter(),
    ];
    scenario(criterion, "rate-limiter/clock").compare(1, all);
}

/// `rate-limiter/ladder` by threads: the textbook form of both structures, then one lever more on
/// each rung: a time instead of a number of tokens, reading the clock outside the lock, waking only
/// sleepers, spinning before sleeping, and a lease of 30 calls at a time.
fn ladder(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rate-limiter/ladder");
    for count in [1, 2] {
        scenario.compare(
            count,
            vec![
                allowed_by::<ladder_lock::Naive>("lock naive", count, BURST),
                allowed_by::<ladder_lock::Slot>("lock slots", count, BURST),
                allowed_by::<ladder_lock::Outside>("lock outside", count, BURST),
                allowed_by::<ladder_lock::Lease>("lock lease", count, BURST),
                allowed_by::<ladder_channel::Naive>("channel naive", count, BURST),
                allowed_by::<ladder_channel::Sleepers>("channel sleepers", count, BURST),
                allowed_by::<ladder_channel::Spin>("channel spin", count, BURST),
                allowed_by::<ladder_channel::Lease>("channel lease", count, BURST),
            ],
        );
    }
}

/// `rate-limiter/error` in percent by calls a second: 64 tasks wait for their turns at a burst of
/// one; how far the rate at which they pass is from the one that was asked for.
fn rate_error(criterion: &mut Criterion<Figure>) {
    waits(criterion, "rate-limiter/error", |passes| passes.error);
}

/// `rate-limiter/bunching` in calls by calls a second: the same run; the burst that was seen, which
/// is the most that passed in any window beyond rate times window.
fn bunching(criterion: &mut Criterion<Figure>) {
    waits(criterion, "rate-limiter/bunching", |passes| passes.burst);
}

fn waits(criterion: &mut Criterion<Figure>, name: &str, pick: fn(Passes) -> f64) {
    for rate in [100, 1_000, 10_000] {
        let run = (rate, 1);
        wait::<lock::Limiter>(criterion, name, "lock", run, pick);
        wait::<channel::Limiter>(criterion, name, "channel", run, pick);
        wait::<atomic::Limiter>(criterion, name, "atomic", run, pick);
        wait::<Strict<atomic::Limiter>>(criterion, name, "atomic strict", run, pick);
        wait::<Governor>(criterion, name, "governor", run, pick);
        wait::<LeakyBucket>(criterion, name, "leaky-bucket", run, pick);
        wait::<Ratelimiter>(criterion, name, "ratelimit", run, pick);
        wait::<TowerQueue>(criterion, name, "tower", run, pick);
    }
}

/// `rate-limiter/error-at-burst` in percent by calls a second: as `error`, with a burst of ten
/// milliseconds' worth of calls, so that who is late may catch up.
fn error_at_burst(criterion: &mut Criterion<Figure>) {
    let (name, run) = ("rate-limiter/error-at-burst", (10_000, 100));
    let pick = |passes: Passes| passes.error;
    wait::<atomic::Limiter>(criterion, name, "atomic", run, pick);
    wait::<Strict<atomic::Limiter>>(criterion, name, "atomic strict", run, pick);
    wait::<Governor>(criterion, name, "governor", run, pick);
    wait::<Ratelimiter>(criterion, name, "ratelimit", run, pick);
}

/// `rate-limiter/error-of-threads` in percent by calls a second: as `error`, with 8 threads that
/// block; the peers sleep for as long as they are told and ask again.
fn error_of_threads(criterion: &mut Criterion<Figure>) {
    let name = "rate-limiter/error-of-threads";
    wait_blocking::<lock::Limiter>(criterion, name, "lock", 10_000);
    wait_blocking::<channel::Limiter>(criterion, name, "channel", 10_000);
    wait_blocking::<atomic::Limiter>(criterion, name, "atomic", 10_000);
    wait_blocking::<Governor>(criterion, name, "governor", 10_000);
    wait_blocking::<Ratelimiter>(criterion, name, "ratelimit", 10_000);
}

criterion_group! {
    name = checks;
    config = settings();
    targets = allowed_calls, small_burst, denied_calls, keyed_calls, many_keys, clock, ladder
}
criterion_group! {
    name = errors;
    config = figures("percent");
    targets = rate_error, error_at_burst, error_of_threads
}
criterion_group! {
    name = bursts;
    config = figures("calls");
    targets = bunching
}
criterion_main!(checks, errors, bursts);
