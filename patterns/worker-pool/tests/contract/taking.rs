//! How jobs get in, and that each runs once.

macro_rules! taking {
    () => {
        #[test]
        fn a_million_jobs_run_once_each() {
            const JOBS: usize = 1_000_000;
            const CALLERS: usize = 2;
            let pool = Arc::new(Pool::new(4, 64));
            let runs: Arc<Vec<AtomicUsize>> =
                Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
            let callers: Vec<_> = (0..CALLERS)
                .map(|caller| {
                    let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                    thread::spawn(move || {
                        for job in (caller..JOBS).step_by(CALLERS) {
                            let runs = Arc::clone(&runs);
                            pool.execute(move || add(&runs[job])).expect("open");
                        }
                    })
                })
                .collect();
            for caller in callers {
                caller.join().expect("no panic");
            }
            pool.shutdown().expect("outside");
            let odd = runs.iter().filter(|runs| runs.load(SeqCst) != 1).count();
            assert_eq!(odd, 0, "jobs that were lost or ran twice");
        }

        #[test]
        fn never_more_jobs_run_than_there_are_workers() {
            let pool = Pool::new(3, 8);
            let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let together = Arc::new(Barrier::new(3));
            for _ in 0..99 {
                let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
                let together = Arc::clone(&together);
                let job = move || {
                    peak.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                    together.wait(); // so three do run at once
                    now.fetch_sub(1, SeqCst);
                };
                pool.execute(job).expect("open");
            }
            pool.shutdown().expect("outside");
            assert_eq!(peak.load(SeqCst), 3);
        }

        #[test]
        fn a_job_behind_a_long_one_is_taken_by_another_worker() {
            let pool = Pool::new(2, 256);
            let first = [hold(&pool), hold(&pool)];
            let (sender, receiver) = sync_channel::<()>(1);
            let receiver = Mutex::new(receiver);
            // A long job with many behind it, all of them queued when the workers come for them.
            let long = move || {
                let _ = receiver.lock().expect("no panic").recv();
            };
            pool.execute(long).expect("open");
            let others: Vec<_> = (0..200).map(|n| pool.submit(move || n).expect("open")).collect();
            drop(first);
            for (n, other) in others.into_iter().enumerate() {
                assert_eq!(result(other), n);
            }
            drop(sender);
        }

        #[test]
        fn the_queue_holds_its_capacity_and_no_more() {
            for capacity in [1, 2, 100] {
                let pool = Pool::new(1, capacity);
                let held = hold(&pool);
                for _ in 0..capacity {
                    pool.try_execute(|| ()).expect("room");
                }
                assert_eq!(pool.len(), capacity);
                let Err(TrySubmitError::Full(job)) = pool.try_submit(|| "mine again") else {
                    panic!("no room for one more")
                };
                assert_eq!(job(), "mine again");
                assert!(matches!(pool.try_execute(|| ()), Err(TrySubmitError::Full(_))));
                drop(held);
            }
        }

        #[test]
        fn a_job_that_starts_makes_room() {
            // Both workers have taken what they take at once, and the queue is full.
            let pool = Pool::new(2, 100);
            let mut held = vec![hold(&pool), hold(&pool)];
            let (started, starts) = sync_channel(100);
            let gates: Vec<_> = (0..100)
                .map(|_| {
                    let (gate, gated) = sync_channel::<()>(1);
                    let started = started.clone();
                    let job = move || {
                        started.send(()).expect("the test waits");
                        let _ = gated.recv();
                    };
                    pool.try_execute(job).expect("room");
                    gate
                })
                .collect();
            assert!(matches!(pool.try_execute(|| ()), Err(TrySubmitError::Full(_))));
            held.pop();
            // One starts and stays: there is room for exactly one more.
            starts.recv_timeout(LONG).expect("one starts");
            pool.try_execute(|| ()).expect("room for one");
            assert!(matches!(pool.try_execute(|| ()), Err(TrySubmitError::Full(_))));
            drop((held, gates));
        }

        #[test]
        fn submit_waits_for_room() {
            let pool = Arc::new(Pool::new(1, 1));
            let held = hold(&pool);
            pool.try_execute(|| ()).expect("room");
            let callers: Vec<_> = (0..3).map(|_| waiting_caller(&pool)).collect();
            drop(held);
            for caller in callers {
                let outcome = caller.recv_timeout(LONG).expect("it gets room");
                result(outcome.expect("open"));
            }
        }

        #[test]
        fn try_never_blocks_behind_a_blocked_caller() {
            let pool = Arc::new(Pool::new(1, 1));
            let held = hold(&pool);
            pool.try_execute(|| ()).expect("room");
            let caller = waiting_caller(&pool);
            let theirs = Arc::clone(&pool);
            in_time(move || {
                for _ in 0..1000 {
                    let refusal = theirs.try_submit(|| ()).map(drop);
                    assert!(matches!(refusal, Err(TrySubmitError::Full(_))));
                    assert_eq!(theirs.len(), 1);
                }
            });
            drop(held);
            result(caller.recv_timeout(LONG).expect("it gets room").expect("open"));
        }

        #[test]
        fn a_timeout_gives_the_job_back_and_leaves_nothing_behind() {
            let pool = Arc::new(Pool::new(1, 1));
            let held = hold(&pool);
            pool.try_execute(|| ()).expect("room");
            let Err(SubmitTimeoutError::TimedOut(job)) = pool.submit_timeout(|| 7, SHORT) else {
                panic!("there is no room")
            };
            assert_eq!((job(), pool.len()), (7, 1));
            let Err(SubmitTimeoutError::TimedOut(_)) = pool.submit_timeout(|| 7, Duration::ZERO)
            else {
                panic!("there is no room")
            };
            // The room that comes is not kept for the one who left.
            let caller = waiting_caller(&pool);
            drop(held);
            result(caller.recv_timeout(LONG).expect("it gets room").expect("open"));
            assert_eq!(result(pool.submit_timeout(|| 8, LONG).expect("room")), 8);
        }

        #[test]
        fn capacity_one_and_one_worker_suffice() {
            let pool = Pool::new(1, 1);
            let sum: usize =
                (0..1000).map(|n| pool.submit(move || n).expect("open")).map(result).sum();
            assert_eq!(sum, 999 * 1000 / 2);
            for _ in 0..1000 {
                pool.execute(|| ()).expect("open");
            }
            pool.shutdown().expect("outside");
            assert_eq!((pool.len(), pool.panics()), (0, 0));
        }

        #[test]
        fn nothing_to_do_or_nowhere_to_put_it_is_refused_at_construction() {
            for (workers, capacity) in [(0, 1), (1, 0)] {
                let panic = catch_unwind(|| Pool::new(workers, capacity)).expect_err("refused");
                let said = panic.downcast_ref::<&str>().copied().unwrap_or_default();
                assert!(said.contains("ask for 1 or more"), "{said:?}");
            }
            let pool = Pool::new(3, 5);
            assert_eq!((pool.workers(), pool.capacity(), pool.len()), (3, 5, 0));
            assert!(pool.is_empty() && !pool.is_closed());
            assert!(format!("{pool:?}").contains("capacity: 5"));
        }

        #[test]
        fn pools_and_handles_cross_threads() {
            fn crosses<T: Send + Sync>() {}
            fn moves<T: Send>() {}
            fn fails<T: std::error::Error + Send + Sync>() {}
            crosses::<Pool>();
            crosses::<Handle<std::cell::Cell<u8>>>(); // the result crosses once, by value
            moves::<SubmitError<std::cell::Cell<u8>>>();
            // So `?` makes an `anyhow::Error` of it, or a `Box<dyn Error + Send + Sync>`.
            fails::<JoinError<std::cell::Cell<u8>>>();
            fails::<TryJoinError<std::cell::Cell<u8>>>();
            fails::<JoinTimeoutError<std::cell::Cell<u8>>>();
        }
    };
}

pub(crate) use taking;
