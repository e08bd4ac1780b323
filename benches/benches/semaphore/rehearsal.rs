//! Before a contender is timed it is rehearsed: never more holders than permits, every operation
//! done, and the share of operations counted that had to wait.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use benches::{Load, race};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::contender::Contender;

/// Operations of the run that checks; each thread or task has its part.
const CHECKED: u64 = 6_400;
/// One permit is one permit.
pub(crate) fn alone<C: Contender>() -> Option<Load> {
    let semaphore = C::new(1);
    let first = semaphore.attempt().expect("a permit is free");
    assert!(!C::REFUSES || semaphore.attempt().is_none(), "a second permit of one");
    drop(first);
    drop(block_on(semaphore.acquire()));
    drop(semaphore.attempt().expect("the permit came back"));
    None
}

/// Threads that compete for `permits`: first watched, then counted for as long as they are timed.
pub(crate) fn threads<C: Contender>(count: usize, permits: usize, limit: Duration) -> Load {
    let (semaphore, tally) = (C::new(permits), Tally::default());
    let share = CHECKED / count as u64;
    // Who holds a permit steps aside, so that the others try to get in.
    let hold = async || thread::yield_now();
    let check = || block_on(tally.check(&semaphore, |done| done < share, hold));
    thread::scope(|scope| (0..count).for_each(|_| drop(scope.spawn(check))));
    tally.verify::<C>(permits, share * count as u64);

    let tally = Tally::default();
    let heat = race(count, limit, |stop| {
        block_on(tally.count(&semaphore, |_| !stop.load(Relaxed), async || ()))
    });
    tally.load(heat.cpu, C::BATCH)
}

/// Tasks on one thread that compete for `permits`.
pub(crate) fn tasks<C: Contender>(count: u64, permits: usize) -> Load {
    let (semaphore, tally) = (Arc::new(C::new(permits)), Arc::new(Tally::default()));
    let time = on_one_thread(count, || {
        let (semaphore, tally) = (Arc::clone(&semaphore), Arc::clone(&tally));
        let share = CHECKED / count;
        let hold = tokio::task::yield_now;
        async move { _ = tally.check(&*semaphore, |done| done < share, hold).await }
    });
    tally.verify::<C>(permits, CHECKED / count * count);
    tally.load(time, C::BATCH)
}

/// What threads or tasks did together.
#[derive(Default)]
struct Tally {
    holders: AtomicU64,
    peak: AtomicU64,
    done: AtomicU64,
    waited: AtomicU64,
}

impl Tally {
    /// Takes permits and watches how many are out.
    async fn check<C: Contender>(
        &self,
        semaphore: &C,
        goes_on: impl Fn(u64) -> bool,
        hold: impl AsyncFn(),
    ) -> u64 {
        self.count(semaphore, goes_on, async || {
            self.peak.fetch_max(self.holders.fetch_add(1, Relaxed) + 1, Relaxed);
            hold().await;
            self.holders.fetch_sub(1, Relaxed);
        })
        .await
    }

    /// Takes permits and counts those that were not there at once. Writes to shared memory only
    /// at the end, so that the load is that of the timed body.
    async fn count<C: Contender>(
        &self,
        semaphore: &C,
        goes_on: impl Fn(u64) -> bool,
        hold: impl AsyncFn(),
    ) -> u64 {
        let (mut waited, mut done) = (0, 0);
        while goes_on(done) {
            let permit = if let Some(permit) = semaphore.attempt() {
                permit
            } else {
                waited += 1;
                semaphore.acquire().await
            };
            hold().await;
            drop(permit);
            done += 1;
        }
        self.waited.fetch_add(waited, Relaxed);
        self.done.fetch_add(done, Relaxed);
        done
    }

    fn verify<C: Contender>(&self, permits: usize, expected: u64) {
        let (peak, done) = (self.peak.load(Relaxed), self.done.load(Relaxed));
        assert!(peak <= permits as u64 || !C::REFUSES, "{peak} holders of {permits} permits");
        assert_eq!(done, expected, "an operation is missing");
    }

    fn load(&self, cpu: Duration, batch: u64) -> Load {
        let done = self.done.load(Relaxed).max(1);
        Load {
            waited: self.waited.load(Relaxed) as f64 / done as f64,
            cpu_ns: cpu.as_nanos() as f64 / (done * batch) as f64,
        }
    }
}

/// Runs `count` tasks side by side on this thread; the time from the first poll to the last.
pub(crate) fn on_one_thread<F>(count: u64, task: impl Fn() -> F) -> Duration
where
    F: Future<Output = ()> + 'static,
{
    let runtime = Builder::new_current_thread().build().expect("a runtime without a driver");
    let tasks = LocalSet::new();
    (0..count).for_each(|_| drop(tasks.spawn_local(task())));
    runtime.block_on(async {
        let start = Instant::now();
        tasks.await;
        start.elapsed()
    })
}

/// Polls on this thread, which parks in between.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}
