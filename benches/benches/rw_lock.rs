//! The RW lock's variants beside the best crates of their field, the plain mutexes and a limit.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. `mutex` is
//! `parking_lot`'s and `std-mutex` the standard library's; `parking_lot` and `std` are their RW
//! locks, and `crossbeam` is its `ShardedLock`. Nobody does anything between two operations, so
//! this is as crowded as two threads can make it.

use benches::{Contender as Entry, Scenario, settings, thread_counts};
use criterion::{Criterion, criterion_group, criterion_main};
use rw_lock::{channel, lock, sharded};

#[path = "rw_lock/actor.rs"]
mod actor;
#[path = "rw_lock/bodies.rs"]
mod bodies;
#[path = "rw_lock/contender.rs"]
mod contender;
#[path = "rw_lock/ladder_channel.rs"]
mod ladder_channel;
#[path = "rw_lock/ladder_lock.rs"]
mod ladder_lock;
#[path = "rw_lock/limit.rs"]
mod limit;
#[path = "rw_lock/ours.rs"]
mod ours;
#[path = "rw_lock/peers.rs"]
mod peers;
#[path = "rw_lock/rehearsal.rs"]
mod rehearsal;
#[path = "rw_lock/work.rs"]
mod work;

use actor::{OneChannel, TwoChannels};
use bodies::{Load, compete};
use limit::OneUpdate;
use peers::ArcSwap;
use work::{Pair, Stay};

type Channel = channel::RwLock<Pair>;
type Lock = lock::RwLock<Pair>;
type Sharded = sharded::RwLock<Pair>;
type ParkingLot = parking_lot::RwLock<Pair>;
type Std = std::sync::RwLock<Pair>;
type ShardedLock = crossbeam_utils::sync::ShardedLock<Pair>;
type Mutex = parking_lot::Mutex<Pair>;
type StdMutex = std::sync::Mutex<Pair>;

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `rw-lock/read-only` by ns held: two threads read; the limit is one atomic update of a line of the
/// caller's own, and arc-swap has no lock but a pointer to the newest snapshot.
fn only_reads(criterion: &mut Criterion) {
    mixed(criterion, "rw-lock/read-only", 0);
}

/// `rw-lock/99-1` by ns held: two threads read, and one operation in a hundred is a write; the limit is
/// the same, and for each write the time for which it keeps the other thread out.
fn one_write_in_100(criterion: &mut Criterion) {
    mixed(criterion, "rw-lock/99-1", 1);
}

/// `rw-lock/90-10` by ns held: two threads read, and one operation in ten is a write; the limit is the
/// same.
fn one_write_in_10(criterion: &mut Criterion) {
    mixed(criterion, "rw-lock/90-10", 10);
}

/// `rw-lock/50-50` by ns held: two threads read and write, as often the one as the other; the limit is
/// the same.
fn every_other_writes(criterion: &mut Criterion) {
    mixed(criterion, "rw-lock/50-50", 50);
}

fn mixed(criterion: &mut Criterion, name: &str, writes_in_100: usize) {
    let mut scenario = scenario(criterion, name);
    for &held in times(writes_in_100) {
        let stay = Stay::nanoseconds(held);
        scenario.compare(held, contenders(Load { threads: 2, writes_in_100, stay }, held));
    }
}

/// How long an operation keeps the lock, in nanoseconds. Without writes or with few the rest of the
/// series says nothing new.
fn times(writes_in_100: usize) -> &'static [usize] {
    match writes_in_100 {
        0 => &[0, 100, 1_000],
        1 => &[0],
        _ => &[0, 100, 1_000, 10_000],
    }
}

