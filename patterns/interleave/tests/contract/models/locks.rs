//! The locks and threads, held against `parking_lot`'s and std's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use interleave::{holds, models};

use super::{SOON, modelled, real};

/// The same steps in both worlds: one thread, nobody to wait for.
macro_rules! alone {
    ($locks:path) => {{
        use $locks::{Condvar, Mutex, MutexGuard};

        let (mutex, changed) = (Mutex::new(0), Condvar::new());
        let panics = || {
            let mut guard = mutex.lock();
            *guard = 1;
            panic!("on purpose");
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        let mut guard = mutex.lock();
        assert_eq!(*guard, 1, "there is no poison");

        let meanwhile = || *mutex.lock() += 1;
        MutexGuard::unlocked(&mut guard, meanwhile);
        assert_eq!(*guard, 2);
        let panics = || MutexGuard::unlocked(&mut guard, || panic!("on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        *guard += 1; // it is locked again
        assert_eq!(*guard, 3);

        assert!(!changed.notify_one(), "nobody waits");
        assert_eq!(changed.notify_all(), 0);
        assert!(changed.wait_for(&mut guard, Duration::ZERO).timed_out());
        drop(guard);
        assert_eq!(*mutex.lock(), 3, "it is free again");
    }};
}

/// So many threads wait until there is a token for each, and say so before.
macro_rules! waiting {
    ($locks:path, $world:path, $count:expr, $wake:expr) => {{
        use $locks::{Condvar, Mutex};
        use $world as world;

        /// How many wait, and for how many there is a token.
        #[derive(Default)]
        struct Gate {
            waiting: usize,
            tokens: usize,
        }
        let shared = Arc::new((Mutex::new(Gate::default()), Condvar::new()));
        let threads: Vec<_> = (0..$count)
            .map(|_| {
                let shared = Arc::clone(&shared);
                world::spawn(move || {
                    let (gate, changed) = &*shared;
                    let mut gate = gate.lock();
                    gate.waiting += 1;
                    while gate.tokens == 0 {
                        let woken = changed.wait_for(&mut gate, Duration::MAX);
                        assert!(!woken.timed_out());
                    }
                    gate.tokens -= 1;
                })
            })
            .collect();
        let (gate, changed) = &*shared;
        loop {
            let mut gate = gate.lock();
            if gate.waiting == $count {
                gate.tokens = $count;
                $wake(changed);
                break;
            }
            drop(gate);
            world::yield_now();
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(gate.lock().tokens, 0);
    }};
}

/// Who waits for a time is woken by it, with the lock.
macro_rules! time_outs {
    ($locks:path, $world:path) => {{
        use $locks::{Condvar, Mutex};
        use $world as world;

        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let waiting = world::spawn(move || {
            let (is_over, never) = &*theirs;
            let mut is_over = is_over.lock();
            while !never.wait_for(&mut is_over, SOON).timed_out() {}
            *is_over = true;
        });
        while !*shared.0.lock() {
            world::pass(SOON);
            world::yield_now();
        }
        waiting.join().unwrap();
    }};
}

#[test]
fn a_modelled_lock_does_as_the_real_one() {
    alone!(parking_lot);
    assert_eq!(holds(0, || alone!(models::sync)), 1);
}

#[test]
fn who_waits_at_a_modelled_condition_is_woken_by_the_same() {
    waiting!(parking_lot, real, 1, |it: &parking_lot::Condvar| assert!(it.notify_one()));
    waiting!(parking_lot, real, 2, |it: &parking_lot::Condvar| assert_eq!(it.notify_all(), 2));
    let one = || {
        let wake = |it: &models::sync::Condvar| assert!(it.notify_one());
        waiting!(models::sync, modelled, 1, wake);
    };
    let both = || {
        let wake = |it: &models::sync::Condvar| assert_eq!(it.notify_all(), 2);
        waiting!(models::sync, modelled, 2, wake);
    };
    assert!(holds(2, one) > 20);
    assert!(holds(1, both) > 20);
    time_outs!(parking_lot, real);
    assert!(holds(2, || time_outs!(models::sync, modelled)) > 20);
}

/// Its panic is told to whoever joins it, and ends no run of the checker.
#[test]
fn a_modelled_thread_that_panics_says_so_to_who_joins_it() {
    macro_rules! panics {
        ($world:path) => {{
            use $world as world;
            let ended = world::spawn(|| panic!("on purpose")).join();
            let said = ended.unwrap_err();
            assert_eq!(said.downcast_ref::<&str>(), Some(&"on purpose"));
        }};
    }
    panics!(real);
    holds(2, || panics!(modelled));
}
