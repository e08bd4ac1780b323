//! How a right lock is used wrongly. Each exhibit shows the fault, then the cure. Where the fault
//! would hang, a time limit says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rw_lock::lock::RwLock;

/// Long enough for a lock that can be had.
const LIMIT: Duration = Duration::from_millis(20);

/// Returns when so many threads wait.
fn until_waiting<T>(lock: &RwLock<T>, threads: usize) {
    while lock.waiting() != threads {
        thread::yield_now();
    }
}

#[test]
fn a_reader_that_reads_again_waits_for_the_writer_that_waits_for_it() {
    let lock = Arc::new(RwLock::new(vec![1, 2, 3]));
    let outer = lock.read_guard();
    let writer = {
        let lock = Arc::clone(&lock);
        thread::spawn(move || lock.write(|list| list.push(4)))
    };
    until_waiting(&lock, 1);
    // As in a method that locks and calls another one that locks. Without a limit: for ever.
    assert!(lock.read_guard_timeout(LIMIT).is_err());

    // The cure: what runs inside takes the value, not the lock.
    let sum = |list: &[i32]| list.iter().sum::<i32>();
    assert_eq!(sum(&outer), 6);
    drop(outer);
    writer.join().expect("no panic");
}

#[test]
fn a_reader_that_wants_to_write_waits_for_itself() {
    let lock = RwLock::new(0);
    let reading = lock.read_guard();
    assert!(lock.write_guard_timeout(LIMIT).is_err(), "it would wait for its own guard");
    drop(reading);

    // The cure: write from the start, and downgrade when that is done.
    let mut writing = lock.write_guard();
    *writing += 1;
    let reading = rw_lock::lock::WriteGuard::downgrade(writing);
    assert_eq!(*reading, 1);
}

#[test]
fn what_was_read_may_be_out_of_date_when_it_is_written() {
    fn both(buy: impl Fn(&RwLock<u32>, &Barrier) -> bool + Sync) -> (usize, u32) {
        let (stock, together) = (RwLock::new(1), Barrier::new(2));
        let sold = thread::scope(|scope| {
            let buyers = [(); 2].map(|()| scope.spawn(|| buy(&stock, &together)));
            buyers.map(|it| usize::from(it.join().expect("no panic"))).iter().sum()
        });
        (sold, stock.into_inner())
    }
    let wrong = |stock: &RwLock<u32>, together: &Barrier| {
        let there = stock.read(|n| *n > 0);
        together.wait(); // both have looked
        if there {
            stock.write(|n| *n = n.saturating_sub(1));
        }
        there
    };
    assert_eq!(both(wrong), (2, 0), "one was there, and two were sold");

    let right = |stock: &RwLock<u32>, together: &Barrier| {
        together.wait();
        stock.write(|n| {
            let there = *n > 0; // looks again where nobody can change it
            *n -= u32::from(there);
            there
        })
    };
    assert_eq!(both(right), (1, 0));
}

#[test]
fn a_guard_bound_to_an_underscore_is_gone_at_once() {
    let lock = RwLock::new(());
    let _ = lock.write_guard();
    assert!(lock.try_write_guard().is_ok(), "nothing is held");

    let _writing = lock.write_guard();
    assert!(lock.try_write_guard().is_err());
}

#[test]
fn a_guard_in_a_match_lives_until_its_end() {
    let lock = RwLock::new(Some(1));
    match *lock.read_guard() {
        Some(_) => {
            assert!(lock.try_write(|slot| *slot = None).is_err(), "the guard is still there");
        }
        None => unreachable!("it was filled"),
    }

    // The cure: take out what decides, and let the guard go.
    let filled = lock.read(Option::is_some);
    assert!(filled);
    lock.try_write(|slot| *slot = None).expect("nobody is inside");
}

#[test]
fn a_panic_half_way_leaves_half_a_change() {
    fn transfer(accounts: &mut [i64; 2], amount: i64) {
        accounts[0] -= amount;
        assert!(amount < 100, "too much at once");
        accounts[1] += amount;
    }
    let lock = RwLock::new([100, 0]);
    let outcome = catch_unwind(AssertUnwindSafe(|| lock.write(|it| transfer(it, 100))));
    assert!(outcome.is_err());
    assert_eq!(lock.read(|it| *it), [0, 0], "not poisoned, and a hundred is missing");

    // The cure: change a copy, and put it in its place when nothing can fail any more.
    let lock = RwLock::new([100, 0]);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        lock.write(|it| {
            let mut next = *it;
            transfer(&mut next, 100);
            *it = next;
        });
    }));
    assert!(outcome.is_err());
    assert_eq!(lock.read(|it| *it), [100, 0]);
}
