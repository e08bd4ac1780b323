//! What a job may do with its own pool.

macro_rules! inside {
    () => {
        #[test]
        fn a_job_submits_into_its_own_full_pool() {
            let pool = Arc::new(Pool::new(1, 1));
            let order = Arc::new(Mutex::new(Vec::new()));
            let note = |what: &'static str| {
                let order = Arc::clone(&order);
                move || order.lock().expect("no panic").push(what)
            };
            let (theirs, jobs) = (Arc::clone(&pool), [note("oldest"), note("next"), note("last")]);
            let goes_on = note("the job goes on");
            let job = pool.submit(move || {
                for job in jobs {
                    theirs.execute(job).expect("it makes room by itself");
                }
                goes_on();
            });
            result(job.expect("open"));
            pool.shutdown().expect("outside");
            let order = order.lock().expect("no panic");
            assert_eq!(*order, ["oldest", "next", "the job goes on", "last"]);
        }

        #[test]
        fn every_job_of_a_full_pool_may_submit_more() {
            // Both workers run jobs that submit, and nobody else makes room.
            let pool = Arc::new(Pool::new(2, 1));
            let runs = Arc::new(AtomicUsize::new(0));
            let together = Arc::new(Barrier::new(2));
            let parents = [(); 2].map(|()| {
                let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
                let (theirs, together) = (Arc::clone(&pool), Arc::clone(&together));
                let parent = move || {
                    together.wait();
                    for _ in 0..100 {
                        let runs = Arc::clone(&runs);
                        theirs.execute(move || add(&runs)).expect("open");
                    }
                };
                pool.submit(parent).expect("open")
            });
            for parent in parents {
                result(parent);
            }
            pool.shutdown().expect("outside");
            assert_eq!(runs.load(SeqCst), 200);
        }

        /// Each job fills the queue and submits one more, so each runs inside the one before.
        fn descend(pool: &Arc<Pool>, level: usize, deepest: &Arc<AtomicUsize>) {
            if pool.is_closed() {
                return; // what was left in the queue
            }
            deepest.fetch_max(level, SeqCst);
            for _ in 0..2 {
                let (theirs, watched) = (Arc::clone(pool), Arc::clone(deepest));
                let job = move || descend(&theirs, level + 1, &watched);
                match pool.execute(job) {
                    Ok(()) => {}
                    Err(SubmitError::Closed(_)) => return,
                    Err(SubmitError::Full(_)) => {
                        assert_eq!(level, Pool::DEPTH, "only at the bottom");
                        pool.close();
                    }
                }
            }
        }

        #[test]
        fn jobs_run_in_place_to_a_depth_and_then_come_back() {
            let pool = Arc::new(Pool::new(1, 1));
            let deepest = Arc::new(AtomicUsize::new(0));
            let (theirs, watched) = (Arc::clone(&pool), Arc::clone(&deepest));
            pool.execute(move || descend(&theirs, 0, &watched)).expect("open");
            in_time(move || {
                while !pool.is_closed() {
                    thread::yield_now();
                }
                pool.shutdown().expect("outside");
            });
            assert_eq!(deepest.load(SeqCst), Pool::DEPTH);
        }

        #[test]
        fn try_submit_inside_a_job_runs_nothing_in_place() {
            let pool = Arc::new(Pool::new(1, 1));
            let theirs = Arc::clone(&pool);
            let job = pool.submit(move || {
                theirs.try_execute(|| ()).expect("room");
                matches!(theirs.try_submit(|| ()), Err(TrySubmitError::Full(_)))
            });
            assert!(result(job.expect("open")));
        }

        /// Each job submits the next.
        fn chain(pool: Arc<Pool>, left: usize, end: SyncSender<()>) {
            if left == 0 {
                return end.send(()).expect("the test waits");
            }
            let theirs = Arc::clone(&pool);
            pool.execute(move || chain(theirs, left - 1, end)).expect("open");
        }

        #[test]
        fn a_chain_of_100_000_jobs_ends() {
            for (workers, capacity) in [(1, 1), (2, 1), (2, 16)] {
                let pool = Arc::new(Pool::new(workers, capacity));
                let (sender, receiver) = sync_channel(1);
                chain(Arc::clone(&pool), 100_000, sender);
                receiver.recv_timeout(LONG).expect("the last one runs");
            }
        }

        fn fibonacci(pool: &Arc<Pool>, n: u64) -> u64 {
            if n < 2 {
                return n;
            }
            let (left, right) = (Arc::clone(pool), Arc::clone(pool));
            let left = pool.submit(move || fibonacci(&left, n - 1)).expect("open");
            let right = pool.submit(move || fibonacci(&right, n - 2)).expect("open");
            left.join().expect("not too deep") + right.join().expect("not too deep")
        }

        #[test]
        fn fork_and_join_on_one_worker() {
            for (workers, capacity) in [(1, 1), (1, 64), (2, 4)] {
                let pool = Arc::new(Pool::new(workers, capacity));
                let theirs = Arc::clone(&pool);
                let root = pool.submit(move || fibonacci(&theirs, 12)).expect("open");
                assert_eq!(result(root), 144);
            }
        }

        #[test]
        fn a_job_that_joins_itself_would_deadlock() {
            let pool = Pool::new(1, 1);
            let (sender, receiver) = sync_channel::<Handle<bool>>(1);
            let job = move || {
                let mine = receiver.recv_timeout(LONG).expect("the test sends it");
                matches!(mine.join(), Err(JoinError::WouldDeadlock(_)))
            };
            let (told, tell) = sync_channel(1);
            let handle = pool.submit(move || told.send(job()).map(|()| true).expect("the test"));
            sender.send(handle.expect("open")).expect("the job waits");
            assert!(tell.recv_timeout(LONG).expect("no deadlock"));
        }

        #[test]
        fn a_circle_of_joins_would_deadlock() {
            let pool = Pool::new(3, 3);
            let (mut give, mut jobs) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                let (sender, receiver) = sync_channel::<Handle<Option<&'static str>>>(1);
                let job = move || {
                    let next = receiver.recv_timeout(LONG).expect("the test sends it");
                    match next.join() {
                        Ok(_) => None,
                        Err(JoinError::WouldDeadlock(_)) => Some("the circle is seen"),
                        Err(_) => Some("something else"),
                    }
                };
                give.push(sender);
                jobs.push(pool.submit(job).expect("open"));
            }
            // Each joins the next one, and the last the first.
            jobs.rotate_left(1);
            for (give, next) in give.into_iter().zip(jobs) {
                give.send(next).expect("the job waits");
            }
            in_time(move || pool.shutdown().expect("outside"));
        }

        #[test]
        fn a_job_that_waits_for_another_runs_what_comes_meanwhile() {
            let pool = Pool::new(2, 4);
            let (sender, receiver) = sync_channel::<()>(1);
            let (started, starts) = sync_channel(1);
            let slow = pool.submit(move || {
                started.send(()).expect("the test waits");
                receiver.recv_timeout(LONG).expect("the third job sends it");
            });
            starts.recv_timeout(LONG).expect("it starts");
            let (about_to_join, joins) = sync_channel(1);
            let waits = pool.submit(move || {
                about_to_join.send(()).expect("the test waits");
                result(slow.expect("open"));
            });
            joins.recv_timeout(LONG).expect("it starts");
            // Both workers are taken; this frees the first, and runs on the second.
            let third = pool.submit(move || sender.send(()).expect("the first job waits"));
            result(third.expect("open"));
            result(waits.expect("open"));
        }

        #[test]
        fn a_join_inside_a_job_that_times_out_leaves_nothing_behind() {
            let pool = Pool::new(2, 4);
            let (sender, receiver) = sync_channel::<()>(1);
            let (started, starts) = sync_channel(1);
            let slow = pool.submit(move || {
                started.send(()).expect("the test waits");
                receiver.recv_timeout(LONG).expect("the test sends it");
            });
            starts.recv_timeout(LONG).expect("it starts");
            let slow = slow.expect("open");
            let waits = pool.submit(move || match slow.join_timeout(SHORT) {
                Err(JoinTimeoutError::TimedOut(slow)) => slow,
                _ => panic!("it has not ended"),
            });
            let slow = result(waits.expect("open"));
            // The other worker is still busy, and this one works as before.
            for n in 0..100 {
                assert_eq!(result(pool.submit(move || n).expect("open")), n);
            }
            sender.send(()).expect("the job waits");
            result(slow);
        }

        /// Each job joins the next.
        fn nest(pool: &Arc<Pool>, level: usize) -> usize {
            let theirs = Arc::clone(pool);
            let below = pool.submit(move || nest(&theirs, level + 1)).expect("open");
            match below.join() {
                Ok(deepest) => deepest,
                Err(JoinError::WouldDeadlock(_)) => level,
                Err(error) => panic!("{error}"),
            }
        }

        #[test]
        fn joins_run_jobs_in_place_to_a_depth_and_then_would_deadlock() {
            let pool = Arc::new(Pool::new(1, 1024));
            let theirs = Arc::clone(&pool);
            let job = pool.submit(move || {
                let deepest = nest(&theirs, 0);
                theirs.close(); // the one that was too deep goes no further
                deepest
            });
            assert_eq!(result(job.expect("open")), Pool::DEPTH);
            pool.shutdown().expect("outside");
            assert_eq!(pool.panics(), 1, "it ran later, and found the pool closed");
        }
    };
}

pub(crate) use inside;
