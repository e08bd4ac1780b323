//! How waits and holds end: close, panic, drop.

macro_rules! ending {
    () => {
        #[test]
        fn close_wakes_every_waiter() {
            let semaphore = Arc::new(Semaphore::new(1));
            let _held = semaphore.acquire_blocking(1).expect("open");
            // Some of the threads may come after the close; the futures do wait.
            let blocked: Vec<_> = (0..4)
                .map(|_| {
                    let semaphore = Arc::clone(&semaphore);
                    thread::spawn(move || semaphore.acquire_blocking(1).map(drop))
                })
                .collect();
            let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(semaphore.acquire(1))).collect();
            for future in &mut waiting {
                assert!(waits(&semaphore, future.as_mut()));
            }
            semaphore.close();
            for future in waiting {
                assert_eq!(wait(future).expect_err("closed"), AcquireError::Closed);
            }
            for thread in blocked {
                assert_eq!(join(thread), Err(AcquireError::Closed));
            }
        }

        #[test]
        fn a_permit_that_returns_during_the_close_serves_nobody() {
            let semaphore = Arc::new(Semaphore::new(1));
            let held = semaphore.try_acquire_owned(1).expect("free");
            let (mut first, mut second) = (pin!(semaphore.acquire(1)), pin!(semaphore.acquire(1)));
            let waker = Waker::from(Arc::new(Keeper(Mutex::new(Some(held)))));
            assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert!(waits(&semaphore, second.as_mut()));
            semaphore.close(); // wakes the first, whose waker drops the permit
            for future in [first, second] {
                assert_eq!(wait(future).expect_err("closed"), AcquireError::Closed);
            }
        }

        #[test]
        fn a_waker_may_hold_what_it_waits_for() {
            let ending = thread::spawn(|| {
                let semaphore = Arc::new(Semaphore::new(1));
                let held = semaphore.try_acquire_owned(1).expect("free");
                let mut waiting = Box::pin(semaphore.acquire(1));
                let waker = Waker::from(Arc::new(Keeper(Mutex::new(Some(held)))));
                assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                drop(waker);
                drop(waiting); // its waker was the last to hold the permit
                drop(wait(semaphore.acquire(1)).expect("open"));
            });
            join(ending);
        }

        #[test]
        fn a_closed_semaphore_refuses_everybody() {
            let semaphore = Arc::new(Semaphore::new(2));
            assert!(!semaphore.is_closed());
            semaphore.close();
            semaphore.close();
            assert!(semaphore.is_closed());
            for n in [0, 1, 3] {
                assert_eq!(wait(semaphore.acquire(n)).expect_err("closed"), AcquireError::Closed);
                let refusal = semaphore.acquire_blocking(n).expect_err("closed");
                assert_eq!(refusal, AcquireError::Closed);
                let refusal = semaphore.try_acquire_owned(n).expect_err("closed");
                assert_eq!(refusal, TryAcquireError::Closed);
                let refusal = semaphore.acquire_timeout(n, LONG).expect_err("closed");
                assert_eq!(refusal, AcquireTimeoutError::Closed);
            }
        }

        #[test]
        fn permits_survive_the_close_and_go_back() {
            let semaphore = Semaphore::new(2);
            let mut held = semaphore.try_acquire(2).expect("free");
            semaphore.close();
            drop(held.split(1));
            assert_eq!(semaphore.available(), 1);
            held.forget();
            semaphore.add_permits(1).expect("room for what was forgotten");
            assert_eq!(semaphore.available(), 2);
            assert!(semaphore.is_closed());
        }

        #[test]
        fn a_panic_in_the_holder_gives_the_permits_back() {
            let semaphore = Semaphore::new(2);
            let panic = catch_unwind(AssertUnwindSafe(|| {
                let _permit = semaphore.acquire_blocking(2).expect("open");
                std::panic::resume_unwind(Box::new("the holder's own trouble"));
            }));
            assert!(panic.is_err());
            assert_eq!(semaphore.available(), 2);
            drop(semaphore.try_acquire(2).expect("free again"));
        }

        #[test]
        fn owned_permits_and_waiters_outlive_the_handle() {
            let semaphore = Arc::new(Semaphore::new(1));
            let permit: OwnedPermit = semaphore.try_acquire_owned(1).expect("free");
            let (asleep, ready) = mpsc::sync_channel(1);
            let waiter = {
                let semaphore = Arc::clone(&semaphore);
                thread::spawn(move || {
                    let mut owned = pin!(semaphore.acquire_owned(1));
                    assert!(poll(owned.as_mut()).is_pending());
                    asleep.send(()).expect("the test listens");
                    wait(owned).expect("granted, not closed").permits()
                })
            };
            ready.recv_timeout(LONG).expect("it waits");
            drop(semaphore);
            drop(permit); // sent from what is no handle any more
            assert_eq!(join(waiter), 1);
        }
    };
}

pub(crate) use ending;
