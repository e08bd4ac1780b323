//! What a closure may count on, in any variant.

macro_rules! closures {
    () => {
        #[test]
        fn a_writer_is_alone() {
            const TURNS: usize = 300;
            let lock = shared((0, 0));
            let refused = Arc::new(AtomicUsize::new(0));
            let start = Arc::new(Barrier::new(4));
            let threads: Vec<_> = (0..4)
                .map(|i| {
                    let (lock, start) = (Arc::clone(&lock), Arc::clone(&start));
                    let refused = Arc::clone(&refused);
                    thread::spawn(move || {
                        start.wait();
                        for _ in 0..TURNS {
                            let look = lock.try_read(|pair| assert_eq!(pair.0, pair.1));
                            refused.fetch_add(usize::from(look.is_err()), SeqCst);
                            if i % 2 == 0 {
                                lock.write(|pair| {
                                    pair.0 += 1;
                                    thread::yield_now(); // the others come and find the door shut
                                    pair.1 += 1;
                                });
                            } else {
                                let (a, b) = lock.read(|pair| {
                                    let first = pair.0;
                                    thread::yield_now();
                                    (first, pair.1)
                                });
                                assert_eq!(a, b, "a writer was inside");
                            }
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(join);
            assert!(refused.load(SeqCst) > 0, "they were in each other's way");
            assert_eq!(lock.read(|pair| *pair), (2 * TURNS, 2 * TURNS), "each write counts");
        }

        #[test]
        fn everybody_who_waits_gets_in() {
            let lock = shared(0_usize);
            let threads: Vec<_> = (0..8)
                .map(|i| {
                    let lock = Arc::clone(&lock);
                    thread::spawn(move || {
                        let mut wrote = 0;
                        for turn in 0..200 {
                            match (i + turn) % 4 {
                                0 => drop(lock.read_timeout(SHORT / 100, |_| thread::yield_now())),
                                1 => lock.read(|_| thread::yield_now()),
                                2 => {
                                    let add = |n: &mut usize| *n += 1;
                                    wrote +=
                                        usize::from(lock.write_timeout(SHORT / 100, add).is_ok());
                                }
                                _ => {
                                    lock.write(|n| {
                                        *n += 1;
                                        thread::yield_now();
                                    });
                                    wrote += 1;
                                }
                            }
                        }
                        wrote
                    })
                })
                .collect();
            let wrote: usize = threads.into_iter().map(join).sum();
            assert_eq!(lock.read(|n| *n), wrote);
            assert_eq!(lock.waiting(), 0);
        }

        #[test]
        fn try_gets_into_a_free_lock() {
            let lock = RwLock::new(0);
            for n in 0..500 {
                assert_eq!(lock.try_read(|n| *n).expect("free"), n);
                lock.try_write(|n| *n += 1).expect("free");
                assert_eq!(lock.read(|n| *n), n + 1);
            }
        }

        #[test]
        fn try_never_waits_behind_a_blocked_caller() {
            let lock = shared(0);
            let held = writer(&lock);
            let waiters = [0, 1].map(|i| {
                let lock = Arc::clone(&lock);
                thread::spawn(
                    move || {
                        if i == 0 { lock.read(|_| ()) } else { lock.write(|n| *n += 1) }
                    },
                )
            });
            until(|| lock.waiting() == 2);
            let theirs = Arc::clone(&lock);
            let tries =
                move || (theirs.try_read(|_| ()).is_err(), theirs.try_write(|_| ()).is_err());
            assert_eq!(join(thread::spawn(tries)), (true, true));
            assert_eq!(lock.waiting(), 2, "and leaves nothing behind");
            held.let_go();
            waiters.into_iter().for_each(join);

            let held = reader(&lock);
            let theirs = Arc::clone(&lock);
            assert!(join(thread::spawn(move || theirs.try_write(|_| ()).is_err())));
            held.let_go();
            lock.try_write(|n| *n += 1).expect("free");
            assert_eq!(lock.read(|n| *n), 2);
        }

        #[test]
        fn what_was_refused_comes_back() {
            let lock = shared(Vec::new());
            let held = writer(&lock);
            let parcel = vec![1, 2, 3];
            let put = move |list: &mut Vec<Vec<i32>>| list.push(parcel);
            let NotNow(put) = lock.try_write(put).expect_err("somebody is inside");
            let TimedOut(put) = lock.write_timeout(SHORT, put).expect_err("somebody is inside");
            let count = lock.try_read(Vec::len);
            let NotNow(count) = count.expect_err("a writer is inside");
            let TimedOut(count) = lock.read_timeout(SHORT, count).expect_err("a writer is inside");
            held.let_go();
            lock.write(put);
            assert_eq!(lock.read(count), 1);
        }

        #[test]
        fn a_timeout_ends_the_wait_and_leaves_nothing_behind() {
            let lock = shared(0);
            for hold in [reader, writer] {
                let held = hold(&lock);
                for _ in 0..3 {
                    assert!(lock.write_timeout(SHORT, |n| *n += 100).is_err());
                    assert_eq!(lock.waiting(), 0);
                }
                held.let_go();
                lock.try_write(|n| *n += 1).expect("free");
            }
            let held = writer(&lock);
            for _ in 0..3 {
                assert!(lock.read_timeout(SHORT, |_| ()).is_err());
                assert_eq!(lock.waiting(), 0);
            }
            // A reader waits as well, comes in first, and stays longer than the writer waits.
            let theirs = Arc::clone(&lock);
            let next = thread::spawn(move || reader(&theirs));
            until(|| lock.waiting() == 1);
            let theirs = Arc::clone(&lock);
            let late = thread::spawn(move || theirs.write_timeout(50 * SHORT, |n| *n += 100));
            until(|| lock.waiting() == 2 || late.is_finished());
            held.let_go();
            let held = join(next);
            assert!(join(late).is_err());
            assert_eq!(lock.waiting(), 0);
            held.let_go();
            assert_eq!(lock.try_read(|n| *n).expect("free"), 2, "what was late has not run");
        }

        #[test]
        fn a_wait_with_a_limit_ends_when_the_lock_is_free() {
            for limit in [LONG, Duration::MAX] {
                let lock = shared(0);
                let held = writer(&lock);
                let waiters = [0, 1].map(|i| {
                    let lock = Arc::clone(&lock);
                    thread::spawn(move || {
                        if i == 0 {
                            lock.read_timeout(limit, |_| ()).is_ok()
                        } else {
                            lock.write_timeout(limit, |n| *n += 1).is_ok()
                        }
                    })
                });
                until(|| lock.waiting() == 2);
                held.let_go();
                assert_eq!(waiters.map(join), [true, true]);
                assert_eq!(lock.read(|n| *n), 1);
            }
        }

        #[test]
        fn a_panic_inside_lets_others_in_and_poisons_nothing() {
            let lock = shared(0);
            let waiter = {
                let held = writer(&lock);
                let theirs = Arc::clone(&lock);
                let writing = thread::spawn(move || {
                    let outcome = catch_unwind(AssertUnwindSafe(|| {
                        theirs.write(|n: &mut i32| {
                            *n = 7;
                            panic!("half way")
                        })
                    }));
                    let panic: Box<_> =
                        outcome.map(|(): ()| ()).expect_err("it goes on to the caller");
                    assert_eq!(message(&*panic), "half way");
                });
                until(|| lock.waiting() == 1);
                held.let_go();
                writing
            };
            join(waiter);
            let seen =
                catch_unwind(AssertUnwindSafe(|| lock.read(|n| assert_eq!(*n, 0, "as it was"))));
            assert!(seen.is_err(), "the value is as the panic left it");
            assert_eq!(lock.try_read(|n| *n).expect("free"), 7);
            lock.try_write(|n| *n = 8).expect("free");
            assert_eq!(lock.waiting(), 0);
        }

        #[test]
        fn the_value_comes_out_again() {
            assert_eq!(RwLock::new(vec![1]).into_inner(), [1]);
            assert_eq!(RwLock::from(3).into_inner(), 3);
            let lock = RwLock::<String>::default();
            lock.write(|text| text.push_str("kept"));
            assert_eq!(lock.into_inner(), "kept");
        }

        #[test]
        fn locks_cross_threads_and_show_themselves() {
            fn crosses<T: Send + Sync + Debug>(_: &T) {}
            let lock = RwLock::new(5);
            crosses(&lock);
            assert!(format!("{lock:?}").starts_with("RwLock"));
            crosses(&NotNow(()));
            assert_eq!(format!("{:?} {:?}", NotNow(0), TimedOut(0)), "NotNow TimedOut");
            assert!(NotNow(()).to_string().contains("held"));
            assert!(TimedOut(()).to_string().contains("time limit"));
        }
    };
}

pub(crate) use closures;
