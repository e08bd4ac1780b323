//! The simple pool people build from crossbeam-deque: one injector, a deque for each worker, and
//! sleepers who are counted. Its queue has no bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex};
use std::{iter, thread};

use crossbeam_deque::{Injector, Stealer, Worker};

use crate::contender::{Contender, Job};
use crate::peers::replies_by_one_shot;

/// How often a worker without a job gives way and looks again before it sleeps.
const LOOKS: usize = 10;

pub(crate) struct Deque {
    shared: Arc<Shared>,
    workers: Vec<thread::JoinHandle<()>>,
}

struct Shared {
    injector: Injector<Job>,
    stealers: Vec<Stealer<Job>>,
    /// Workers that sleep, or have said that they will. Who pushes looks at it after the push, who
    /// sleeps looks for a job after adding itself, each with a fence between: one sees the other.
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    arrived: Condvar,
    closed: AtomicBool,
}

impl Contender for Deque {
    fn new(workers: usize) -> Self {
        let deques: Vec<_> = iter::repeat_with(Worker::new_fifo).take(workers).collect();
        let shared = Arc::new(Shared {
            injector: Injector::new(),
            stealers: deques.iter().map(Worker::stealer).collect(),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            arrived: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let start = |own| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.run(&own))
        };
        let workers = deques.into_iter().map(start).collect();
        Self { shared, workers }
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.shared.injector.push(Box::new(job));
        fence(Ordering::SeqCst);
        if self.shared.sleepers.load(Ordering::Relaxed) > 0 {
            drop(self.shared.bed.lock().unwrap());
            self.shared.arrived.notify_one();
        }
    }
}

impl Shared {
    fn run(&self, own: &Worker<Job>) {
        loop {
            if let Some(job) = self.look(own) {
                let _ = catch_unwind(AssertUnwindSafe(job));
            } else if self.closed.load(Ordering::Acquire) {
                return;
            } else {
                self.sleep(own);
            }
        }
    }

    /// Looks some times before it gives up, as crossbeam's channel does.
    fn look(&self, own: &Worker<Job>) -> Option<Job> {
        self.find(own).or_else(|| {
            (0..LOOKS).find_map(|_| {
                thread::yield_now();
                self.find(own)
            })
        })
    }

    fn find(&self, own: &Worker<Job>) -> Option<Job> {
        own.pop().or_else(|| {
            iter::repeat_with(|| {
                let batch = self.injector.steal_batch_and_pop(own);
                batch.or_else(|| self.stealers.iter().map(Stealer::steal).collect())
            })
            .find(|steal| !steal.is_retry())
            .and_then(crossbeam_deque::Steal::success)
        })
    }

    fn sleep(&self, own: &Worker<Job>) {
        let bed = self.bed.lock().unwrap();
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let idle = own.is_empty()
            && self.injector.is_empty()
            && self.stealers.iter().all(Stealer::is_empty)
            && !self.closed.load(Ordering::Relaxed);
        if idle {
            drop(self.arrived.wait(bed).unwrap());
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Deque {
    fn drop(&mut self) {
        let bed = self.shared.bed.lock().unwrap();
        self.shared.closed.store(true, Ordering::SeqCst);
        drop(bed);
        self.shared.arrived.notify_all();
        self.workers.drain(..).for_each(|worker| worker.join().expect("no worker panics"));
    }
}

replies_by_one_shot!(Deque);
