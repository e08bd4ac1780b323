//! Counts the jobs that were done. Each worker counts on a cache line of its own, so that the
//! counting costs a job next to nothing and ties no two workers together.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than the threads of one pool. Pools follow one another, and their threads take lines
/// in turn.
const LINES: usize = 64;

/// How long the wait for the last job sleeps at a time.
const SHORTEST: Duration = Duration::from_micros(10);
const LONGEST: Duration = Duration::from_micros(200);

/// Two lines: processors fetch them in pairs.
#[repr(align(128))]
struct Line {
    done: AtomicU64,
    sum: AtomicU64,
}

pub(crate) static TALLY: Tally =
    Tally([const { Line { done: AtomicU64::new(0), sum: AtomicU64::new(0) } }; LINES]);

pub(crate) struct Tally([Line; LINES]);

/// What stood in the tally before a run.
pub(crate) struct Before {
    done: u64,
    sum: u64,
    at: Instant,
}

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn mine() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    MINE.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % LINES);
        }
        mine.get()
    })
}

impl Tally {
    /// Job `number` is done. Nobody else writes this line, so no read-modify-write is needed.
    #[inline]
    pub(crate) fn count(&self, number: u64) {
        let Line { done, sum } = &self.0[mine()];
        sum.store(sum.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
        // Pairs with the Acquire in `total`: who sees the job counted sees its number in the sum.
        done.store(done.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    pub(crate) fn now(&self) -> Before {
        let (done, sum) = self.total();
        Before { done, sum, at: Instant::now() }
    }

    /// Waits until `jobs` more are done, and returns the sum of their numbers. It sleeps half of the
    /// time that the rest will take, again and again, and so keeps hardly any worker from its core.
    pub(crate) fn wait(&self, before: &Before, jobs: u64) -> u64 {
        loop {
            let (done, sum) = self.total();
            let done = done - before.done;
            if done >= jobs {
                assert_eq!(done, jobs, "a job was done twice");
                return sum.wrapping_sub(before.sum);
            }
            let each = before.at.elapsed().div_f64(done.max(1) as f64);
            thread::park_timeout(each.mul_f64((jobs - done) as f64 / 2.0).clamp(SHORTEST, LONGEST));
        }
    }

    fn total(&self) -> (u64, u64) {
        self.0.iter().fold((0, 0_u64), |(done, sum), line| {
            let its = line.done.load(Ordering::Acquire);
            (done + its, sum.wrapping_add(line.sum.load(Ordering::Relaxed)))
        })
    }
}
