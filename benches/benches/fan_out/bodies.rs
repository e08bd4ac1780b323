//! The bodies that are timed, the same for every contender. A time is for an item.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::Contender as Entry;
use tokio::runtime::Builder;

use crate::contender::{Compute, Gather, Said};
use crate::rehearsal;
use crate::work;

/// `items` that wait for one turn each, at most `limit` at once.
pub(crate) fn brief<'a, C: Gather>(name: &'static str, items: u64, limit: usize) -> Entry<'a> {
    gathers::<C, _, _>(name, items, limit, work::brief)
}

/// `items` that compute before and after their turn, all at once.
pub(crate) fn busy<'a, C: Gather>(name: &'static str, items: u64) -> Entry<'a> {
    gathers::<C, _, _>(name, items, items as usize, work::busy)
}

fn gathers<'a, C, W, F>(name: &'static str, items: u64, limit: usize, work: W) -> Entry<'a>
where
    C: Gather,
    W: Fn(u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Said> + Send + 'static,
{
    let time = move |operations: u64| {
        let (calls, work) = (operations.div_ceil(items), work.clone());
        let time = on_runtime(async move {
            let start = Instant::now();
            for _ in 0..calls {
                drop(black_box(C::gather(items, limit, work.clone()).await));
            }
            start.elapsed()
        });
        scaled(time, operations, calls * items)
    };
    let rehearse = move || {
        rehearsal::gather::<C>(items, limit);
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// `items` that are computed by `work`.
pub(crate) fn computes<'a, C: Compute>(
    name: &'static str,
    items: usize,
    work: impl Fn(u64) -> u64 + Copy + Send + Sync + 'a,
) -> Entry<'a> {
    let inputs = move || (0..items as u64).collect::<Vec<_>>();
    let time = move |operations: u64| {
        let (calls, inputs) = (operations.div_ceil(items as u64), inputs());
        let start = Instant::now();
        for _ in 0..calls {
            drop(black_box(C::compute(black_box(&inputs), work)));
        }
        scaled(start.elapsed(), operations, calls * items as u64)
    };
    let rehearse = move || {
        rehearsal::compute::<C>(&inputs());
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// Runs a task on a runtime with two workers. The task is on one of them, as a server's would be.
pub(crate) fn on_runtime<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().expect("a runtime");
    runtime.block_on(runtime.spawn(task)).expect("no panic")
}

/// Frees something large, after which glibc keeps freed memory instead of giving it back to the
/// system. Some contenders happen to do so and others do not; the others would be measured together
/// with the pages that they lose and fetch anew in every call.
pub(crate) fn keep_memory() {
    drop(black_box(vec![1_u8; 16 << 20]));
}

/// The share of `time` that `wanted` of `done` operations took.
fn scaled(time: Duration, wanted: u64, done: u64) -> Duration {
    time.mul_f64(wanted as f64 / done as f64)
}
