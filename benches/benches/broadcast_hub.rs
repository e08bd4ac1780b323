//! The hub's variants beside the best crates of their field.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. A time is for a delivery:
//! one message that reaches one subscriber. In each scenario all get the same memory, 1 KiB a
//! subscriber and no less than 32 KiB, of which each makes what room it can; the rehearsal prints it.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use benches::{Scenario, settings};
use broadcast_hub::{channel, copied, lock};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "broadcast_hub/contender.rs"]
mod contender;
#[path = "broadcast_hub/ladder_channel.rs"]
mod ladder_channel;
#[path = "broadcast_hub/ladder_lock.rs"]
mod ladder_lock;
#[path = "broadcast_hub/memory.rs"]
mod memory;
#[path = "broadcast_hub/ours.rs"]
mod ours;
#[path = "broadcast_hub/task_peers.rs"]
mod task_peers;
#[path = "broadcast_hub/tasks.rs"]
mod tasks;
#[path = "broadcast_hub/thread_peers.rs"]
mod thread_peers;
#[path = "broadcast_hub/threads.rs"]
mod threads;
#[path = "broadcast_hub/turn_peers.rs"]
mod turn_peers;
#[path = "broadcast_hub/turns.rs"]
mod turns;

use contender::Letter;
use ours::Many;
use task_peers::Flume;
use tasks::tasks;
use thread_peers::{Crossbeam, Crossfire, Std};
use threads::threads;
use turn_peers::{Bus, Rtrb, RtrbChunks, Tokio};
use turns::{bursts, one_by_one};

/// Half as long a round as elsewhere, for there is twice as much to measure.
fn brief() -> Criterion {
    let usual = settings();
    if env::var_os("COOKBOOK_ROUND").is_none() {
        return usual;
    }
    usual.warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(150))
}

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `usual` counts of subscribers, or the growth series.
fn counts(usual: &[usize], deep: &[usize]) -> Vec<usize> {
    if env::var_os("COOKBOOK_DEEP").is_some() { deep.to_vec() } else { usual.to_vec() }
}

/// Those that the goals speak of, or the growth series.
fn growth() -> Vec<usize> {
    counts(&[1, 10, 100, 1_000, 10_000], &[1, 3, 10, 32, 100, 316, 1_000, 3_162, 10_000, 31_623])
}

/// `broadcast-hub/recv` by subscribers: one thread publishes 64 numbers, then each subscriber takes
/// them one by one; for each delivery.
fn recv(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/recv");
    for count in growth() {
        scenario.compare(
            count,
            vec![
                bursts::<u64, lock::Hub<u64>>("lock", count),
                bursts::<u64, channel::Hub<u64>>("channel", count),
                bursts::<u64, copied::Hub<u64>>("copied", count),
                bursts::<u64, Tokio<u64>>("tokio", count),
                bursts::<u64, Rtrb<u64>>("rtrb", count),
                bursts::<u64, Bus<u64>>("bus", count),
            ],
        );
    }
}

/// `broadcast-hub/many` by subscribers: the same, and each subscriber takes the 64 numbers in one
/// call where there is one (tokio has none); for each delivery.
fn recv_many(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/many");
    for count in growth() {
        scenario.compare(
            count,
            vec![
                bursts::<u64, Many<lock::Hub<u64>, u64>>("lock", count),
                bursts::<u64, Many<channel::Hub<u64>, u64>>("channel", count),
                bursts::<u64, Many<copied::Hub<u64>, u64>>("copied", count),
                bursts::<u64, Tokio<u64>>("tokio", count),
                bursts::<u64, RtrbChunks<u64>>("rtrb", count),
            ],
        );
    }
}

/// `broadcast-hub/arc` by subscribers: one thread publishes 64 messages that are shared by reference
/// count, then each subscriber takes them one by one; for each delivery.
fn arc(criterion: &mut Criterion) {
    type Shared = Arc<Letter>;
    let mut scenario = scenario(criterion, "broadcast-hub/arc");
    for count in growth() {
        scenario.compare(
            count,
            vec![
                bursts::<Shared, lock::Hub<Shared>>("lock", count),
                bursts::<Shared, channel::Hub<Shared>>("channel", count),
                bursts::<Shared, Tokio<Shared>>("tokio", count),
                bursts::<Shared, Rtrb<Shared>>("rtrb", count),
                bursts::<Shared, Bus<Shared>>("bus", count),
            ],
        );
    }
}

