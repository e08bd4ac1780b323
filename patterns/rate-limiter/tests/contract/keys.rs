//! Limits for each key.

macro_rules! keys {
    () => {
        #[test]
        fn keys_do_not_share() {
            let (keyed, clock) = keyed(quota(1, 2));
            for key in ["a", "b", "c"] {
                keyed.try_acquire(key, 2).expect("its own burst");
                let wait = not_now(keyed.try_acquire(key, 1), &clock);
                assert!(wait.abs_diff(SECOND) <= STEPS, "{wait:?}");
            }
            let mut waiting = pin!(keyed.acquire("a", 1));
            assert!(poll(waiting.as_mut()).is_pending());
            clock.advance(SECOND);
            keyed.try_acquire("b", 1).expect("nobody waits for b");
            not_now(keyed.try_acquire("a", 1), &clock);
            assert!(poll(waiting).is_ready());
            keyed.acquire_blocking("c", 1).expect("there");
            keyed.acquire_timeout("d", 1, Duration::ZERO).expect("there");
            assert_eq!((keyed.len(), keyed.is_empty(), keyed.quota().burst()), (4, false, 2));
        }

        #[test]
        fn idle_keys_are_dropped_and_their_memory_goes_back() {
            const KEYS: u64 = 100_000;
            let clock = ManualClock::new();
            let keyed: Keyed<u64, _> = Keyed::with_clock(quota(10, 2), clock.clone());
            for key in 0..KEYS {
                keyed.try_acquire(&key, 1).expect("new");
            }
            assert_eq!(keyed.len() as u64, KEYS);
            keyed.drop_idle();
            assert_eq!(keyed.len() as u64, KEYS, "none is full again");
            clock.advance(SECOND / 10 + STEPS);
            keyed.try_acquire(&0, 2).expect("full again");
            keyed.drop_idle();
            assert_eq!(keyed.len(), 1, "all but one");
            not_now(keyed.try_acquire(&0, 1), &clock);
        }

        #[test]
        fn idle_keys_are_dropped_in_passing() {
            let clock = ManualClock::new();
            let keyed: Keyed<u64, _> = Keyed::with_clock(quota(10, 2), clock.clone());
            for key in 0..10_000 {
                keyed.try_acquire(&key, 1).expect("new");
            }
            // One key alone is used from now on, and not often.
            for _ in 0..200 {
                clock.advance(SECOND / 10);
                keyed.try_acquire(&0, 1).expect("there");
            }
            assert_eq!(keyed.len(), 1);
        }

        #[test]
        fn to_drop_a_key_is_unobservable() {
            use proptest::prelude::*;
            let dropped = AtomicUsize::new(0);
            proptest!(reference::config(), |((quota, steps) in reference::runs(1..16_u64))| {
                let (keyed, clock) = keyed(quota);
                let kept = Limiter::with_clock(quota, clock.clone());
                for (moved, n) in steps {
                    clock.advance(moved);
                    if kept.available() < quota.burst() {
                        // Not full: to drop it would be noticed.
                        let before = keyed.len();
                        keyed.drop_idle();
                        prop_assert_eq!(keyed.len(), before);
                    } else {
                        keyed.drop_idle();
                        dropped.fetch_add(usize::from(keyed.is_empty()), Ordering::Relaxed);
                    }
                    prop_assert_eq!(keyed.try_acquire("a", n), kept.try_acquire(n));
                }
            });
            assert!(dropped.into_inner() > 100, "keys were dropped");
        }

        #[test]
        fn a_key_that_was_dropped_gets_no_more_if_the_clock_jumps_back() {
            let (keyed, clock) = keyed(quota(1, 2));
            keyed.try_acquire("a", 2).expect("new");
            clock.advance(SECOND * 3);
            keyed.drop_idle();
            assert!(keyed.is_empty());
            clock.back(SECOND * 3);
            assert!(keyed.try_acquire("a", 2).is_err(), "it had its burst");
        }

        #[test]
        fn a_key_for_which_somebody_waits_is_kept() {
            let (keyed, clock) = keyed(quota(1, 1));
            keyed.try_acquire("a", 1).expect("new");
            let mut waiting = Box::pin(keyed.acquire("a", 1));
            assert!(poll(waiting.as_mut()).is_pending());
            clock.advance(LONG);
            keyed.drop_idle();
            assert_eq!(keyed.len(), 1);
            drop(waiting);
            keyed.drop_idle();
            assert!(keyed.is_empty());
        }

        #[test]
        fn a_panic_in_a_key_loses_nothing() {
            /// A key whose comparison panics while it is told to, and whose drop does.
            #[derive(Clone)]
            struct Bad(u8, Arc<AtomicBool>);
            impl PartialEq for Bad {
                fn eq(&self, other: &Self) -> bool {
                    assert!(!self.1.load(Ordering::SeqCst), "the key's own trouble");
                    self.0 == other.0
                }
            }
            impl Eq for Bad {}
            impl std::hash::Hash for Bad {
                fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                    self.0.hash(state);
                }
            }
            let clock = ManualClock::new();
            let keyed: Keyed<Bad, _> = Keyed::with_clock(quota(1, 2), clock.clone());
            let trouble = Arc::new(AtomicBool::new(false));
            let key = Bad(1, Arc::clone(&trouble));
            keyed.try_acquire(&key, 1).expect("new");
            trouble.store(true, Ordering::SeqCst);
            let panic = catch_unwind(AssertUnwindSafe(|| keyed.try_acquire(&key, 1)));
            assert!(panic.is_err());
            trouble.store(false, Ordering::SeqCst);
            keyed.try_acquire(&key, 1).expect("the second of two");
            not_now(keyed.try_acquire(&key, 1), &clock);
            keyed.close();
        }

        #[test]
        fn keys_with_the_same_hash_are_told_apart() {
            #[derive(Clone, PartialEq, Eq)]
            struct Same(u8);
            impl std::hash::Hash for Same {
                fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
            }
            let clock = ManualClock::new();
            let keyed: Keyed<Same, _> = Keyed::with_clock(quota(1, 1), clock.clone());
            for key in (0..10).map(Same) {
                keyed.try_acquire(&key, 1).expect("its own");
                not_now(keyed.try_acquire(&key, 1), &clock);
            }
            assert_eq!(keyed.len(), 10);
            clock.advance(SECOND + STEPS);
            keyed.try_acquire(&Same(3), 1).expect("there again");
            keyed.drop_idle();
            assert_eq!(keyed.len(), 1);
            not_now(keyed.try_acquire(&Same(3), 1), &clock);
        }

        #[test]
        fn waiters_of_many_keys_are_woken_by_the_close() {
            let (keyed, _clock) = keyed(quota(1, 1));
            let calls = Arc::new(Calls::default());
            let waker = Waker::from(Arc::clone(&calls));
            let names: Vec<_> = (0..100).map(|key| key.to_string()).collect();
            let mut waiting: Vec<_> =
                names.iter().map(|key| Box::pin(keyed.acquire(key.as_str(), 1))).collect();
            for (name, future) in names.iter().zip(&mut waiting) {
                keyed.try_acquire(name.as_str(), 1).expect("new");
                assert!(look(future.as_mut(), &waker).is_pending());
            }
            keyed.close();
            assert_eq!(calls.count(), 100);
            for future in waiting {
                assert_eq!(wait(future), Err(AcquireError::Closed));
            }
        }
    };
}

pub(crate) use keys;
