//! How the usual searches do on a fault that one preemption brings out.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use interleave::{fails, note};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::sync::atomic::AtomicBool;
use shuttle::{Config, FailurePersistence, Runner, thread};

// ANCHOR: set_up_twice
/// Three threads: whoever comes first sets up, then all work. Between the look and the mark lies one
/// step; after it lies everything else.
fn set_up_twice() {
    let done = Arc::new(AtomicBool::new(false));
    let set_ups = Arc::new(AtomicUsize::new(0));
    let threads = [0, 1, 2].map(|_| {
        let (done, set_ups) = (Arc::clone(&done), Arc::clone(&set_ups));
        thread::spawn(move || {
            if !done.load(SeqCst) {
                note!("sets up");
                done.store(true, SeqCst);
                assert!(set_ups.fetch_add(1, SeqCst) == 0, "set up twice");
            }
            work();
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
// ANCHOR_END: set_up_twice

/// Four steps.
fn work() {
    let progress = shuttle::sync::atomic::AtomicUsize::new(0);
    for _ in 0..4 {
        progress.fetch_add(1, SeqCst);
    }
}

#[test]
fn fewest_preemptions_first_finds_it_at_once() {
    let schedule = fails(set_up_twice);
    schedule.matches("tests/schedules/set_up_twice.txt");
    assert_eq!((schedule.preemptions(), schedule.index()), (1, 125));
}

/// It varies the end of the run first, and the fault is at the beginning.
#[test]
fn depth_first_without_a_bound_does_not_get_there() {
    let mut config = Config::new();
    config.silence_warnings = true;
    let runner = Runner::new(DfsScheduler::new(Some(20_000), false), config);
    assert_eq!(runner.run(set_up_twice), 20_000);
}

/// It finds the fault quickly, in a schedule that hides it.
#[test]
fn a_random_schedule_fails_with_switches_that_do_not_matter() {
    for seed in 0..20 {
        eprintln!("{seed} {:?}", random_search(seed));
    }
}

/// Runs tried until the first that fails, and the preemptions in that one.
fn random_search(seed: u64) -> (usize, usize) {
    let [runs, preemptions] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let scheduler = Counting {
        inner: RandomScheduler::new_from_seed(seed, 20_000),
        runs: Arc::clone(&runs),
        preemptions: Arc::clone(&preemptions),
    };
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    let found = std::thread::spawn(move || Runner::new(scheduler, config).run(set_up_twice)).join();
    assert!(found.is_err());
    (runs.load(SeqCst), preemptions.load(SeqCst))
}

struct Counting {
    inner: RandomScheduler,
    runs: Arc<AtomicUsize>,
    preemptions: Arc<AtomicUsize>,
}

impl Scheduler for Counting {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.runs.fetch_add(1, SeqCst);
        self.preemptions.store(0, SeqCst);
        self.inner.new_execution()
    }

    fn next_task(&mut self, able: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        let next = self.inner.next_task(able, current, yields);
        let stopped = able.iter().any(|task| Some(task.id()) == current) && next != current;
        self.preemptions.fetch_add(usize::from(stopped), SeqCst);
        next
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