/// `broadcast-hub/lockstep` by subscribers: one thread publishes one number, then each subscriber
/// takes it; for each delivery.
fn lockstep(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/lockstep");
    for count in counts(&[1, 100, 10_000], &[1, 10, 100, 1_000, 10_000]) {
        scenario.compare(
            count,
            vec![
                one_by_one::<u64, lock::Hub<u64>>("lock", count),
                one_by_one::<u64, channel::Hub<u64>>("channel", count),
                one_by_one::<u64, copied::Hub<u64>>("copied", count),
                one_by_one::<u64, Tokio<u64>>("tokio", count),
                one_by_one::<u64, Rtrb<u64>>("rtrb", count),
                one_by_one::<u64, Bus<u64>>("bus", count),
            ],
        );
    }
}

/// `broadcast-hub/tasks` by subscribers: a task publishes 16 numbers between turns of the
/// subscribers, each a task that awaits them one by one, all on one thread; for each delivery.
fn between_tasks(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/tasks");
    for count in counts(&[1, 10, 100, 1_000], &[1, 10, 100, 1_000, 10_000]) {
        scenario.compare(
            count,
            vec![
                tasks::<lock::Hub<u64>>("lock", count),
                tasks::<channel::Hub<u64>>("channel", count),
                tasks::<copied::Hub<u64>>("copied", count),
                tasks::<task_peers::Tokio>("tokio", count),
                tasks::<Flume>("flume", count),
            ],
        );
    }
}

/// `broadcast-hub/lossless` by subscribers: a thread publishes and waits for the slowest subscriber
/// when there is no room, and each subscriber is a thread that takes numbers one by one; for each
/// delivery.
fn lossless(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/lossless");
    for count in counts(&[1, 2, 8], &[1, 2, 4, 8, 64]) {
        scenario.compare(
            count,
            vec![
                threads::<lock::Hub<u64>>("lock", count),
                threads::<channel::Hub<u64>>("channel", count),
                threads::<Crossfire>("crossfire", count),
                threads::<Crossbeam>("crossbeam", count),
                threads::<Std>("std", count),
                threads::<thread_peers::Bus>("bus", count),
            ],
        );
    }
}

/// `broadcast-hub/lossless-many` by subscribers: the same, and each subscriber takes what is there in
/// one call where there is one (crossfire has none); for each delivery.
fn lossless_many(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "broadcast-hub/lossless-many");
    for count in counts(&[1, 2, 8], &[1, 2, 4, 8, 64]) {
        scenario.compare(
            count,
            vec![
                threads::<Many<lock::Hub<u64>, u64>>("lock", count),
                threads::<Many<channel::Hub<u64>, u64>>("channel", count),
                threads::<Crossfire>("crossfire", count),
            ],
        );
    }
}

/// `broadcast-hub/ladder` by subscribers: threads as in `lossless`, the textbook form of both
/// structures, then one lever more on each rung: notify only sleepers, pass numbers by batches of 16,
/// spin before sleeping; for each delivery.
fn ladder(criterion: &mut Criterion) {
    scenario(criterion, "broadcast-hub/ladder").compare(
        2,
        vec![
            threads::<ladder_lock::Naive>("lock naive", 2),
            threads::<ladder_lock::Sleepers>("lock sleepers", 2),
            threads::<ladder_lock::Batch>("lock batch", 2),
            threads::<ladder_lock::Spin>("lock spin", 2),
            threads::<ladder_channel::Naive>("channel naive", 2),
            threads::<ladder_channel::Sleepers>("channel sleepers", 2),
            threads::<ladder_channel::Batch>("channel batch", 2),
            threads::<ladder_channel::Spin>("channel spin", 2),
        ],
    );
}

criterion_group! {
    name = one_thread;
    config = brief();
    targets = recv, recv_many, arc, lockstep
}
criterion_group! {
    name = side_by_side;
    config = brief();
    targets = between_tasks, lossless, lossless_many, ladder
}
criterion_main!(one_thread, side_by_side);
