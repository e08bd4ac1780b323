//! The ladder of the shared-state structure: a queue under a mutex, two condition variables, and
//! three levers. Read it once with all levers off, then see where each of them acts.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                   |
//! |----------|---------|---------|--------|--------------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                        |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for      |
//! | batch    | yes     | 8       | 0      | seven of eight trips of a worker through the lock      |
//! | spin     | yes     | 8       | 200    | falling asleep when the next job comes at once         |

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::{hint, thread};

use crate::contender::{CAPACITY, Contender, Job};
use crate::peers::replies_by_one_shot;

pub(crate) type Naive = LockLadder<false, 1, 0>;
pub(crate) type Sleepers = LockLadder<true, 1, 0>;
pub(crate) type Batch = LockLadder<true, 8, 0>;
pub(crate) type Spin = LockLadder<true, 8, 200>;

pub(crate) struct LockLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    shared: Arc<Shared<COUNT, BATCH, SPIN>>,
    workers: Vec<thread::JoinHandle<()>>,
}

struct Shared<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    state: Mutex<State>,
    arrived: Condvar,
    room: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    closed: bool,
    /// Workers inside `arrived.wait`, or notified and on their way out of it.
    sleepers: usize,
    /// Submitters inside `room.wait`, likewise.
    waiting: usize,
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Contender
    for LockLadder<COUNT, BATCH, SPIN>
{
    fn new(workers: usize) -> Self {
        let queue = VecDeque::with_capacity(CAPACITY);
        let state = State { queue, closed: false, sleepers: 0, waiting: 0 };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            room: Condvar::new(),
        });
        let start = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.run())
        };
        let workers = (0..workers).map(start).collect();
        Self { shared, workers }
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.shared.push(Box::new(job));
    }

    fn is_full(&self) -> bool {
        self.shared.state.lock().unwrap().queue.len() >= CAPACITY
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Shared<COUNT, BATCH, SPIN> {
    fn push(&self, job: Job) {
        let mut state = self.state.lock().unwrap();
        while state.queue.len() >= CAPACITY {
            state.waiting += 1;
            state = self.room.wait(state).unwrap();
            state.waiting -= 1;
        }
        state.queue.push_back(job);
        let anyone = state.sleepers > 0;
        drop(state);
        // std's notify makes a system call whether anybody sleeps or not.
        if !COUNT || anyone {
            self.arrived.notify_one();
        }
    }

    fn run(&self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.take(&mut batch) {
            for job in batch.drain(..) {
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        }
    }

    /// Waits for jobs; `false` once there will be no more.
    fn take(&self, batch: &mut Vec<Job>) -> bool {
        let mut state = self.look();
        while state.queue.is_empty() {
            if state.closed {
                return false;
            }
            state.sleepers += 1;
            state = self.arrived.wait(state).unwrap();
            state.sleepers -= 1;
        }
        let count = BATCH.min(state.queue.len());
        batch.extend(state.queue.drain(..count));
        let anyone = state.waiting > 0;
        drop(state);
        if !COUNT || anyone {
            self.room.notify_one();
        }
        true
    }

    /// The lock, after a bounded look for a moment in which there is a job.
    fn look(&self) -> MutexGuard<'_, State> {
        for _ in 0..SPIN {
            if let Ok(state) = self.state.try_lock()
                && !state.queue.is_empty()
            {
                return state;
            }
            hint::spin_loop();
        }
        self.state.lock().unwrap()
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for LockLadder<COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.arrived.notify_all();
        self.workers.drain(..).for_each(|worker| worker.join().expect("no worker panics"));
    }
}

replies_by_one_shot!(Naive);
