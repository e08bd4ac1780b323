//! What a waiting caller may count on.

macro_rules! waiting {
    () => {
        #[test]
        fn never_more_permits_are_out_than_there_are() {
            const PERMITS: usize = 3;
            let semaphore = Semaphore::new(PERMITS);
            let (out, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let (refused, start) = (AtomicUsize::new(0), Barrier::new(4));
            let hold = |n| {
                let now = out.fetch_add(n, Ordering::SeqCst) + n;
                peak.fetch_max(now, Ordering::SeqCst);
                thread::yield_now(); // the others come and find what is left
                out.fetch_sub(n, Ordering::SeqCst);
            };
            thread::scope(|scope| {
                for n in [1, 1, 2, 3] {
                    let (semaphore, refused, start, hold) = (&semaphore, &refused, &start, &hold);
                    scope.spawn(move || {
                        start.wait();
                        for _ in 0..300 {
                            let too_few = semaphore.try_acquire(n).is_err();
                            refused.fetch_add(usize::from(too_few), Ordering::SeqCst);
                            let _permit = semaphore.acquire_blocking(n).expect("open");
                            hold(n);
                        }
                    });
                }
            });
            assert_eq!(peak.into_inner(), PERMITS, "all were used, and no more");
            assert!(refused.into_inner() > 0, "they were in each other's way");
            assert_eq!(semaphore.available(), PERMITS);
        }

        #[test]
        fn a_weighted_wait_takes_all_its_permits_at_once_or_none() {
            let semaphore = Semaphore::new(3);
            let held = semaphore.try_acquire(2).expect("free");
            let mut two = pin!(semaphore.acquire(2));
            assert!(waits(&semaphore, two.as_mut()));
            assert_eq!(semaphore.available(), 1, "a wait holds nothing");
            drop(held);
            assert_eq!(wait(two).expect("open").permits(), 2);
            assert_eq!(semaphore.available(), 3);
        }

        #[test]
        fn permits_that_come_back_together_serve_several() {
            let semaphore = Semaphore::new(2);
            let held = semaphore.try_acquire(2).expect("free");
            let (mut first, mut second) = (pin!(semaphore.acquire(1)), pin!(semaphore.acquire(1)));
            assert!(waits(&semaphore, first.as_mut()) && waits(&semaphore, second.as_mut()));
            drop(held);
            let _first = wait(first).expect("open");
            drop(wait(second).expect("while the first holds its own"));
        }

        #[test]
        fn more_than_there_are_now_waits_for_more() {
            let semaphore = Semaphore::with_max(1, 2);
            assert_eq!(semaphore.max(), 2);
            let mut two = pin!(semaphore.acquire(2));
            assert!(waits(&semaphore, two.as_mut()));
            semaphore.add_permits(1).expect("room for one");
            assert_eq!(wait(two).expect("open").permits(), 2);
        }

        #[test]
        fn try_never_waits_behind_a_waiting_caller() {
            let semaphore = Arc::new(Semaphore::new(1));
            let held = semaphore.acquire_blocking(1).expect("open");
            let mut waiting = pin!(semaphore.acquire(1));
            assert!(waits(&semaphore, waiting.as_mut()));
            let blocked = {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || semaphore.acquire_blocking(1).map(drop))
            };
            let trying = {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || semaphore.try_acquire(1).map(drop))
            };
            assert_eq!(join(trying), Err(TryAcquireError::NotNow));
            drop(held);
            drop(wait(waiting).expect("open"));
            join(blocked).expect("open");
        }

        #[test]
        fn a_cancelled_wait_leaves_nothing_behind() {
            let semaphore = Semaphore::new(1);
            let held = semaphore.try_acquire(1).expect("free");
            for _ in 0..1000 {
                let mut cancelled = pin!(semaphore.acquire(1));
                assert!(poll(cancelled.as_mut()).is_pending());
            }
            drop(semaphore.acquire(1)); // never polled
            drop(held);
            assert_eq!(semaphore.available(), 1);
            drop(semaphore.try_acquire(1).expect("nobody stands in line"));
        }

        #[test]
        fn cancelling_the_heavy_head_of_the_line_lets_the_others_pass() {
            let semaphore = Semaphore::new(3);
            let mut held = semaphore.try_acquire(3).expect("free");
            let mut heavy = Box::pin(semaphore.acquire(3));
            let mut light = Box::pin(semaphore.acquire(1));
            assert!(waits(&semaphore, heavy.as_mut()) && waits(&semaphore, light.as_mut()));
            drop(held.split(1)); // too little for the first
            drop(heavy);
            drop(wait(light).expect("open"));
        }

        #[test]
        fn a_grant_that_is_cancelled_unseen_goes_to_the_next() {
            let semaphore = Semaphore::new(1);
            let held = semaphore.try_acquire(1).expect("free");
            let mut first = Box::pin(semaphore.acquire(1));
            let mut second = Box::pin(semaphore.acquire(1));
            assert!(waits(&semaphore, first.as_mut()) && waits(&semaphore, second.as_mut()));
            drop(held);
            settle(&semaphore); // the permit is the first one's now, who does not know
            drop(first);
            drop(wait(second).expect("open"));
            assert_eq!(semaphore.available(), 1);
        }

        #[test]
        fn a_timeout_ends_the_wait_and_leaves_nothing_behind() {
            let semaphore = Arc::new(Semaphore::new(1));
            let held = semaphore.try_acquire(1).expect("free");
            let limit = Duration::from_millis(5);
            let start = Instant::now();
            let refusal = semaphore.acquire_timeout(1, limit).expect_err("taken");
            assert_eq!(refusal, AcquireTimeoutError::TimedOut);
            assert!(start.elapsed() >= limit);
            let refusal = semaphore.acquire_owned_timeout(1, Duration::ZERO).expect_err("taken");
            assert_eq!(refusal, AcquireTimeoutError::TimedOut);
            drop(held);
            assert_eq!(semaphore.available(), 1);
            drop(semaphore.acquire_timeout(1, Duration::MAX).expect("free"));
            drop(semaphore.acquire_owned_timeout(1, LONG).expect("free"));
        }

        #[test]
        fn capacity_one_excludes() {
            let semaphore = Semaphore::new(1);
            let inside = Mutex::new(0);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let _permit = semaphore.acquire_blocking(1).expect("open");
                            let mut inside = inside.try_lock().expect("nobody else is inside");
                            thread::yield_now();
                            *inside += 1;
                        }
                    });
                }
            });
            assert_eq!(inside.into_inner().expect("no panic"), 800);
        }

        #[test]
        fn try_answers_however_often_a_task_asks() {
            let asking = thread::spawn(|| {
                let semaphore = Semaphore::new(1);
                wait(async {
                    for _ in 0..1000 {
                        drop(semaphore.try_acquire(1).expect("free"));
                    }
                });
            });
            join(asking);
        }

        #[test]
        fn tasks_and_threads_are_served_alike() {
            let semaphore = Arc::new(Semaphore::new(1));
            let held = semaphore.try_acquire_owned(1).expect("free");
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let semaphore = Arc::clone(&semaphore);
                    thread::spawn(move || semaphore.acquire_owned_blocking(1).map(drop))
                })
                .collect();
            let mut first = Box::pin(semaphore.acquire(1));
            assert!(waits(&semaphore, first.as_mut()));
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    let semaphore = Arc::clone(&semaphore);
                    runtime.spawn(async move { semaphore.acquire_owned(1).await.map(drop) })
                })
                .collect();
            drop(held);
            drop(wait(first).expect("open"));
            for thread in threads {
                join(thread).expect("open");
            }
            for task in tasks {
                wait(task).expect("no panic").expect("open");
            }
            assert_eq!(semaphore.available(), 1);
        }

        #[test]
        fn a_wait_that_moves_between_tasks_is_woken_where_it_is() {
            let semaphore = Semaphore::new(1);
            let held = semaphore.try_acquire(1).expect("free");
            let (before, now) = (Arc::new(Calls::default()), Arc::new(Calls::default()));
            let mut waiting = pin!(semaphore.acquire(1));
            for calls in [&before, &now] {
                let waker = Waker::from(Arc::clone(calls));
                let mut context = Context::from_waker(&waker);
                assert!(waiting.as_mut().poll(&mut context).is_pending());
            }
            drop(held);
            settle(&semaphore);
            assert_eq!((before.count(), now.count()), (0, 1));
            assert!(poll(waiting).is_ready());
        }
    };
}

pub(crate) use waiting;
