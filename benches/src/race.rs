//! Threads that compete for a while.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::heats::{Heat, note};

/// What threads did side by side.
#[expect(missing_docs, reason = "named well enough")]
#[derive(Debug)]
pub struct Race {
    pub operations: u64,
    /// From the first start to the last end.
    pub time: Duration,
    /// Processor time of the whole program; zero where the system does not tell.
    pub cpu: Duration,
}

impl Race {
    /// The time that so many operations take at this pace.
    pub fn time_of(&self, operations: u64) -> Duration {
        self.time.mul_f64(operations as f64 / self.operations.max(1) as f64)
    }
}

/// Has threads compete until `limit` is over: each starts with the others, works until `stop` is
/// raised, and says how much it did. A number of operations instead would end before the last
/// threads are awake, and measure threads that never met.
pub fn race(threads: usize, limit: Duration, work: impl Fn(&AtomicBool) -> u64 + Sync) -> Race {
    let (gate, stop) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let helpers = tasks();
    let run = || {
        gate.wait();
        let (busy, start) = (this_thread(), Instant::now());
        let done = work(&stop);
        (start, Instant::now(), this_thread().saturating_sub(busy), done)
    };
    let spans: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        gate.wait();
        #[expect(clippy::disallowed_methods, reason = "what is waited for is the time itself")]
        thread::sleep(limit);
        stop.store(true, Ordering::Relaxed);
        started.into_iter().map(|thread| thread.join().expect("the work does not panic")).collect()
    });
    let start = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let end = spans.iter().map(|span| span.1).max().expect("at least one thread");
    let helped = helpers.iter().map(|(task, it)| cpu_time(task).saturating_sub(it.cpu));
    let cpu = spans.iter().map(|span| span.2).chain(helped).sum();
    let (operations, time) = (spans.iter().map(|span| span.3).sum(), end - start);
    note(Heat { operations, cpu, waited: None });
    Race { operations, time, cpu }
}

/// Measures what threads cost that live longer than the heat.
#[derive(Debug)]
pub struct Meter(BTreeMap<PathBuf, Spent>);

/// What threads cost.
#[expect(missing_docs, reason = "named well enough")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub cpu: Duration,
    /// How often one went to sleep: as often one was woken.
    pub switches: u64,
}

impl Meter {
    /// To be called before the clock is started, because it takes a while.
    pub fn start() -> Self {
        _ = this_thread();
        Self(tasks())
    }

    /// What was spent since then. Threads that have ended meanwhile are not seen.
    pub fn spent(&self) -> Spent {
        _ = this_thread();
        let before = |task| self.0.get(task).copied().unwrap_or_default();
        tasks().iter().fold(Spent::default(), |sum, (task, now)| Spent {
            cpu: sum.cpu + now.cpu.saturating_sub(before(task).cpu),
            switches: sum.switches + now.switches.saturating_sub(before(task).switches),
        })
    }

    /// Notes what the heat cost.
    pub fn note(&self, operations: u64) {
        note(Heat { operations, cpu: self.spent().cpu, waited: None });
    }
}

/// The threads there are, such as a contender's own, and what each has cost.
fn tasks() -> BTreeMap<PathBuf, Spent> {
    let entries = fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    let spent = |task: &Path| Spent { cpu: cpu_time(task), switches: switches(task) };
    entries.map(|entry| entry.path()).map(|task| (task.clone(), spent(&task))).collect()
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

fn switches(task: &Path) -> u64 {
    let text = fs::read_to_string(task.join("status")).unwrap_or_default();
    let count = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}