/// Those whose place changes with the time held, and where it is none all the others.
fn contenders<'a>(load: Load, held: usize) -> Vec<Entry<'a>> {
    let mut contenders = vec![
        compete::<OneUpdate>("limit", load),
        compete::<Sharded>("sharded", load),
        compete::<ParkingLot>("parking_lot", load),
        compete::<Mutex>("mutex", load),
    ];
    if held < 10_000 {
        contenders.push(compete::<Lock>("lock", load));
    }
    if held == 0 {
        contenders.push(compete::<ShardedLock>("crossbeam", load));
        contenders.push(compete::<ArcSwap>("arc-swap", load));
    }
    let is_end = matches!(load.writes_in_100, 0 | 50); // of the series
    if held == 0 && is_end {
        contenders.push(compete::<Std>("std", load));
        contenders.push(compete::<StdMutex>("std-mutex", load));
        contenders.push(compete::<Channel>("channel", load));
    }
    if held == 1_000 && load.writes_in_100 == 0 {
        contenders.push(compete::<Channel>("channel", load)); // no overlap of its readers
    }
    contenders
}

/// `rw-lock/readers` by threads: so many threads read, and keep the lock no longer than it takes to
/// read two words.
fn many_readers(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rw-lock/readers");
    for threads in thread_counts(&[1, 2, 4, 8]) {
        let load = Load { threads, writes_in_100: 0, stay: Stay::SHORT };
        scenario.compare(
            threads,
            vec![
                compete::<Sharded>("sharded", load),
                compete::<ShardedLock>("crossbeam", load),
                compete::<Mutex>("mutex", load),
            ],
        );
    }
}

/// `rw-lock/crowd` by threads: the same, but one operation in ten is a write.
fn many_readers_and_writers(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rw-lock/crowd");
    for threads in thread_counts(&[1, 2, 4, 8]) {
        let load = Load { threads, writes_in_100: 10, stay: Stay::SHORT };
        scenario.compare(
            threads,
            vec![
                compete::<Lock>("lock", load),
                compete::<Sharded>("sharded", load),
                compete::<ParkingLot>("parking_lot", load),
                compete::<Mutex>("mutex", load),
            ],
        );
    }
}

/// `rw-lock/delegation` by threads: so many clients ask a thread that owns the data to read it and,
/// one time in ten, to write it; `actor` has a channel of reads, one of writes, and one made for each
/// answer, and `inbox` one channel of requests and one of answers for each client.
fn delegation(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "rw-lock/delegation");
    for threads in [1, 2] {
        let load = Load { threads, writes_in_100: 10, stay: Stay::SHORT };
        scenario.compare(
            threads,
            vec![
                compete::<Channel>("channel", load),
                compete::<TwoChannels>("actor", load),
                compete::<OneChannel>("inbox", load),
            ],
        );
    }
}

/// `rw-lock/ladder` by threads: the textbook form of both structures, then one lever more on each
/// rung: notify only sleepers, spin before sleeping, a slot for each thread instead of what they
/// share, eight operations at a time; for each operation of two threads, of which one in ten is a
/// write.
fn ladder(criterion: &mut Criterion) {
    let load = Load { threads: 2, writes_in_100: 10, stay: Stay::SHORT };
    let eight = Load { stay: Stay::SHORT_8, ..load };
    scenario(criterion, "rw-lock/ladder").compare(
        load.threads,
        vec![
            compete::<ladder_lock::Naive>("lock naive", load),
            compete::<ladder_lock::Sleepers>("lock sleepers", load),
            compete::<ladder_lock::Spin>("lock spin", load),
            compete::<Sharded>("lock slots", load),
            compete::<Sharded>("lock batch", eight),
            compete::<ladder_channel::Naive>("channel naive", load),
            compete::<ladder_channel::Sleepers>("channel sleepers", load),
            compete::<ladder_channel::Spin>("channel spin", load),
            compete::<Channel>("channel slots", load),
            compete::<Channel>("channel batch", eight),
        ],
    );
}

criterion_group! {
    name = held;
    config = settings();
    targets = only_reads, one_write_in_100, one_write_in_10, every_other_writes
}
criterion_group! {
    name = short;
    config = settings();
    targets = many_readers, many_readers_and_writers, delegation, ladder
}
criterion_main!(held, short);
