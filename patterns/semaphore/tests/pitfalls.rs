//! How a right semaphore is used wrongly. Each exhibit shows the fault, then the cure.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use semaphore::lock::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// On a paused clock an hour passes as soon as nothing else can happen.
async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_hours(1), future).await.is_err()
}

/// Work that takes a while, and how many do it at once.
#[derive(Default)]
struct Work {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Work {
    async fn run(&self) {
        self.peak.fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, SeqCst);
    }
}

/// How many tasks were there at once, when 100 pieces of work share 4 permits.
async fn tasks_alive(permit_before_spawn: bool) -> usize {
    let semaphore = Arc::new(Semaphore::new(4));
    let (alive, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let mut permit = None;
        if permit_before_spawn {
            permit = Some(semaphore.acquire_owned(1).await.expect("open"));
        }
        peak.fetch_max(alive.fetch_add(1, SeqCst) + 1, SeqCst);
        let (semaphore, alive) = (Arc::clone(&semaphore), Arc::clone(&alive));
        tasks.spawn(async move {
            let _permit = match permit {
                Some(permit) => permit,
                None => semaphore.acquire_owned(1).await.expect("open"),
            };
            tokio::task::yield_now().await;
            alive.fetch_sub(1, SeqCst);
        });
    }
    tasks.join_all().await;
    peak.load(SeqCst)
}

#[tokio::test]
async fn a_permit_taken_inside_the_task_bounds_the_work_but_not_the_tasks() {
    assert_eq!(tasks_alive(false).await, 100, "all are there, with all they hold in memory");
    assert!(tasks_alive(true).await <= 4 + 1, "four, and the one being made");
}

#[tokio::test]
async fn a_permit_bound_to_an_underscore_is_gone_at_once() {
    let (semaphore, work) = (Semaphore::new(1), Work::default());
    let wrong = || async {
        let _ = semaphore.acquire(1).await; // drops here
        work.run().await;
    };
    tokio::join!(wrong(), wrong(), wrong());
    assert_eq!(work.peak.load(SeqCst), 3);

    let work = Work::default();
    let right = || async {
        let _permit = semaphore.acquire(1).await; // drops at the end of the block
        work.run().await;
    };
    tokio::join!(right(), right(), right());
    assert_eq!(work.peak.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn two_callers_who_collect_permits_one_by_one_wait_for_each_other() {
    let semaphore = Semaphore::new(2);
    let wrong = || async {
        let first = semaphore.acquire(1).await.expect("open");
        tokio::task::yield_now().await;
        let second = semaphore.acquire(1).await.expect("open");
        drop((first, second));
    };
    assert!(hangs(async { tokio::join!(wrong(), wrong()) }).await);

    let right = || async { semaphore.acquire(2).await.map(drop).expect("open") };
    assert!(!hangs(async { tokio::join!(right(), right()) }).await);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_kept_but_not_polled_blocks_the_line() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire(1).await.expect("open");
    {
        let mut kept = pin!(semaphore.acquire(1));
        assert!(timeout(Duration::ZERO, kept.as_mut()).await.is_err());
        drop(held); // the permit is granted to `kept`, which nobody polls any more
        assert!(hangs(semaphore.acquire(1)).await);
    } // dropped, it gives up its place, and the permit goes on
    assert!(!hangs(semaphore.acquire(1)).await);
}
