//! What the explorer promises.

use interleave::{fails, holds, note};
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

/// Two threads add one to a counter, in two steps each.
fn lost_update() {
    let counter = Arc::new(AtomicUsize::new(0));
    let adders: Vec<_> = (0..2)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                let seen = counter.load(SeqCst);
                note!("reads {seen}");
                counter.store(seen + 1, SeqCst);
                note!("writes {}", seen + 1);
            })
        })
        .collect();
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(counter.load(SeqCst), 2, "an update is lost");
}

#[test]
fn a_lost_update_is_found() {
    let s = fails(lost_update);
    eprintln!("{s}\n{} {}", s.index(), s.preemptions());
}

fn lost_wakeup() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let waiter = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (ready, wake) = &*shared;
            if !*ready.lock().unwrap() {
                note!("sees false");
                let g = ready.lock().unwrap();
                note!("waits");
                drop(wake.wait(g).unwrap());
            }
        })
    };
    note!("sets true");
    *shared.0.lock().unwrap() = true;
    note!("notifies");
    shared.1.notify_one();
    waiter.join().unwrap();
}

#[test]
fn a_lost_wakeup_is_found() {
    let s = fails(lost_wakeup);
    eprintln!("{s}\n{} {}", s.index(), s.preemptions());
}

#[test]
fn timing() {
    for b in 0..4 {
        let t = std::time::Instant::now();
        let n = holds(b, || {
            let counter = Arc::new(Mutex::new(0));
            let ts: Vec<_> = (0..3).map(|_| { let c = counter.clone(); thread::spawn(move || for _ in 0..2 { *c.lock().unwrap() += 1; }) }).collect();
            for t in ts { t.join().unwrap(); }
            assert_eq!(*counter.lock().unwrap(), 6);
        });
        eprintln!("{b} {n} {:?}", t.elapsed());
    }
}
