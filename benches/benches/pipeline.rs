//! The pipeline's variants beside the queues of other crates that people build pipelines from.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record.

use benches::{Scenario, settings};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "pipeline/contender.rs"]
mod contender;
#[path = "pipeline/heat.rs"]
mod heat;
#[path = "pipeline/ladder_channel.rs"]
mod ladder_channel;
#[path = "pipeline/ladder_lock.rs"]
mod ladder_lock;
#[path = "pipeline/latency.rs"]
mod latency;
#[path = "pipeline/ours.rs"]
mod ours;
#[path = "pipeline/peers.rs"]
mod peers;
#[path = "pipeline/task_peers.rs"]
mod task_peers;
#[path = "pipeline/tasks.rs"]
mod tasks;
#[path = "pipeline/work.rs"]
mod work;

use contender::Arrays;
use heat::{crew, hops};
use latency::latency;
use ours::{Channel, Lock, Ordered, Spsc, Tasks};
use peers::{Crossbeam, CrossbeamSorted, Crossfire, Flume, Kanal, Ringbuf, Std};
use tasks::tasks;
use work::WorkAlone;

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `usual` parameters, or the growth series.
fn growth(usual: &[usize], deep: &[usize]) -> Vec<usize> {
    let deep_run = std::env::var_os("COOKBOOK_DEEP").is_some();
    if deep_run { deep.to_vec() } else { usual.to_vec() }
}

/// `pipeline/hops` by hops: numbers cross that many queues of 1,024 in a row of threads; for each
/// number.
fn row_of_threads(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "pipeline/hops");
    for count in growth(&[1, 3], &[1, 2, 3, 4, 8]) {
        scenario.compare(
            count,
            vec![
                hops::<Lock>("lock", count),
                hops::<Channel>("channel", count),
                hops::<Spsc>("spsc", count),
                hops::<Crossfire>("crossfire", count),
                hops::<Kanal>("kanal", count),
                hops::<Std>("std", count),
                hops::<Crossbeam>("crossbeam", count),
                hops::<Flume>("flume", count),
            ],
        );
    }
}

/// `pipeline/batched` by numbers: callers put that many numbers into each item, in ringbuf into each
/// slice; one hop, room for 1,024 numbers; for each number.
fn batched(criterion: &mut Criterion) {
    scenario(criterion, "pipeline/batched").compare(
        contender::ARRAY,
        vec![
            hops::<Arrays<Lock>>("lock", 1),
            hops::<Arrays<Channel>>("channel", 1),
            hops::<Arrays<Spsc>>("spsc", 1),
            hops::<Arrays<Crossfire>>("crossfire", 1),
            hops::<Arrays<Kanal>>("kanal", 1),
            hops::<Arrays<Std>>("std", 1),
            hops::<Arrays<Crossbeam>>("crossbeam", 1),
            hops::<Arrays<Flume>>("flume", 1),
            hops::<Ringbuf>("ringbuf", 1),
        ],
    );
}

/// `pipeline/async` by threads: numbers cross three queues of 1,024 in a row of tasks, on that many
/// threads of a runtime; for each number.
fn row_of_tasks(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "pipeline/async");
    for threads in [1, 2] {
        scenario.compare(
            threads,
            vec![
                tasks::<Tasks>("tasks", 3, threads),
                tasks::<task_peers::Crossfire>("crossfire", 3, threads),
                tasks::<task_peers::Kanal>("kanal", 3, threads),
                tasks::<task_peers::Flume>("flume", 3, threads),
                tasks::<task_peers::Tokio>("tokio", 3, threads),
                tasks::<task_peers::TokioMany>("tokio recv_many", 3, threads),
                tasks::<task_peers::TokioVectors>("tokio vectors", 3, threads),
            ],
        );
    }
}

/// `pipeline/workers` by workers: that many threads do a microsecond of work on each item, between a
/// source and a sink, and results go on as they finish; the limit is the work alone.
fn workers(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "pipeline/workers");
    for count in growth(&[1, 2, 4], &[1, 2, 4, 8]) {
        scenario.compare(
            count,
            vec![
                crew::<WorkAlone>("limit", count, false),
                crew::<Lock>("lock", count, false),
                crew::<Channel>("channel", count, false),
                crew::<Crossbeam>("crossbeam", count, false),
            ],
        );
    }
}

/// `pipeline/ordered` by workers: the same work, and results leave in the order of the input; for
/// crossbeam the sink puts them in order, in a heap without a bound.
fn ordered(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "pipeline/ordered");
    for count in growth(&[2], &[1, 2, 4, 8]) {
        scenario.compare(
            count,
            vec![
                crew::<Ordered<Lock>>("lock", count, true),
                crew::<Ordered<Channel>>("channel", count, true),
                crew::<CrossbeamSorted>("crossbeam", count, true),
            ],
        );
    }
}

/// `pipeline/latency` by percent: a thousand items a second cross one queue, and that share of them
/// is under way no longer than this.
fn under_way(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "pipeline/latency");
    for percentile in [50, 99] {
        scenario.compare(
            percentile,
            vec![
                latency::<Lock>("lock", percentile),
                latency::<Channel>("channel", percentile),
                latency::<Spsc>("spsc", percentile),
                latency::<Crossfire>("crossfire", percentile),
                latency::<Crossbeam>("crossbeam", percentile),
                latency::<Std>("std", percentile),
            ],
        );
    }
}

/// `pipeline/ladder` by hops: the textbook form of both structures, then one lever more on each
/// rung: notify only sleepers, pass numbers by batches of 64, spin before sleeping; for each number.
fn ladder(criterion: &mut Criterion) {
    scenario(criterion, "pipeline/ladder").compare(
        1,
        vec![
            hops::<ladder_lock::Naive>("lock naive", 1),
            hops::<ladder_lock::Sleepers>("lock sleepers", 1),
            hops::<ladder_lock::Batch>("lock batch", 1),
            hops::<ladder_lock::Spin>("lock spin", 1),
            hops::<ladder_channel::Naive>("channel naive", 1),
            hops::<ladder_channel::Sleepers>("channel sleepers", 1),
            hops::<ladder_channel::Batch>("channel batch", 1),
            hops::<ladder_channel::Spin>("channel spin", 1),
        ],
    );
}

criterion_group! {
    name = threads;
    config = settings();
    targets = row_of_threads, batched, workers, ordered, under_way, ladder
}
criterion_group! {
    name = runtime;
    config = settings();
    targets = row_of_tasks
}
criterion_main!(threads, runtime);
