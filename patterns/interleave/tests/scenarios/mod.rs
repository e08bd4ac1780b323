//! Small programs with one fault each; in `corrected`, the same programs without it.

pub(crate) mod corrected;

use interleave::note;
use shuttle::future;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

// ANCHOR: lost_update
/// Two threads add one each. An addition in two steps forgets what happened between them.
pub(crate) fn lost_update() {
    let counter = Arc::new(AtomicUsize::new(0));
    let add = |counter: Arc<AtomicUsize>| {
        let seen = counter.load(SeqCst);
        note!("reads {seen}");
        counter.store(seen + 1, SeqCst);
        note!("writes {}", seen + 1);
    };
    let threads = [0, 1].map(|_| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || add(counter))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(counter.load(SeqCst) == 2, "an update is lost");
}
// ANCHOR_END: lost_update

/// One thread waits for a flag, another raises it. The waiting one looks, lets go of the lock and
/// then waits: the notification may come between.
pub(crate) fn lost_wake_up() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let waiting = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            let (flag, raised) = &*shared;
            let seen = *flag.lock().unwrap();
            note!("sees {seen}");
            if !seen {
                let guard = flag.lock().unwrap();
                note!("waits");
                drop(raised.wait(guard).unwrap());
            }
        }
    });
    let raising = thread::spawn(move || {
        *shared.0.lock().unwrap() = true;
        note!("raises the flag");
        shared.1.notify_one();
        note!("has notified");
    });
    waiting.join().unwrap();
    raising.join().unwrap();
}

/// Two transfers between the same two accounts, in opposite directions.
pub(crate) fn opposite_lock_order() {
    let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
    let transfers = [(0, 1), (1, 0)].map(|(from, to)| {
        let accounts = Arc::clone(&accounts);
        thread::spawn(move || {
            let mut source = accounts[from].lock().unwrap();
            note!("locks {from}, wants {to}");
            *accounts[to].lock().unwrap() += 5;
            *source -= 5;
        })
    });
    for transfer in transfers {
        transfer.join().unwrap();
    }
}

/// A keeper opens a gate, closes it, then floods the lock behind it. A boat looks once and enters:
/// it must see the gate in the moment it is open, and enter after that moment has passed.
pub(crate) fn stale_check() {
    let [open, flooded] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let keeper = thread::spawn({
        let (open, flooded) = (Arc::clone(&open), Arc::clone(&flooded));
        move || {
            open.store(true, SeqCst);
            open.store(false, SeqCst);
            flooded.store(true, SeqCst);
        }
    });
    let boat = thread::spawn(move || {
        if open.load(SeqCst) {
            assert!(!flooded.load(SeqCst), "the boat enters a flooded lock");
        }
    });
    keeper.join().unwrap();
    boat.join().unwrap();
}

/// A lost update across an await.
pub(crate) fn lost_update_across_an_await() {
    let counter = Arc::new(AtomicUsize::new(0));
    let tasks = [0, 1].map(|_| {
        let counter = Arc::clone(&counter);
        future::spawn(async move {
            let seen = counter.load(SeqCst);
            note!("reads {seen}");
            future::yield_now().await;
            counter.store(seen + 1, SeqCst);
            note!("writes {}", seen + 1);
        })
    });
    future::block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert!(counter.load(SeqCst) == 2, "an update is lost");
}

/// Nothing can go wrong here: it is to be counted.
pub(crate) fn two_stores_each() {
    let cell = Arc::new(AtomicUsize::new(0));
    let store_twice = |cell: &AtomicUsize| {
        cell.store(1, SeqCst);
        cell.store(2, SeqCst);
    };
    let other = thread::spawn({
        let cell = Arc::clone(&cell);
        move || store_twice(&cell)
    });
    store_twice(&cell);
    other.join().unwrap();
}
