//! How a pool ends.

macro_rules! ending {
    () => {
        #[test]
        fn close_wakes_every_waiter() {
            let pool = Arc::new(Pool::new(1, 1));
            let held = hold(&pool);
            pool.try_execute(|| ()).expect("room");
            let callers: Vec<_> = (0..3).map(|_| waiting_caller(&pool)).collect();
            pool.close();
            for caller in callers {
                let outcome = caller.recv_timeout(LONG).expect("it is woken");
                assert_eq!(outcome.map(drop), Err("closed"));
            }
            drop(held);
        }

        #[test]
        fn a_closed_pool_refuses_and_gives_back() {
            let pool = Pool::new(1, 1);
            pool.close();
            pool.close();
            assert!(pool.is_closed());
            let Err(SubmitError::Closed(job)) = pool.submit(|| 1) else { panic!("closed") };
            assert_eq!(job(), 1);
            let Err(TrySubmitError::Closed(job)) = pool.try_submit(|| 2) else { panic!("closed") };
            assert_eq!(job(), 2);
            let Err(SubmitTimeoutError::Closed(job)) = pool.submit_timeout(|| 3, LONG) else {
                panic!("closed")
            };
            assert_eq!(job(), 3);
            assert!(matches!(pool.execute(|| ()), Err(SubmitError::Closed(_))));
            assert!(matches!(pool.try_execute(|| ()), Err(TrySubmitError::Closed(_))));
        }

        #[test]
        fn shutdown_runs_what_is_queued() {
            let pool = Arc::new(Pool::new(2, 64));
            let held = [hold(&pool), hold(&pool)];
            let runs = Arc::new(AtomicUsize::new(0));
            for _ in 0..64 {
                let runs = Arc::clone(&runs);
                pool.try_execute(move || add(&runs)).expect("room");
            }
            pool.close();
            drop(held);
            let twice = [(); 2].map(|()| {
                let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                thread::spawn(move || (pool.shutdown(), runs.load(SeqCst)))
            });
            for caller in twice {
                let seen = in_time(move || caller.join().expect("no panic"));
                assert_eq!(seen, (Ok(()), 64), "both waited for the end");
            }
            assert_eq!(pool.shutdown(), Ok(()));
        }

        #[test]
        fn shutdown_inside_a_job_says_so_and_closes() {
            let pool = Arc::new(Pool::new(1, 4));
            let held = hold(&pool);
            let theirs = Arc::clone(&pool);
            let job = pool.submit(move || theirs.shutdown()).expect("open");
            let queued = pool.submit(|| "drained").expect("open");
            drop(held);
            assert_eq!(result(job), Err(ShutdownError::WouldDeadlock));
            assert!(pool.is_closed());
            assert_eq!(result(queued), "drained");
            in_time(move || pool.shutdown().expect("outside"));
        }

        #[test]
        fn a_running_job_may_not_submit_after_the_close() {
            let pool = Arc::new(Pool::new(1, 4));
            let (sender, receiver) = sync_channel::<()>(1);
            let theirs = Arc::clone(&pool);
            let job = pool.submit(move || {
                receiver.recv_timeout(LONG).expect("the test sends it");
                let refused = theirs.submit(|| ()).map(drop);
                matches!(refused, Err(SubmitError::Closed(_)))
            });
            pool.close();
            sender.send(()).expect("the job waits");
            assert!(result(job.expect("open")));
        }

        #[test]
        fn abort_drops_what_has_not_started_and_reports_it() {
            let pool = Pool::new(2, 300);
            let held = [hold(&pool), hold(&pool)];
            let (sender, receiver) = sync_channel(1);
            let tell = Tell(sender);
            pool.execute(move || drop(tell)).expect("open");
            let handles: Vec<_> = (0..9).map(|_| pool.submit(|| ()).expect("open")).collect();
            assert_eq!(pool.abort(), Aborted { dropped: 10 });
            receiver.recv_timeout(LONG).expect("the job dropped");
            assert_eq!(pool.len(), 0);
            assert!(pool.is_closed());
            for handle in handles {
                assert!(matches!(handle.join(), Err(JoinError::Aborted)));
            }
            assert_eq!(pool.abort(), Aborted { dropped: 0 });
            drop(held); // the running jobs end as usual
            pool.shutdown().expect("outside");
            assert_eq!(pool.panics(), 0);
        }

        #[test]
        fn abort_spares_what_runs_and_wakes_who_waits() {
            let pool = Arc::new(Pool::new(1, 1));
            let (started, starts) = sync_channel(1);
            let (sender, receiver) = sync_channel::<()>(1);
            let running = pool.submit(move || {
                started.send(()).expect("the test waits");
                receiver.recv_timeout(LONG).expect("the test sends it");
                "ran to its end"
            });
            starts.recv_timeout(LONG).expect("it starts");
            let queued = pool.submit(|| ()).expect("open");
            let (about_to_join, joins) = sync_channel(1);
            let joiner = thread::spawn(move || {
                about_to_join.send(()).expect("the test waits");
                matches!(queued.join_timeout(LONG), Err(JoinTimeoutError::Aborted))
            });
            joins.recv_timeout(LONG).expect("the thread starts");
            let caller = waiting_caller(&pool);
            let dropped = pool.abort().dropped;
            let outcome = caller.recv_timeout(LONG).expect("it is woken");
            // Its job came before the abort or was refused: it did not run.
            match outcome {
                Err(why) => assert_eq!((why, dropped), ("closed", 1)),
                Ok(handle) => assert!(matches!(handle.join(), Err(JoinError::Aborted))),
            }
            assert!(joiner.join().expect("no panic"));
            sender.send(()).expect("the job waits");
            assert_eq!(result(running.expect("open")), "ran to its end");
        }

        #[test]
        fn a_job_may_abort_its_own_pool() {
            let pool = Arc::new(Pool::new(1, 4));
            let held = hold(&pool);
            let theirs = Arc::clone(&pool);
            let job = pool.submit(move || theirs.abort()).expect("open");
            let queued = pool.submit(|| ()).expect("open");
            drop(held);
            assert_eq!(result(job), Aborted { dropped: 1 });
            assert!(matches!(queued.join(), Err(JoinError::Aborted)));
        }

        #[test]
        fn to_drop_the_pool_is_to_shut_it_down() {
            let pool = Pool::new(1, 8);
            let held = hold(&pool);
            let handles: Vec<_> = (0..8).map(|n| pool.submit(move || n).expect("open")).collect();
            let dropped = thread::spawn(move || drop(pool));
            drop(held);
            in_time(move || dropped.join().expect("no panic"));
            for (n, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.try_join().expect("it ran before the end"), n);
            }
        }

        #[test]
        fn a_pool_dropped_inside_its_own_job_ends_by_itself() {
            let pool = Pool::new(2, 8);
            let (sender, receiver) = sync_channel::<Pool>(1);
            let first = pool.submit(move || {
                let pool = receiver.recv_timeout(LONG).expect("the test sends it");
                let last = pool.submit(|| "still runs").expect("open");
                drop(pool);
                last
            });
            sender.send(pool).map_err(drop).expect("the job waits");
            assert_eq!(result(result(first.expect("open"))), "still runs");
        }

        #[test]
        fn a_pool_dropped_as_its_worker_ends_does_not_wait_for_it() {
            thread_local! {
                static KEPT: RefCell<Option<(Arc<Pool>, Tell)>> = const { RefCell::new(None) };
            }
            let pool = Arc::new(Pool::new(1, 1));
            let (sender, receiver) = sync_channel(1);
            let kept = (Arc::clone(&pool), Tell(sender));
            let job = pool.submit(move || KEPT.with(|here| here.replace(Some(kept)).is_none()));
            assert!(result(job.expect("open")));
            pool.close();
            drop(pool); // the last one is in the worker's thread-local, which drops as it ends
            receiver.recv_timeout(LONG).expect("after the pool, its neighbour dropped");
        }
    };
}

pub(crate) use ending;
