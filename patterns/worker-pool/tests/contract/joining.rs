//! What a handle gives.

macro_rules! joining {
    () => {
        #[test]
        fn a_result_reaches_its_handle() {
            let pool = Pool::new(2, 4);
            let handles: Vec<_> =
                (0..100).map(|n| pool.submit(move || format!("job {n}")).expect("open")).collect();
            for (n, handle) in handles.into_iter().enumerate() {
                assert_eq!(result(handle), format!("job {n}"));
            }
        }

        #[test]
        fn try_join_answers_at_once() {
            let pool = Pool::new(1, 1);
            let held = hold(&pool);
            let handle = pool.submit(|| 5).expect("open");
            assert!(!handle.is_finished());
            let Err(TryJoinError::NotNow(handle)) = handle.try_join() else {
                panic!("it has not started")
            };
            drop(held);
            pool.shutdown().expect("outside");
            assert!(handle.is_finished());
            assert_eq!(handle.try_join().expect("done"), 5);
        }

        #[test]
        fn a_join_that_times_out_gives_the_handle_back() {
            let pool = Pool::new(1, 1);
            let held = hold(&pool);
            let handle = pool.submit(|| 5).expect("open");
            let Err(JoinTimeoutError::TimedOut(handle)) = handle.join_timeout(SHORT) else {
                panic!("it has not started")
            };
            let Err(JoinTimeoutError::TimedOut(handle)) = handle.join_timeout(Duration::ZERO)
            else {
                panic!("it has not started")
            };
            drop(held);
            assert_eq!(handle.join_timeout(LONG).expect("it ends"), 5);
        }

        #[test]
        fn a_job_whose_handle_is_dropped_runs_all_the_same() {
            let pool = Pool::new(1, 2);
            let held = hold(&pool);
            let (sender, receiver) = sync_channel(1);
            drop(pool.submit(move || Tell(sender)).expect("open"));
            drop(held);
            receiver.recv_timeout(LONG).expect("the result dropped, so it ran");
        }

        #[test]
        fn a_handle_outlives_its_pool() {
            let pool = Pool::new(1, 4);
            let handle = pool.submit(|| 5).expect("open");
            drop(pool);
            assert_eq!(handle.try_join().expect("done"), 5);
        }

        #[test]
        fn a_handle_may_be_joined_in_a_job_of_another_pool() {
            let (ours, theirs) = (Pool::new(1, 1), Pool::new(1, 1));
            let held = hold(&theirs);
            let handle = theirs.submit(|| thread::current().id()).expect("open");
            let (started, starts) = sync_channel(1);
            let joiner = ours.submit(move || {
                started.send(()).expect("the test waits");
                (result(handle), thread::current().id())
            });
            starts.recv_timeout(LONG).expect("it starts");
            drop(held);
            let (ran, joined) = result(joiner.expect("open"));
            assert_ne!(ran, joined, "a job runs on the workers of its own pool");
        }
    };
}

pub(crate) use joining;
