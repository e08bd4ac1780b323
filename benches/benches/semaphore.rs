//! The semaphore's variants beside the best crates of their field and, where there is one, a limit.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record.

use benches::{Scenario, settings, thread_counts};
use criterion::{Criterion, criterion_group, criterion_main};
use semaphore::{barging, channel, lock};

#[path = "semaphore/bodies.rs"]
mod bodies;
#[path = "semaphore/contender.rs"]
mod contender;
#[path = "semaphore/ladder_channel.rs"]
mod ladder_channel;
#[path = "semaphore/ladder_lock.rs"]
mod ladder_lock;
#[path = "semaphore/limit.rs"]
mod limit;
#[path = "semaphore/ours.rs"]
mod ours;
#[path = "semaphore/peers.rs"]
mod peers;
#[path = "semaphore/rehearsal.rs"]
mod rehearsal;
#[path = "semaphore/tokens.rs"]
mod tokens;

use bodies::{attempts, awaits, awaits_many, awaits_owned, tasks, threads};
use limit::{NoSemaphore, TwoUpdates};
use ours::Blocking;
use peers::{AsyncLockBlocking, ParkingLot, StdCondvar};
use tokens::{Crossbeam, Flume, FlumeBlocking, Kanal, KanalBlocking};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `semaphore/try` by threads: one thread takes a permit with `try_acquire` and gives it back; the
/// limit is two atomic updates.
fn try_acquire(criterion: &mut Criterion) {
    scenario(criterion, "semaphore/try").compare(
        1,
        vec![
            attempts::<TwoUpdates>("limit"),
            attempts::<lock::Semaphore>("lock"),
            attempts::<channel::Semaphore>("channel"),
            attempts::<barging::Semaphore>("barging"),
            attempts::<tokio::sync::Semaphore>("tokio"),
            attempts::<async_lock::Semaphore>("async-lock"),
            attempts::<ParkingLot>("parking_lot"),
            attempts::<StdCondvar>("std"),
            attempts::<Crossbeam>("crossbeam"),
            attempts::<Flume>("flume"),
            attempts::<Kanal>("kanal"),
        ],
    );
}

/// `semaphore/await` by tasks: one task awaits a permit that is free and drops it.
fn acquire(criterion: &mut Criterion) {
    scenario(criterion, "semaphore/await").compare(
        1,
        vec![
            awaits::<lock::Semaphore>("lock"),
            awaits::<channel::Semaphore>("channel"),
            awaits::<barging::Semaphore>("barging"),
            awaits::<tokio::sync::Semaphore>("tokio"),
            awaits::<async_lock::Semaphore>("async-lock"),
            awaits::<Flume>("flume"),
            awaits::<Kanal>("kanal"),
        ],
    );
}

/// `semaphore/owned` by tasks: one task awaits a free permit that borrows nothing and drops it.
fn acquire_owned(criterion: &mut Criterion) {
    scenario(criterion, "semaphore/owned").compare(
        1,
        vec![
            awaits_owned::<lock::Semaphore>("lock"),
            awaits_owned::<channel::Semaphore>("channel"),
            awaits_owned::<barging::Semaphore>("barging"),
            awaits_owned::<tokio::sync::Semaphore>("tokio"),
            awaits_owned::<async_lock::Semaphore>("async-lock"),
        ],
    );
}

/// `semaphore/many` by permits: one task awaits that many free permits in one call and drops them.
fn acquire_many(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "semaphore/many");
    for permits in [1, 8] {
        scenario.compare(
            permits,
            vec![
                awaits_many::<lock::Semaphore>("lock", permits),
                awaits_many::<channel::Semaphore>("channel", permits),
                awaits_many::<barging::Semaphore>("barging", permits),
                awaits_many::<tokio::sync::Semaphore>("tokio", permits),
            ],
        );
    }
}

/// `semaphore/tasks` by tasks: tasks on one thread share four permits, and each keeps its permit
/// while the others have a turn; the limit is the turn alone, and in async-lock, flume and our
/// barging variant a newcomer may overtake.
fn many_tasks(criterion: &mut Criterion) {
    scenario(criterion, "semaphore/tasks").compare(
        64,
        vec![
            tasks::<NoSemaphore>("limit", 64, 4),
            tasks::<lock::Semaphore>("lock", 64, 4),
            tasks::<channel::Semaphore>("channel", 64, 4),
            tasks::<barging::Semaphore>("barging", 64, 4),
            tasks::<tokio::sync::Semaphore>("tokio", 64, 4),
            tasks::<async_lock::Semaphore>("async-lock", 64, 4),
            tasks::<Flume>("flume", 64, 4),
            tasks::<Kanal>("kanal", 64, 4),
        ],
    );
}

/// `semaphore/fifo` by threads: threads pass one permit around, first come, first served.
fn fifo(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "semaphore/fifo");
    for count in thread_counts(&[2, 64]) {
        scenario.compare(
            count,
            vec![
                threads::<Blocking<lock::Semaphore>>("lock", count, 1),
                threads::<Blocking<channel::Semaphore>>("channel", count, 1),
                threads::<tokio::sync::Semaphore>("tokio", count, 1),
                threads::<FlumeBlocking>("flume", count, 1),
                threads::<KanalBlocking>("kanal", count, 1),
            ],
        );
    }
}

/// `semaphore/barging-1` by threads: threads share one permit, and whoever comes first after a
/// release takes it.
fn barging_for_one(criterion: &mut Criterion) {
    barging(criterion, "semaphore/barging-1", 1);
}

/// `semaphore/barging-4` by threads: threads share four permits, and whoever comes first after a
/// release takes one.
fn barging_for_four(criterion: &mut Criterion) {
    barging(criterion, "semaphore/barging-4", 4);
}

fn barging(criterion: &mut Criterion, name: &str, permits: usize) {
    let mut scenario = scenario(criterion, name);
    for count in thread_counts(&[2, 64]) {
        scenario.compare(
            count,
            vec![
                threads::<Blocking<barging::Semaphore>>("barging", count, permits),
                threads::<ParkingLot>("parking_lot", count, permits),
                threads::<StdCondvar>("std", count, permits),
                threads::<AsyncLockBlocking>("async-lock", count, permits),
                threads::<Crossbeam>("crossbeam", count, permits),
            ],
        );
    }
}

/// `semaphore/ladder` by threads: the textbook form of both structures, then one lever more on each
/// rung: notify only sleepers, take permits by batches of eight, spin before sleeping; for each
/// permit's worth of work.
fn ladder(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "semaphore/ladder");
    for count in [1, 2] {
        scenario.compare(
            count,
            vec![
                threads::<ladder_lock::Naive>("lock naive", count, 1),
                threads::<ladder_lock::Sleepers>("lock sleepers", count, 1),
                threads::<ladder_lock::Batch>("lock batch", count, 1),
                threads::<ladder_lock::Spin>("lock spin", count, 1),
                threads::<ladder_channel::Naive>("channel naive", count, 1),
                threads::<ladder_channel::Sleepers>("channel sleepers", count, 1),
                threads::<ladder_channel::Batch>("channel batch", count, 1),
                threads::<ladder_channel::Spin>("channel spin", count, 1),
            ],
        );
    }
}

criterion_group! {
    name = uncontended;
    config = settings();
    targets = try_acquire, acquire, acquire_owned, acquire_many
}
criterion_group! {
    name = contended;
    config = settings();
    targets = many_tasks, fifo, barging_for_one, barging_for_four, ladder
}
criterion_main!(uncontended, contended);
