//! What a guard promises, in the variants that have them.

macro_rules! guards {
    () => {
        #[test]
        fn readers_share() {
            let lock = Arc::new(RwLock::new(1));
            // More than a lock has slots: whoever finds none must come in as well.
            let inside = Arc::new(Barrier::new(20));
            let readers: Vec<_> = (0..20)
                .map(|_| {
                    let (lock, inside) = (Arc::clone(&lock), Arc::clone(&inside));
                    thread::spawn(move || {
                        lock.read(|n| {
                            inside.wait(); // returns only if all are inside at once
                            *n
                        })
                    })
                })
                .collect();
            assert_eq!(readers.into_iter().map(join).sum::<i32>(), 20);
            assert_eq!(lock.try_write(|n| *n).expect("all are out"), 1);
        }

        #[test]
        fn one_thread_may_read_twice_while_no_writer_waits() {
            let lock = RwLock::new(1);
            let guards: Vec<_> = (0..20).map(|_| lock.read_guard()).collect();
            assert_eq!(guards.iter().map(|guard| **guard).sum::<i32>(), 20);
            assert!(lock.try_write_guard().is_err());
            drop(guards);
            *lock.try_write_guard().expect("all are out") += 1;
            assert_eq!(*lock.try_read_guard().expect("free"), 2);
        }

        #[test]
        fn a_guard_lets_others_in_when_it_is_dropped() {
            let mut lock = RwLock::new(0);
            *lock.write_guard() += 1;
            {
                let mut writing = lock.write_guard_timeout(LONG).expect("free");
                *writing += 1;
                assert!(lock.try_read_guard().is_err());
                assert!(lock.try_write_guard().is_err());
                assert!(lock.read_guard_timeout(SHORT).is_err());
                assert!(lock.write_guard_timeout(SHORT).is_err());
            }
            {
                let reading = lock.read_guard_timeout(LONG).expect("free");
                assert_eq!(*reading, 2);
                assert!(lock.try_write_guard().is_err());
                assert!(lock.write_guard_timeout(SHORT).is_err());
                assert_eq!(*lock.try_read_guard().expect("readers share"), 2);
            }
            *lock.get_mut() += 1;
            assert_eq!(*lock.read_guard(), 3);
            assert_eq!(lock.waiting(), 0);
        }

        #[test]
        fn a_panic_under_a_guard_lets_others_in() {
            let lock = RwLock::new(0);
            for turn in 1..=3 {
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    let mut guard = lock.write_guard();
                    *guard = turn;
                    panic!("with the guard");
                }));
                assert_eq!(message(&*outcome.expect_err("it panics")), "with the guard");
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    let guard = lock.read_guard();
                    assert_eq!(*guard, 0, "wrong");
                }));
                assert!(outcome.is_err());
                assert_eq!(*lock.try_write_guard().expect("both guards are gone"), turn);
            }
        }

        #[test]
        fn downgrade_lets_no_writer_in_between() {
            let lock = Arc::new(RwLock::new(0));
            for turn in 0..200 {
                let mut writing = lock.write_guard();
                let theirs = Arc::clone(&lock);
                let rival = thread::spawn(move || theirs.write(|n| *n += 1));
                if turn % 2 == 0 {
                    until(|| lock.waiting() == 1);
                }
                *writing = 1000;
                let reading = WriteGuard::downgrade(writing);
                assert!(lock.try_write_guard().is_err());
                thread::yield_now();
                assert_eq!(*reading, 1000, "a writer came in between");
                drop(reading);
                join(rival);
                assert_eq!(*lock.read_guard(), 1001);
            }
        }

        #[test]
        fn downgrade_lets_the_readers_in_who_wait() {
            let lock = Arc::new(RwLock::new(0));
            let mut writing = lock.write_guard();
            let theirs = Arc::clone(&lock);
            let reader = thread::spawn(move || theirs.read(|n| *n));
            until(|| lock.waiting() == 1);
            let theirs = Arc::clone(&lock);
            let writer = thread::spawn(move || theirs.write(|n| *n += 1));
            until(|| lock.waiting() == 2);
            *writing = 5;
            let reading = WriteGuard::downgrade(writing);
            assert_eq!(join(reader), 5, "beside us, and before the writer");
            assert_eq!(*reading, 5);
            drop(reading);
            join(writer);
            assert_eq!(*lock.read_guard(), 6);
        }

        #[test]
        fn a_writer_that_gives_up_lets_the_readers_in() {
            let lock = Arc::new(RwLock::new(0));
            let reading = lock.read_guard();
            let theirs = Arc::clone(&lock);
            let writer = thread::spawn(move || theirs.write_timeout(50 * SHORT, |_| ()).is_err());
            until(|| lock.waiting() == 1);
            let theirs = Arc::clone(&lock);
            let behind = thread::spawn(move || theirs.read(|n| *n));
            assert!(join(writer), "a reader is inside all the time");
            assert_eq!(join(behind), 0, "it waited for nobody but that writer");
            drop(reading);
            lock.try_write(|n| *n += 1).expect("all are out");
        }

        #[test]
        fn a_writer_behind_one_that_gives_up_still_gets_in() {
            let lock = Arc::new(RwLock::new(0));
            let reading = lock.read_guard();
            let theirs = Arc::clone(&lock);
            let gives_up = thread::spawn(move || theirs.write_timeout(50 * SHORT, |_| ()).is_err());
            until(|| lock.waiting() == 1);
            let theirs = Arc::clone(&lock);
            let stays = thread::spawn(move || theirs.write(|n| *n += 1));
            assert!(join(gives_up));
            until(|| lock.waiting() == 1);
            assert!(lock.try_read_guard().is_err(), "a writer waits");
            drop(reading);
            join(stays);
            assert_eq!(*lock.read_guard(), 1);
        }

        #[test]
        fn guards_cross_threads_and_show_their_value() {
            fn crosses<T: Send + Sync + Debug>(guard: &T) -> String {
                format!("{guard:?}")
            }
            let lock = RwLock::new(5);
            let writing: WriteGuard<'_, i32> = lock.write_guard();
            assert_eq!(crosses(&writing), "5");
            assert_eq!(format!("{lock:?}"), "RwLock { value: <locked>, waiting: 0 }");
            let reading: ReadGuard<'_, i32> = WriteGuard::downgrade(writing);
            assert_eq!(crosses(&reading), "5");
            assert_eq!(format!("{lock:?}"), "RwLock { value: 5, waiting: 0 }");
            thread::scope(|scope| scope.spawn(move || drop(reading)).join().expect("no panic"));
            lock.try_write(|n| *n += 1).expect("it was let go on another thread");
        }
    };
}

pub(crate) use guards;
