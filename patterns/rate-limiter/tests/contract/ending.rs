//! How limits and waits end: refused at construction, close, panic, drop.

macro_rules! ending {
    () => {
        #[test]
        fn close_wakes_every_waiter() {
            let (limiter, clock) = limiter(quota(1, 1));
            let limiter = Arc::new(limiter);
            limiter.try_acquire(1).expect("the burst");
            // Some of the threads may come after the close; the futures do wait.
            let blocked: Vec<_> = (0..4)
                .map(|_| {
                    let limiter = Arc::clone(&limiter);
                    thread::spawn(move || limiter.acquire_blocking(1))
                })
                .collect();
            let calls = Arc::new(Calls::default());
            let waker = Waker::from(Arc::clone(&calls));
            let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(limiter.acquire(1))).collect();
            for future in &mut waiting {
                assert!(look(future.as_mut(), &waker).is_pending());
            }
            limiter.close();
            assert_eq!(calls.count(), 4);
            clock.advance(LONG);
            for future in waiting {
                assert_eq!(wait(future), Err(AcquireError::Closed));
            }
            for thread in blocked {
                assert_eq!(join(thread), Err(AcquireError::Closed));
            }
        }

        #[test]
        fn a_closed_limiter_refuses_everybody() {
            let (limiter, _clock) = limiter(quota(10, 4));
            let (keyed, _clock) = keyed(quota(10, 4));
            keyed.try_acquire("a", 1).expect("there");
            assert!(!limiter.is_closed() && !keyed.is_closed());
            for _ in 0..2 {
                limiter.close();
                keyed.close();
            }
            assert!(limiter.is_closed() && keyed.is_closed() && keyed.is_empty());
            for n in [0, 1, 5] {
                assert_eq!(wait(limiter.acquire(n)), Err(AcquireError::Closed));
                assert_eq!(limiter.acquire_blocking(n), Err(AcquireError::Closed));
                assert_eq!(limiter.try_acquire(n), Err(TryAcquireError::Closed));
                let refusal = limiter.acquire_timeout(n, LONG);
                assert_eq!(refusal, Err(AcquireTimeoutError::Closed));
                assert_eq!(wait(keyed.acquire("a", n)), Err(AcquireError::Closed));
                assert_eq!(keyed.try_acquire("b", n), Err(TryAcquireError::Closed));
            }
            assert_eq!((limiter.available(), limiter.waiting()), (0, 0));
        }

        #[test]
        fn a_waker_may_hold_what_it_waits_for() {
            /// Drops the last handle when it is woken or dropped.
            struct Keeper(Mutex<Option<Arc<Limiter<ManualClock>>>>);
            impl Wake for Keeper {
                fn wake(self: Arc<Self>) {
                    if let Some(limiter) = self.0.lock().expect("no panic").take() {
                        assert!(Arc::strong_count(&limiter) > 0);
                    }
                }
            }
            let ending = thread::spawn(|| {
                let (limiter, clock) = limiter(quota(1, 1));
                let limiter = Arc::new(limiter);
                limiter.try_acquire(1).expect("the burst");
                let mut first = Box::pin(limiter.acquire(1));
                assert!(poll(first.as_mut()).is_pending());
                let mut second = Box::pin(limiter.acquire(1));
                let keeper = Keeper(Mutex::new(Some(Arc::clone(&limiter))));
                assert!(look(second.as_mut(), &Waker::from(Arc::new(keeper))).is_pending());
                clock.advance(SECOND);
                assert!(poll(first.as_mut()).is_ready(), "it wakes the second");
                let keeper = Keeper(Mutex::new(Some(Arc::clone(&limiter))));
                assert!(look(second.as_mut(), &Waker::from(Arc::new(keeper))).is_pending());
                drop(second);
                limiter.close();
            });
            join(ending);
        }

        #[test]
        fn a_waker_that_panics_harms_no_other() {
            struct Panics;
            impl Wake for Panics {
                fn wake(self: Arc<Self>) {
                    std::panic::resume_unwind(Box::new("the waker's own trouble"));
                }
            }
            let (limiter, _clock) = limiter(quota(1, 1));
            limiter.try_acquire(1).expect("the burst");
            let calls = Arc::new(Calls::default());
            let good = Waker::from(Arc::clone(&calls));
            let bad = Waker::from(Arc::new(Panics));
            let mut line: Vec<_> = (0..4).map(|_| Box::pin(limiter.acquire(1))).collect();
            for (future, waker) in line.iter_mut().zip([&good, &bad, &bad, &good]) {
                assert!(look(future.as_mut(), waker).is_pending());
            }
            assert!(catch_unwind(AssertUnwindSafe(|| limiter.close())).is_err(), "it shows");
            assert_eq!(calls.count(), 2, "and the others were woken");
            assert!(limiter.is_closed());
        }

        #[test]
        fn bad_quotas_are_refused_with_advice() {
            let refused =
                |tokens, per, burst| Quota::new(tokens, per, burst).expect_err("no quota");
            assert_eq!(refused(0, SECOND, 1), QuotaError::NoTokens);
            assert_eq!(refused(1, Duration::ZERO, 1), QuotaError::NoTime);
            assert_eq!(refused(1, SECOND, 0), QuotaError::NoBurst);
            for tokens in [100_000_001, u64::MAX] {
                assert_eq!(refused(tokens, SECOND, 1), QuotaError::TooFast { tokens, per: SECOND });
            }
            for (per, burst) in
                [(SECOND, u64::MAX), (Quota::MAX_REFILL, 2), (Duration::MAX, 1), (Duration::MAX, 2)]
            {
                assert_eq!(refused(1, per, burst), QuotaError::TooSlow { tokens: 1, per, burst });
            }
            assert!(refused(0, SECOND, 1).to_string().contains("close the limiter"));
            let extremes = [
                (100_000_000, SECOND, 1),
                (1, Quota::MAX_REFILL, 1),
                (1_000_000_000_000, Duration::from_secs(10_000), 15_768_000_000_000_000),
            ];
            for (tokens, per, burst) in extremes {
                let (limiter, _clock) = limiter(Quota::new(tokens, per, burst).expect("a quota"));
                limiter.try_acquire(burst).expect("full");
                assert!(limiter.try_acquire(1).is_err());
            }
        }
    };
}

pub(crate) use ending;
