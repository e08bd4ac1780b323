//! What is admitted, what is refused, and when.

macro_rules! limiting {
    () => {
        #[test]
        fn no_window_holds_more_than_the_rate_and_the_burst() {
            use proptest::prelude::*;
            let admitted = AtomicUsize::new(0);
            proptest!(reference::config(), |((quota, steps) in reference::runs(prop_oneof![1..16_u64, 16..5000_u64]))| {
                let (limiter, clock) = limiter(quota);
                let (start, mut log) = (clock.now(), reference::Admitted::default());
                for (moved, n) in steps {
                    clock.advance(moved);
                    if limiter.try_acquire(n).is_ok() {
                        log.note(clock.now() - start, n);
                    }
                }
                log.keeps_the_bound(&quota, STEPS);
                admitted.fetch_add(log.total() as usize, Ordering::Relaxed);
            });
            assert!(admitted.into_inner() > 1000, "somebody was admitted");
        }

        #[test]
        fn whoever_fits_is_admitted_and_others_learn_when() {
            use proptest::prelude::*;
            let refused = AtomicUsize::new(0);
            proptest!(reference::config(), |((quota, steps) in reference::runs(1..16_u64))| {
                let (limiter, clock) = limiter(quota);
                let (start, mut exact) = (clock.now(), reference::Reference::new(&quota));
                let steps_off = nanos(STEPS);
                for (moved, n) in steps {
                    clock.advance(moved);
                    let now = clock.now() - start;
                    let missing = exact.missing(n, now);
                    match limiter.try_acquire(n) {
                        Ok(()) => {
                            prop_assert!(missing <= steps_off, "{missing} ns too early");
                            exact.take(n, now);
                        }
                        refusal => {
                            let wait = nanos(not_now(refusal, &clock));
                            prop_assert!((wait - missing).abs() <= steps_off, "{wait}, not {missing}");
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
            assert!(refused.into_inner() > 1000, "somebody was refused");
        }

        #[test]
        fn a_large_burst_may_be_late_by_an_eighth_and_no_more() {
            use proptest::prelude::*;
            proptest!(reference::config(), |((quota, steps) in reference::runs(16..5000_u64))| {
                let (limiter, clock) = limiter(quota);
                let (start, mut exact) = (clock.now(), reference::Reference::new(&quota));
                let lease = quota.burst() / 8;
                for (moved, n) in steps {
                    clock.advance(moved);
                    let now = clock.now() - start;
                    if limiter.try_acquire(n).is_ok() {
                        exact.take(n, now);
                    } else {
                        let fits = exact.missing(n + lease, now);
                        prop_assert!(fits > -nanos(STEPS), "refused {n}");
                    }
                }
                clock.advance(Quota::MAX_REFILL);
                let all = quota.burst();
                let full = limiter.try_acquire(all).is_ok() || {
                    // What was leased is booked now, and takes its time.
                    clock.advance(not_now(limiter.try_acquire(all), &clock));
                    limiter.try_acquire(all).is_ok()
                };
                prop_assert!(full);
            });
        }

        #[test]
        fn a_refusal_names_the_first_instant_that_succeeds() {
            let (limiter, clock) = limiter(quota(3, 2));
            limiter.try_acquire(2).expect("the burst");
            let wait = not_now(limiter.try_acquire(2), &clock);
            assert!(wait.abs_diff(SECOND * 2 / 3) <= STEPS, "{wait:?}");
            clock.advance(wait - Duration::from_nanos(1));
            assert_eq!(not_now(limiter.try_acquire(2), &clock), Duration::from_nanos(1));
            clock.advance(Duration::from_nanos(1));
            limiter.try_acquire(2).expect("as promised");
        }

        #[test]
        fn a_burst_of_one_spaces_callers_evenly() {
            let (limiter, clock) = limiter(quota(1000, 1));
            for _ in 0..100 {
                limiter.try_acquire(1).expect("its time has come");
                let wait = not_now(limiter.try_acquire(1), &clock);
                assert!(wait.abs_diff(SECOND / 1000) <= STEPS, "{wait:?}");
                clock.advance(wait);
            }
        }

        #[test]
        fn one_a_day_and_ten_million_a_second_are_exact() {
            // A year's tokens at a time, for four years: an error per token would add up.
            let year = Duration::from_hours(365 * 24);
            let day = Duration::from_hours(24);
            let rates = [(1, day), (10_000_000, SECOND), (3, SECOND), (99_999_989, SECOND)];
            for (tokens, per) in rates {
                let burst = tokens * (year.as_secs() / per.as_secs());
                let (limiter, clock) = limiter(Quota::new(tokens, per, burst).expect("a quota"));
                let start = clock.now();
                for years in 0..4 {
                    limiter.try_acquire(burst).expect("a year's");
                    clock.advance(not_now(limiter.try_acquire(burst), &clock));
                    let off = (clock.now() - start).abs_diff(year * (years + 1));
                    assert!(off <= STEPS, "{tokens} per {per:?}: {off:?} off in {years} years");
                }
            }
        }

        #[test]
        fn threads_together_get_no_more_than_one_would() {
            for burst in [1, 15, 16, 1000] {
                let (limiter, clock) = limiter(quota(1_000_000, burst));
                let (start, granted) = (Barrier::new(4), AtomicUsize::new(0));
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            start.wait();
                            for _ in 0..1000 {
                                let granted_one = limiter.try_acquire(1).is_ok();
                                granted.fetch_add(usize::from(granted_one), Ordering::Relaxed);
                            }
                        });
                    }
                });
                let granted_at_first = granted.load(Ordering::Relaxed) as u64;
                assert_eq!(granted_at_first, burst, "the clock stood still");
                clock.advance(SECOND);
            }
        }

        #[test]
        fn no_tokens_are_granted_at_once() {
            let (limiter, _clock) = limiter(quota(1, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut waiting = pin!(limiter.acquire(1));
            assert!(poll(waiting.as_mut()).is_pending());
            limiter.try_acquire(0).expect("takes nothing");
            wait(limiter.acquire(0)).expect("takes nothing");
            limiter.acquire_timeout(0, Duration::ZERO).expect("takes nothing");
        }

        #[test]
        fn more_than_the_burst_is_never_granted() {
            let (limiter, _clock) = limiter(quota(10, 4));
            for asked in [5, u64::MAX] {
                let never = AcquireError::Never { asked, burst: 4 };
                assert_eq!(wait(limiter.acquire(asked)), Err(never));
                assert_eq!(limiter.acquire_blocking(asked), Err(never));
                let refusal = limiter.try_acquire(asked);
                assert_eq!(refusal, Err(TryAcquireError::Never { asked, burst: 4 }));
                let refusal = limiter.acquire_timeout(asked, LONG);
                assert_eq!(refusal, Err(AcquireTimeoutError::Never { asked, burst: 4 }));
            }
            limiter.try_acquire(4).expect("nothing was taken");
        }

        #[test]
        fn available_is_what_a_try_would_find() {
            let (limiter, clock) = limiter(quota(10, 4));
            assert_eq!(limiter.available(), 4);
            limiter.try_acquire(3).expect("there");
            assert_eq!(limiter.available(), 1);
            clock.advance(SECOND / 5);
            assert_eq!(limiter.available(), 3);
            clock.advance(LONG);
            assert_eq!(limiter.available(), 4, "what is beyond flows over");
            limiter.try_acquire(4).expect("there");
            assert_eq!((limiter.available(), limiter.quota().burst()), (0, 4));
        }

        #[test]
        fn a_clock_that_jumps_back_breaks_no_bound() {
            use proptest::prelude::*;
            proptest!(reference::config(), |((quota, steps) in reference::runs(1..16_u64), backs in prop::collection::vec(any::<bool>(), 200))| {
                let (limiter, clock) = limiter(quota);
                clock.advance(LONG);
                let (start, mut log) = (clock.now() - LONG, reference::Admitted::default());
                for ((moved, n), back) in steps.into_iter().zip(backs) {
                    if back && clock.now() - start > moved {
                        clock.back(moved);
                    } else {
                        clock.advance(moved);
                    }
                    if limiter.try_acquire(n).is_ok() {
                        log.note(clock.now() - start, n);
                    }
                }
                log.keeps_the_bound(&quota, STEPS);
            });
        }

        #[test]
        fn a_clock_that_jumps_back_gives_what_was_leased_and_no_more() {
            let (limiter, clock) = limiter(quota(1000, 160));
            clock.advance(LONG);
            limiter.try_acquire(80).expect("half the burst");
            let one_by_one = || (0..1000).take_while(|_| limiter.try_acquire(1).is_ok()).count();
            clock.back(LONG);
            let leased = one_by_one();
            assert!(leased <= 20, "{leased} are more than an eighth of the burst");
            clock.advance(LONG);
            assert_eq!(leased + one_by_one(), 80, "the other half, once");
        }

        #[test]
        fn a_clock_far_ahead_refuses_nothing_that_is_due() {
            let (limiter, clock) = limiter(quota(10, 4));
            for _ in 0..3 {
                clock.advance(Duration::from_hours(24 * 365 * 5));
                limiter.try_acquire(4).expect("full again");
                assert!(limiter.try_acquire(1).is_err(), "but not more than full");
            }
            clock.advance(Duration::from_hours(24 * 365 * 100));
            let _ = limiter.try_acquire(4);
            clock.advance(Duration::from_hours(24 * 365 * 100));
            let refusal = limiter.try_acquire(4);
            assert!(matches!(refusal, Err(TryAcquireError::NotNow { .. })), "the end of its time");
        }

        #[test]
        fn handles_and_waits_cross_threads() {
            fn shared<T: Send + Sync + std::fmt::Debug>() {}
            fn sent<T: Send>(_: &T) {}
            shared::<Limiter>();
            shared::<Keyed<String>>();
            let (limiter, _clock) = limiter(quota(10, 4));
            let (keyed, _clock) = keyed(quota(10, 4));
            sent(&limiter.acquire(1));
            sent(&keyed.acquire("a", 1));
            let text = format!("{limiter:?} {keyed:?}");
            assert!(text.contains("available: 4") && text.contains("len: 0"), "{text}");
        }
    };
}

pub(crate) use limiting;
