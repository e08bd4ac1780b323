//! Threads that start together.

use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Has threads that start together share `operations`: time from the first start to the last end,
/// and processor time of all (zero where the system does not tell), scaled to just that many.
pub fn race(threads: usize, operations: u64, work: impl Fn(u64) + Sync) -> (Duration, Duration) {
    let (share, gate) = (operations.div_ceil(threads as u64), Barrier::new(threads));
    let run = || {
        gate.wait();
        let (busy, start) = (cpu_time(), Instant::now());
        work(share);
        (start, Instant::now(), cpu_time().saturating_sub(busy))
    };
    let spans: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        started.into_iter().map(|thread| thread.join().expect("the work does not panic")).collect()
    });
    let start = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let end = spans.iter().map(|span| span.1).max().expect("at least one thread");
    let scale = operations as f64 / (share * threads as u64) as f64;
    let busy: Duration = spans.iter().map(|span| span.2).sum();
    ((end - start).mul_f64(scale), busy.mul_f64(scale))
}

/// What this thread has run so far.
fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}
