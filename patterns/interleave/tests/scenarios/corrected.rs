//! The same programs without their faults.

use shuttle::future;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

/// Each with the name that its count is printed under.
pub(crate) const ALL: [(&str, fn()); 4] = [
    ("update", update),
    ("wake_up", wake_up),
    ("one_lock_order", one_lock_order),
    ("update_across_an_await", update_across_an_await),
];

/// The addition is one step.
fn update() {
    let counter = Arc::new(AtomicUsize::new(0));
    let threads = [0, 1].map(|_| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || counter.fetch_add(1, SeqCst))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(counter.load(SeqCst) == 2, "an update is lost");
}

/// The lock is held from the look to the wait, and the look is repeated.
fn wake_up() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let waiting = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let (flag, raised) = &*shared;
            let mut guard = flag.lock().unwrap();
            while !*guard {
                guard = raised.wait(guard).unwrap();
            }
        }
    });
    let raising = thread::spawn(move || {
        *shared.0.lock().unwrap() = true;
        shared.1.notify_one();
    });
    waiting.join().unwrap();
    raising.join().unwrap();
}

/// Everyone locks the account with the lower number first.
fn one_lock_order() {
    let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
    let transfers = [5, -5].map(|amount| {
        let accounts = Arc::clone(&accounts);
        thread::spawn(move || {
            let [mut first, mut second] =
                [0, 1].map(|account: usize| accounts[account].lock().unwrap());
            *first -= amount;
            *second += amount;
        })
    });
    for transfer in transfers {
        transfer.join().unwrap();
    }
    assert!(*accounts[0].lock().unwrap() + *accounts[1].lock().unwrap() == 20);
}

/// What was seen before the await is not used after it.
fn update_across_an_await() {
    let counter = Arc::new(AtomicUsize::new(0));
    let tasks = [0, 1].map(|_| {
        let counter = Arc::clone(&counter);
        future::spawn(async move {
            future::yield_now().await;
            counter.fetch_add(1, SeqCst);
        })
    });
    future::block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert!(counter.load(SeqCst) == 2, "an update is lost");
}
