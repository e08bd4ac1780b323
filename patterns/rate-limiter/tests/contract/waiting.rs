//! What a waiting caller may count on.

macro_rules! waiting {
    () => {
        #[test]
        fn waiters_are_served_in_order() {
            let (limiter, clock) = limiter(quota(1, 2));
            limiter.try_acquire(2).expect("the burst");
            let calls: Vec<_> = (0..3).map(|_| Arc::new(Calls::default())).collect();
            let wakers: Vec<_> = calls.iter().map(|calls| Waker::from(Arc::clone(calls))).collect();
            let mut line: Vec<_> = [2, 1, 1].map(|n| Box::pin(limiter.acquire(n))).into();
            for (future, waker) in line.iter_mut().zip(&wakers) {
                assert!(look(future.as_mut(), waker).is_pending());
            }
            assert_eq!(limiter.waiting(), 3);
            clock.advance(SECOND);
            for (future, waker) in line.iter_mut().zip(&wakers) {
                let turn = look(future.as_mut(), waker);
                assert!(turn.is_pending(), "one is there, and the first wants two");
            }
            clock.advance(SECOND);
            assert!(look(line[2].as_mut(), &wakers[2]).is_pending(), "not its turn");
            assert!(look(line[0].as_mut(), &wakers[0]).is_ready());
            let woken: Vec<_> = calls.iter().map(|calls| calls.count()).collect();
            assert_eq!(woken, [0, 1, 0], "the next sets its alarm");
            clock.advance(SECOND);
            assert!(look(line[1].as_mut(), &wakers[1]).is_ready());
            assert!(look(line[2].as_mut(), &wakers[2]).is_pending());
            clock.advance(SECOND);
            assert!(look(line[2].as_mut(), &wakers[2]).is_ready());
            assert_eq!(limiter.waiting(), 0);
        }

        #[test]
        fn try_never_overtakes_nor_waits() {
            let (limiter, clock) = limiter(quota(1, 3));
            limiter.try_acquire(2).expect("there");
            let mut heavy = pin!(limiter.acquire(3));
            assert!(poll(heavy.as_mut()).is_pending());
            let wait = not_now(limiter.try_acquire(1), &clock);
            assert!(wait.abs_diff(SECOND * 3) <= STEPS, "after the first: {wait:?}");
            assert_eq!(limiter.available(), 0);
            clock.advance(LONG);
            not_now(limiter.try_acquire(1), &clock);
            assert!(poll(heavy.as_mut()).is_ready());
            limiter.try_acquire(1).expect("nobody waits any more");
        }

        #[test]
        fn the_total_of_waiting_callers_is_exact_however_late_they_wake() {
            for burst in [1, 5] {
                let (limiter, clock) = limiter(quota(1000, burst));
                let start = clock.now();
                limiter.try_acquire(burst).expect("the burst");
                // Each one wakes when it likes: late by nothing to 12 slots.
                for turn in 1..=10_000_u32 {
                    let mut waiting = pin!(limiter.acquire(1));
                    let slot = SECOND * turn / 1000;
                    if poll(waiting.as_mut()).is_pending() {
                        let left = slot + STEPS - (clock.now() - start);
                        clock
                            .advance(left + Duration::from_micros(u64::from(turn * 7919 % 12_000)));
                        assert!(poll(waiting.as_mut()).is_ready(), "turn {turn}");
                    }
                    assert!(clock.now() - start >= slot - STEPS, "turn {turn} is early");
                }
                let late = clock.now() - start - SECOND * 10;
                assert!(late <= Duration::from_millis(13), "{late:?} behind in 10 s");
            }
        }

        #[test]
        fn who_is_late_may_bunch_the_next_by_as_much_and_no_more() {
            let (limiter, clock) = limiter(quota(1000, 2));
            limiter.try_acquire(2).expect("the burst");
            let mut late = pin!(limiter.acquire(1));
            assert!(poll(late.as_mut()).is_pending());
            clock.advance(Duration::from_millis(11)); // its slot was 10 ms ago
            assert!(poll(late.as_mut()).is_ready());
            for _ in 0..10 {
                limiter.try_acquire(1).expect("due while it slept");
            }
            not_now(limiter.try_acquire(1), &clock);

            let mut late = pin!(limiter.acquire(1));
            assert!(poll(late.as_mut()).is_pending());
            clock.advance(Duration::from_millis(11));
            assert!(poll(late.as_mut()).is_ready());
            clock.advance(SECOND); // nobody came: what was late is forgotten
            limiter.try_acquire(2).expect("the burst");
            not_now(limiter.try_acquire(1), &clock);
        }

        #[test]
        fn strict_keeps_the_bound_at_every_instant() {
            for burst in [1, 3] {
                let quota = quota(1000, burst).strict();
                let (limiter, clock) = limiter(quota);
                let (start, mut log) = (clock.now(), reference::Admitted::default());
                let mut late_by = 0;
                for turn in 0..500_u64 {
                    let mut waiting = pin!(limiter.acquire(1));
                    while poll(waiting.as_mut()).is_pending() {
                        late_by += 1;
                        clock.advance(Duration::from_micros(1 + turn * 7919 % 9000));
                    }
                    log.note(clock.now() - start, 1);
                }
                log.keeps_the_bound(&quota, STEPS);
                assert!(late_by > 100, "they waited");
                assert!(clock.now() - start > SECOND / 2, "and it runs slow");
            }
        }

        #[test]
        fn a_cancelled_wait_costs_nothing() {
            let (limiter, clock) = limiter(quota(1, 1));
            limiter.try_acquire(1).expect("the burst");
            for _ in 0..1000 {
                let mut cancelled = pin!(limiter.acquire(1));
                assert!(poll(cancelled.as_mut()).is_pending());
            }
            drop(limiter.acquire(1)); // never polled
            assert_eq!(limiter.waiting(), 0);
            let wait = not_now(limiter.try_acquire(1), &clock);
            assert!(wait <= SECOND + STEPS, "{wait:?}");
            clock.advance(wait);
            limiter.try_acquire(1).expect("nobody stands in line");
        }

        #[test]
        fn the_slot_of_one_who_leaves_is_its_successors() {
            let (limiter, clock) = limiter(quota(1, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut line: Vec<_> = (0..4).map(|_| Box::pin(limiter.acquire(1))).collect();
            for future in &mut line {
                assert!(poll(future.as_mut()).is_pending());
            }
            drop(line.remove(1)); // from the middle: the others move up
            clock.advance(SECOND); // the first one's turn, and it does not know
            drop(line.remove(0));
            assert!(poll(line[0].as_mut()).is_ready(), "the slot is there");
            assert!(poll(line[1].as_mut()).is_pending(), "once");
            clock.advance(SECOND);
            assert!(poll(line[1].as_mut()).is_ready());
        }

        #[test]
        fn a_heavy_head_that_leaves_lets_the_others_pass() {
            let (limiter, _clock) = limiter(quota(1, 3));
            limiter.try_acquire(1).expect("there");
            let mut heavy = Box::pin(limiter.acquire(3));
            assert!(poll(heavy.as_mut()).is_pending());
            let calls = Arc::new(Calls::default());
            let mut light = pin!(limiter.acquire(1));
            assert!(look(light.as_mut(), &Waker::from(Arc::clone(&calls))).is_pending());
            drop(heavy);
            assert_eq!(calls.count(), 1);
            assert!(poll(light).is_ready());
        }

        #[test]
        fn many_who_leave_are_forgotten_in_order() {
            let (limiter, clock) = limiter(quota(1000, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut line: Vec<_> = (0..1000).map(|_| Some(Box::pin(limiter.acquire(1)))).collect();
            for future in line.iter_mut().flatten() {
                assert!(poll(future.as_mut()).is_pending());
            }
            for (index, place) in line.iter_mut().enumerate() {
                if index * 7919 % 10 != 3 {
                    *place = None;
                }
            }
            assert_eq!(limiter.waiting(), 100);
            clock.advance(SECOND / 10 + STEPS);
            for future in line.iter_mut().flatten() {
                assert!(poll(future.as_mut()).is_ready(), "a hundred slots, a hundred callers");
            }
        }

        #[test]
        fn a_wait_that_moves_between_tasks_is_woken_where_it_is() {
            let (limiter, clock) = limiter(quota(1, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut first = Box::pin(limiter.acquire(1));
            assert!(poll(first.as_mut()).is_pending());
            let (before, now) = (Arc::new(Calls::default()), Arc::new(Calls::default()));
            let mut waiting = pin!(limiter.acquire(1));
            for calls in [&before, &now] {
                assert!(look(waiting.as_mut(), &Waker::from(Arc::clone(calls))).is_pending());
            }
            drop(first);
            assert_eq!((before.count(), now.count()), (0, 1));
            clock.advance(SECOND);
            assert!(poll(waiting).is_ready());
        }

        #[test]
        fn a_timeout_refuses_at_once_if_the_line_is_longer() {
            let limiter = Limiter::new(quota(10, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut line: Vec<_> = (0..50).map(|_| Box::pin(limiter.acquire(1))).collect();
            for future in &mut line {
                assert!(poll(future.as_mut()).is_pending());
            }
            let start = Instant::now();
            let refusal = limiter.acquire_timeout(1, SECOND * 3);
            assert_eq!(refusal, Err(AcquireTimeoutError::TimedOut));
            assert!(start.elapsed() < SECOND * 3, "at once");
            assert_eq!(limiter.waiting(), 50, "it left nothing behind");
        }

        #[test]
        fn a_timeout_ends_the_wait_and_leaves_nothing_behind() {
            // The first in line is never polled, so the second waits until its time is up.
            let limiter = Limiter::new(quota(100, 1));
            limiter.try_acquire(1).expect("the burst");
            let mut kept = Box::pin(limiter.acquire(1));
            assert!(poll(kept.as_mut()).is_pending());
            let (start, limit) = (Instant::now(), Duration::from_millis(30));
            let refusal = limiter.acquire_timeout(1, limit);
            assert_eq!(refusal, Err(AcquireTimeoutError::TimedOut));
            assert!(start.elapsed() >= limit);
            assert_eq!(limiter.waiting(), 1);
            drop(kept);
            limiter.acquire_timeout(1, LONG).expect("its turn");
            limiter.acquire_timeout(1, Duration::MAX).expect("its turn");
        }

        #[test]
        fn blocking_needs_no_runtime() {
            let limiter = Limiter::new(quota(1000, 1));
            let start = Instant::now();
            for _ in 0..=20 {
                limiter.acquire_blocking(1).expect("open");
            }
            assert!(start.elapsed() >= SECOND / 50 - STEPS, "20 slots");
        }

        #[test]
        fn tasks_and_threads_are_served_alike() {
            let limiter = Arc::new(Limiter::new(quota(2000, 1)));
            let start = Instant::now();
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let limiter = Arc::clone(&limiter);
                    thread::spawn(move || (0..10).try_for_each(|_| limiter.acquire_blocking(1)))
                })
                .collect();
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let limiter = Arc::clone(&limiter);
                    runtime.spawn(async move {
                        for _ in 0..10 {
                            limiter.acquire(1).await.expect("open");
                        }
                    })
                })
                .collect();
            for thread in threads {
                join(thread).expect("open");
            }
            for task in tasks {
                wait(task).expect("no panic");
            }
            assert!(start.elapsed() >= SECOND * 59 / 2000 - STEPS);
            assert_eq!(limiter.waiting(), 0);
        }

        #[tokio::test(start_paused = true)]
        async fn a_paused_clock_is_followed() {
            let limiter = Arc::new(Limiter::new(quota(1, 1)));
            let start = tokio::time::Instant::now();
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    let limiter = Arc::clone(&limiter);
                    tokio::spawn(async move {
                        limiter.acquire(1).await.expect("open");
                        tokio::time::Instant::now() - start
                    })
                })
                .collect();
            for (turn, task) in tasks.into_iter().enumerate() {
                // A task that forgot its alarm would be an hour late.
                let task = tokio::time::timeout(Duration::from_hours(1), task).await;
                let at = task.expect("in time").expect("no panic");
                let slot = SECOND * turn as u32;
                assert!(at >= slot && at < slot + Duration::from_millis(2), "{at:?}, not {slot:?}");
            }
        }
    };
}

pub(crate) use waiting;
