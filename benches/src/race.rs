//! Threads that start together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Has threads that start together share `operations`: time from the first start to the last end,
/// and processor time of the whole program (zero where the system does not tell), both scaled to
/// just that many. `work` is told each thread's share.
pub fn race(threads: usize, operations: u64, work: impl Fn(u64) + Sync) -> (Duration, Duration) {
    let (share, gate) = (operations.div_ceil(threads as u64), Barrier::new(threads));
    let helpers = tasks();
    let run = || {
        gate.wait();
        let (busy, start) = (this_thread(), Instant::now());
        work(share);
        (start, Instant::now(), this_thread().saturating_sub(busy))
    };
    let spans: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        started.into_iter().map(|thread| thread.join().expect("the work does not panic")).collect()
    });
    let start = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let end = spans.iter().map(|span| span.1).max().expect("at least one thread");
    let helped = helpers.iter().map(|(task, busy)| cpu_time(task).saturating_sub(*busy));
    let busy: Duration = spans.iter().map(|span| span.2).chain(helped).sum();
    let scale = operations as f64 / (share * threads as u64) as f64;
    ((end - start).mul_f64(scale), busy.mul_f64(scale))
}

/// The threads there are, such as a contender's own, and what each has run.
fn tasks() -> BTreeMap<PathBuf, Duration> {
    let entries = fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).map(|task| (task.clone(), cpu_time(&task))).collect()
}

fn this_thread() -> Duration {
    // The kernel brings the figure up to date when a thread is rescheduled.
    thread::yield_now();
    cpu_time(Path::new("/proc/thread-self"))
}

fn cpu_time(task: &Path) -> Duration {
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}
