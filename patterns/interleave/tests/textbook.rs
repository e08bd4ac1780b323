//! How the usual searches do on a fault that one preemption brings out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use interleave::{fails, note};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::sync::atomic;
use shuttle::{Config, FailurePersistence, Runner, thread};

// ANCHOR: set_up_twice
/// Three threads: whoever comes first sets up, then all work. One step lies between the look and the
/// mark, and all the work lies behind it.
fn set_up_twice() {
    let done = Arc::new(atomic::AtomicBool::new(false));
    let set_ups = Arc::new(AtomicUsize::new(0)); // of std: to watch is no step of its own
    let threads = [0, 1, 2].map(|_| {
        let (done, set_ups) = (Arc::clone(&done), Arc::clone(&set_ups));
        thread::spawn(move || {
            if !done.load(SeqCst) {
                note!("sets up");
                done.store(true, SeqCst);
                assert!(set_ups.fetch_add(1, SeqCst) == 0, "set up twice");
            }
            let work = atomic::AtomicUsize::new(0);
            for _ in 0..4 {
                work.fetch_add(1, SeqCst);
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
// ANCHOR_END: set_up_twice

#[test]
fn fewest_preemptions_first_finds_it_at_once() {
    let schedule = fails(set_up_twice);
    schedule.matches("tests/schedules/set_up_twice.txt");
    assert_eq!((schedule.preemptions(), schedule.index()), (1, 119));
}

/// It varies the end of the run first, and the fault is at the beginning.
#[test]
fn depth_first_without_a_bound_does_not_get_there() {
    let search = Runner::new(DfsScheduler::new(Some(20_000), false), quiet());
    assert_eq!(search.run(set_up_twice), 20_000, "schedules tried, and none failed");
}

/// It finds the fault in the first few, in a schedule that hides it.
#[test]
fn a_random_schedule_fails_with_switches_that_do_not_matter() {
    for seed in 0..20 {
        let (tried, preemptions) = random_search(seed);
        assert!(tried <= 8 && preemptions >= 4, "seed {seed}: {tried}, {preemptions}");
    }
}

/// Schedules tried until the first that fails, and the preemptions in that one.
fn random_search(seed: u64) -> (usize, usize) {
    let [tried, preemptions] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let scheduler = Counting {
        inner: RandomScheduler::new_from_seed(seed, 1_000),
        tried: Arc::clone(&tried),
        preemptions: Arc::clone(&preemptions),
    };
    let search = move || Runner::new(scheduler, quiet()).run(set_up_twice);
    std::thread::spawn(search).join().expect_err("the fault is found");
    (tried.load(SeqCst), preemptions.load(SeqCst))
}

fn quiet() -> Config {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config
}

/// Counts what another scheduler does.
struct Counting {
    inner: RandomScheduler,
    tried: Arc<AtomicUsize>,
    /// In the current schedule.
    preemptions: Arc<AtomicUsize>,
}

impl Scheduler for Counting {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.tried.fetch_add(1, SeqCst);
        self.preemptions.store(0, SeqCst);
        self.inner.new_execution()
    }

    fn next_task(
        &mut self,
        able: &[&Task],
        current: Option<TaskId>,
        yields: bool,
    ) -> Option<TaskId> {
        let next = self.inner.next_task(able, current, yields);
        let preempted = next != current && able.iter().any(|task| Some(task.id()) == current);
        self.preemptions.fetch_add(usize::from(preempted), SeqCst);
        next
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
