//! The variants of fan-out beside the best crates of their field and, where there is one, a limit.
//!
//! Groups are scenarios, functions contenders; the parameter is named after `by` in the sentence
//! that defines the scenario, which `cookbook report` puts into the record. All times are for one
//! item of many.

use std::env;

use benches::{Scenario, settings};
use criterion::{Criterion, criterion_group, criterion_main};
use fan_out::{channel, cpu, joined, lock};

#[path = "fan_out/bodies.rs"]
mod bodies;
#[path = "fan_out/contender.rs"]
mod contender;
#[path = "fan_out/cores.rs"]
mod cores;
#[path = "fan_out/ladder.rs"]
mod ladder;
#[path = "fan_out/ladder_channel.rs"]
mod ladder_channel;
#[path = "fan_out/ladder_lock.rs"]
mod ladder_lock;
#[path = "fan_out/limit.rs"]
mod limit;
#[path = "fan_out/ours.rs"]
mod ours;
#[path = "fan_out/rehearsal.rs"]
mod rehearsal;
#[path = "fan_out/single.rs"]
mod single;
#[path = "fan_out/slots.rs"]
mod slots;
#[path = "fan_out/spawning.rs"]
mod spawning;
#[path = "fan_out/work.rs"]
mod work;

use bodies::{brief, busy, computes};
use cores::{Loop, Rayon, Threads};
use limit::{Share, TwoPolls};
use ours::{ChannelTimeout, JoinedTimeout, LockTimeout};
use single::{
    BufferUnordered, Buffered, BufferedJoinAll, BufferedUnordered, CoStream, Join, JoinAll,
    Unordered,
};
use spawning::{Mpsc, Permits, Set, SetTimeout, Spawn};

fn scenario<'c>(criterion: &'c mut Criterion, name: &str) -> Scenario<'c> {
    bodies::keep_memory();
    Scenario::new(criterion, name, env!("CARGO_TARGET_TMPDIR"))
}

/// The three sizes that goals and pages speak of, or the growth series.
fn sizes() -> &'static [u64] {
    if env::var_os("COOKBOOK_DEEP").is_some() {
        &[16, 64, 256, 1024, 4096, 16_384]
    } else {
        &[16, 256, 4096]
    }
}

/// `fan-out/async` by items: items that wait for one turn each run all at once; the limit polls
/// each of them twice and wakes nobody.
fn all_at_once(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "fan-out/async");
    for &items in sizes() {
        let all = items as usize;
        scenario.compare(
            all,
            vec![
                brief::<TwoPolls>("limit", items, all),
                brief::<joined::FanOut>("joined", items, all),
                brief::<lock::FanOut>("lock", items, all),
                brief::<channel::FanOut>("channel", items, all),
                brief::<Join>("futures-concurrency", items, all),
                brief::<BufferedJoinAll>("futures-buffered", items, all),
                brief::<Unordered>("FuturesUnordered", items, all),
                brief::<BufferUnordered>("buffer_unordered", items, all),
                brief::<JoinAll>("join_all", items, all),
                brief::<Spawn>("spawn", items, all),
                brief::<Set>("JoinSet", items, all),
                brief::<Mpsc>("mpsc", items, all),
            ],
        );
    }
}

/// `fan-out/limited` by items: items that wait for one turn each run eight at once.
fn eight_at_once(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "fan-out/limited");
    scenario.compare(
        4096,
        vec![
            brief::<joined::FanOut>("joined", 4096, 8),
            brief::<lock::FanOut>("lock", 4096, 8),
            brief::<channel::FanOut>("channel", 4096, 8),
            brief::<CoStream>("futures-concurrency", 4096, 8),
            brief::<BufferedUnordered>("futures-buffered", 4096, 8),
            brief::<Unordered>("FuturesUnordered", 4096, 8),
            brief::<BufferUnordered>("buffer_unordered", 4096, 8),
            brief::<Buffered>("buffered", 4096, 8),
            brief::<Set>("JoinSet", 4096, 8),
            brief::<Permits>("Semaphore", 4096, 8),
        ],
    );
}

/// `fan-out/ladder` by items: the textbook form of both structures, then one lever more on each
/// rung: wake the caller only when it sleeps and has reason to, carry 64 items in a task, look
/// before sleeping; all items at once.
fn ladder(criterion: &mut Criterion) {
    let mut scenario = scenario(criterion, "fan-out/ladder");
    for items in [256, 4096] {
        let all = items as usize;
        scenario.compare(
            all,
            vec![
                brief::<ladder_lock::Naive>("lock naive", items, all),
                brief::<ladder_lock::Sleepers>("lock sleepers", items, all),
                brief::<ladder_lock::Batch>("lock batch", items, all),
                brief::<ladder_lock::Spin>("lock spin", items, all),
                brief::<ladder_channel::Naive>("channel naive", items, all),
                brief::<ladder_channel::Sleepers>("channel sleepers", items, all),
                brief::<ladder_channel::Batch>("channel batch", items, all),
                brief::<ladder_channel::Spin>("channel spin", items, all),
            ],
        );
    }
}

/// `fan-out/busy` by items: items that compute for ten microseconds, with one turn in between, run
/// all at once.
fn busy_items(criterion: &mut Criterion) {
    scenario(criterion, "fan-out/busy").compare(
        256,
        vec![
            busy::<joined::FanOut>("joined", 256),
            busy::<lock::FanOut>("lock", 256),
            busy::<channel::FanOut>("channel", 256),
            busy::<Join>("futures-concurrency", 256),
            busy::<Spawn>("spawn", 256),
            busy::<Set>("JoinSet", 256),
        ],
    );
}

/// `fan-out/timeout` by items: items that wait for one turn each run all at once, each with a time
/// limit of its own that none of them needs.
fn with_time_limit(criterion: &mut Criterion) {
    scenario(criterion, "fan-out/timeout").compare(
        256,
        vec![
            brief::<JoinedTimeout>("joined", 256, 256),
            brief::<LockTimeout>("lock", 256, 256),
            brief::<ChannelTimeout>("channel", 256, 256),
            brief::<SetTimeout>("JoinSet", 256, 256),
        ],
    );
}

/// `fan-out/cpu-cheap` by items: computations of a few nanoseconds; the limit is one core's share
/// of them.
fn cheap_computations(criterion: &mut Criterion) {
    computations(criterion, "fan-out/cpu-cheap", work::cheap);
}

/// `fan-out/cpu-1us` by items: computations of a microsecond; the limit is one core's share of
/// them.
fn computations_of_a_microsecond(criterion: &mut Criterion) {
    computations(criterion, "fan-out/cpu-1us", work::microsecond);
}

fn computations(
    criterion: &mut Criterion,
    name: &str,
    work: impl Fn(u64) -> u64 + Copy + Send + Sync,
) {
    let mut scenario = scenario(criterion, name);
    for &items in sizes() {
        let items = items as usize;
        scenario.compare(
            items,
            vec![
                computes::<Share>("limit", items, work),
                computes::<cpu::FanOut>("cpu", items, work),
                computes::<Loop>("loop", items, work),
                computes::<Rayon>("rayon", items, work),
                computes::<Threads>("threads", items, work),
            ],
        );
    }
}

criterion_group! {
    name = waiting;
    config = settings();
    targets = all_at_once, eight_at_once, ladder, busy_items, with_time_limit
}
criterion_group! {
    name = computing;
    config = settings();
    targets = cheap_computations, computations_of_a_microsecond
}
criterion_main!(waiting, computing);
