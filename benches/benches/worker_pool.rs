//! The pool's variants beside the best crates of their field and, where there is one, a limit.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. `crossbeam` is workers
//! on a shared channel, `deque` a simple pool on crossbeam-deque, `condvar` a queue under a mutex
//! that always notifies. Ours, `crossbeam` and `condvar` bound their queues; the others do not.

use benches::{Scenario, settings};
use criterion::{Criterion, criterion_group, criterion_main};
use worker_pool::{channel, lock, stealing};

#[path = "worker_pool/bodies.rs"]
mod bodies;
#[path = "worker_pool/contender.rs"]
mod contender;
#[path = "worker_pool/deque.rs"]
mod deque;
#[path = "worker_pool/ladder_channel.rs"]
mod ladder_channel;
#[path = "worker_pool/ladder_lock.rs"]
mod ladder_lock;
#[path = "worker_pool/ours.rs"]
mod ours;
#[path = "worker_pool/peers.rs"]
mod peers;
#[path = "worker_pool/rehearsal.rs"]
mod rehearsal;
#[path = "worker_pool/tally.rs"]
mod tally;
#[path = "worker_pool/work.rs"]
mod work;

use bodies::{empty, handles, round_trips, working};
use deque::Deque;
use ladder_channel::Sleepers as Crossbeam;
use ladder_lock::Naive as Condvar;
use peers::{Channels, Rayon, RustyPool, SpawnBlocking, ThreadPool, Tokio};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// `worker-pool/empty` by workers: one thread hands out jobs that do nothing, and waits until the
/// last is done; a job has waited if it found the queue full.
fn empty_jobs(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "worker-pool/empty");
    for workers in [1, 2, 4, 8] {
        scenario.compare(
            workers,
            vec![
                empty::<channel::Pool>("channel", workers),
                empty::<lock::Pool>("lock", workers),
                empty::<stealing::Pool>("stealing", workers),
                empty::<Crossbeam>("crossbeam", workers),
                empty::<Deque>("deque", workers),
                empty::<ThreadPool>("threadpool", workers),
                empty::<Rayon>("rayon", workers),
                empty::<RustyPool>("rusty_pool", workers),
                empty::<Condvar>("condvar", workers),
                empty::<Tokio>("tokio", workers),
                empty::<SpawnBlocking>("spawn_blocking", workers),
            ],
        );
    }
}

/// `worker-pool/handle` by workers: one thread hands out as many jobs as the queue holds, collects
/// the results in order, and begins again; pools without handles are given a one-shot.
fn jobs_with_handles(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "worker-pool/handle");
    for workers in [1, 2] {
        scenario.compare(
            workers,
            vec![
                handles::<channel::Pool>("channel", workers),
                handles::<lock::Pool>("lock", workers),
                handles::<stealing::Pool>("stealing", workers),
                handles::<Crossbeam>("crossbeam", workers),
                handles::<Deque>("deque", workers),
                handles::<ThreadPool>("threadpool", workers),
                handles::<Rayon>("rayon", workers),
                handles::<RustyPool>("rusty_pool", workers),
                handles::<Condvar>("condvar", workers),
                handles::<Tokio>("tokio", workers),
                handles::<SpawnBlocking>("spawn_blocking", workers),
            ],
        );
    }
}

/// `worker-pool/round-trip` by workers: one thread hands out a job that does nothing and waits for
/// its result before it hands out the next; pools without handles are given a channel for the
/// result, whose receiver looks before it sleeps; the processor time holds what all spend on looking.
fn round_trip(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "worker-pool/round-trip");
    for workers in [1, 2] {
        scenario.compare(
            workers,
            vec![
                round_trips::<channel::Pool>("channel", workers),
                round_trips::<lock::Pool>("lock", workers),
                round_trips::<stealing::Pool>("stealing", workers),
                round_trips::<Channels<Crossbeam>>("crossbeam", workers),
                round_trips::<Channels<Deque>>("deque", workers),
                round_trips::<Channels<ThreadPool>>("threadpool", workers),
                round_trips::<Channels<Rayon>>("rayon", workers),
                round_trips::<RustyPool>("rusty_pool", workers),
                round_trips::<Channels<Condvar>>("condvar", workers),
                round_trips::<Tokio>("tokio", workers),
                round_trips::<SpawnBlocking>("spawn_blocking", workers),
            ],
        );
    }
}

/// `worker-pool/work-1us` by workers: one thread hands out jobs that work for a microsecond, and
/// waits until the last is done; the limit is the same work on as many threads as there are workers
/// and cores for, with nothing to hand out.
fn jobs_that_work(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "worker-pool/work-1us");
    for workers in [1, 2] {
        scenario.compare(
            workers,
            vec![
                work::shared_out("limit", workers),
                working::<channel::Pool>("channel", workers),
                working::<lock::Pool>("lock", workers),
                working::<stealing::Pool>("stealing", workers),
                working::<Crossbeam>("crossbeam", workers),
                working::<Deque>("deque", workers),
                working::<ThreadPool>("threadpool", workers),
                working::<Rayon>("rayon", workers),
                working::<RustyPool>("rusty_pool", workers),
                working::<Condvar>("condvar", workers),
                working::<Tokio>("tokio", workers),
                working::<SpawnBlocking>("spawn_blocking", workers),
            ],
        );
    }
}

/// `worker-pool/ladder` by workers: the textbook form of both structures, then one lever more on
/// each rung: wake only sleepers, move jobs by batches of eight, spin before sleeping; for each
/// job that does nothing.
fn ladder(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "worker-pool/ladder");
    for workers in [1, 2] {
        scenario.compare(
            workers,
            vec![
                empty::<ladder_lock::Naive>("lock naive", workers),
                empty::<ladder_lock::Sleepers>("lock sleepers", workers),
                empty::<ladder_lock::Batch>("lock batch", workers),
                empty::<ladder_lock::Spin>("lock spin", workers),
                empty::<ladder_channel::Naive>("channel naive", workers),
                empty::<ladder_channel::Sleepers>("channel sleepers", workers),
                empty::<ladder_channel::Batch>("channel batch", workers),
                empty::<ladder_channel::Spin>("channel spin", workers),
            ],
        );
    }
}

criterion_group! {
    name = streams;
    config = settings();
    targets = empty_jobs, jobs_with_handles, round_trip, jobs_that_work, ladder
}
criterion_main!(streams);
