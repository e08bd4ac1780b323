//! Panics of every kind. What panics here says so on stderr: that is the panic hook, and as it
//! should be.

macro_rules! panics {
    () => {
        /// The pool's one worker is alive.
        fn still_works(pool: &Pool) {
            assert_eq!(result(pool.submit(|| 6 * 7).expect("open")), 42);
        }

        #[test]
        fn a_panic_harms_neither_worker_nor_neighbour() {
            let pool = Pool::new(1, 8);
            let held = hold(&pool);
            let before = pool.submit(|| 1).expect("open");
            let faulty =
                pool.submit(|| -> u8 { panic_any(String::from("number 2")) }).expect("open");
            let after = pool.submit(|| 3).expect("open");
            pool.execute(|| panic!("without a handle")).expect("open");
            drop(held);
            assert_eq!((result(before), result(after)), (1, 3));
            let Err(error) = faulty.join() else { panic!("it panicked") };
            assert_eq!(error.to_string(), "the job panicked: number 2");
            still_works(&pool);
            assert_eq!(pool.panics(), 2);
        }

        #[test]
        fn a_payload_of_any_type_reaches_the_handle() {
            let pool = Pool::new(1, 1);
            let handle = pool.submit(|| -> () { panic_any(vec![1, 2, 3]) }).expect("open");
            let Err(JoinTimeoutError::Panicked(panic)) = handle.join_timeout(LONG) else {
                panic!("it panicked")
            };
            assert_eq!(panic.to_string(), "no text");
            let payload = panic.into_payload().downcast::<Vec<i32>>();
            assert_eq!(*payload.expect("as it was thrown"), [1, 2, 3]);
            let handle = pool.submit(|| -> () { panic!("a plain word") }).expect("open");
            pool.shutdown().expect("outside");
            let Err(error) = handle.try_join() else { panic!("it panicked") };
            assert_eq!(format!("{error:?}"), r#"Panicked(Panic("a plain word"))"#);
            let TryJoinError::Panicked(panic) = error else { panic!("it panicked") };
            let payload = panic.into_payload().downcast::<&str>();
            assert_eq!(*payload.expect("as it was thrown"), "a plain word");
        }

        #[test]
        fn a_panic_is_counted_before_its_handle_hears_of_it() {
            let pool = Pool::new(1, 1);
            for round in 1..=10_000 {
                let job = || -> () { resume_unwind(Box::new(())) };
                let mut handle = pool.submit(job).expect("open");
                // Asks without a pause: who slept would come too late to see it.
                while let Err(TryJoinError::NotNow(same)) = handle.try_join() {
                    handle = same;
                }
                assert_eq!(pool.panics(), round);
            }
        }

        #[test]
        fn a_result_that_panics_as_it_drops_harms_nobody() {
            let pool = Pool::new(1, 1);
            let held = hold(&pool);
            drop(pool.submit(|| Bomb).expect("open")); // nobody wants it: it drops on the worker
            drop(held);
            still_works(&pool);
            assert_eq!(pool.panics(), 1);

            let handle = pool.submit(|| Bomb).expect("open");
            while !handle.is_finished() {
                thread::yield_now();
            }
            let ours = catch_unwind(AssertUnwindSafe(|| drop(handle)));
            assert!(ours.is_err(), "it was there for us, so it drops here");
            still_works(&pool);
            assert_eq!(pool.panics(), 1);
        }

        #[test]
        fn a_capture_that_panics_as_it_drops_is_the_jobs_panic() {
            let pool = Pool::new(1, 2);
            let bomb = Bomb;
            let handle = pool.submit(move || drop(bomb)).expect("open");
            assert!(matches!(handle.join(), Err(JoinError::Panicked(_))));
            let bomb = Bomb;
            pool.execute(move || drop(bomb)).expect("open");
            still_works(&pool);
            assert_eq!(pool.panics(), 2);
        }

        #[test]
        fn a_payload_that_panics_as_it_drops_harms_nobody() {
            let pool = Pool::new(1, 4);
            let held = hold(&pool);
            pool.execute(|| panic_any(Bomb)).expect("open");
            drop(pool.submit(|| -> () { panic_any(Bomb) }).expect("open"));
            drop(held);
            still_works(&pool);
            assert_eq!(pool.panics(), 4, "two that were thrown, and each as it dropped");
        }

        #[test]
        fn a_job_that_panics_as_it_is_aborted_spares_the_others() {
            let pool = Pool::new(1, 4);
            let held = hold(&pool);
            let (first, second) = (Bomb, Bomb);
            pool.execute(move || drop(first)).expect("open");
            let task = pool.submit(move || drop(second)).expect("open");
            let last = pool.submit(|| ()).expect("open");
            assert_eq!(pool.abort(), Aborted { dropped: 3 });
            assert!(matches!(task.join(), Err(JoinError::Aborted)));
            assert!(matches!(last.join(), Err(JoinError::Aborted)));
            assert_eq!(pool.panics(), 2);
            drop(held);
            pool.shutdown().expect("outside");
        }

        #[test]
        fn a_panic_in_a_job_that_runs_in_place_stays_there() {
            let pool = Arc::new(Pool::new(1, 1));
            let theirs = Arc::clone(&pool);
            let outer = pool.submit(move || {
                let faulty = theirs.submit(|| -> () { panic!("in place") }).expect("open");
                assert!(matches!(faulty.join(), Err(JoinError::Panicked(_))));
                "the outer one goes on"
            });
            assert_eq!(result(outer.expect("open")), "the outer one goes on");
            still_works(&pool);
        }
    };
}

pub(crate) use panics;
