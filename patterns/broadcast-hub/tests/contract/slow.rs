//! What happens to slow subscribers, and to publishers because of them.

macro_rules! slow {
    () => {
        /// Polls a publish that must not be ready, also when the hub has had time to think.
        fn waits<F: Future>(hub: &Hub<u64>, mut publish: Pin<&mut F>) -> bool {
            let first = poll(publish.as_mut()).is_pending();
            let _ = hub.counts();
            first && poll(publish).is_pending()
        }

        fn full(refusal: TryPublishError<u64>) -> u64 {
            assert!(matches!(refusal, TryPublishError::Full(_)), "{refusal:?}");
            refusal.into_inner()
        }

        #[test]
        fn three_ways_to_be_slow_side_by_side() {
            let hub = Hub::new(2);
            let mut drops = hub.subscribe(Slow::DropOldest).expect("open");
            let mut evicted = hub.subscribe(Slow::Evict).expect("open");
            let mut waited_for = hub.subscribe(Slow::Wait).expect("open");
            for n in 1..=2 {
                hub.try_publish(n).expect("room for two");
            }
            assert_eq!(full(hub.try_publish(3).expect_err("one is waited for")), 3);
            assert_eq!(hub.counts().evicted, 0, "nobody goes for what is not published");
            assert_eq!(waited_for.try_recv(), Ok(1));
            hub.try_publish(3).expect("it has made room");

            assert_eq!(drops.try_recv(), Err(TryRecvError::Lagged(1)));
            assert_eq!([drops.try_recv(), drops.try_recv()], [Ok(2), Ok(3)]);
            assert_eq!(evicted.try_recv(), Err(TryRecvError::Evicted), "what it had is gone");
            assert_eq!([waited_for.try_recv(), waited_for.try_recv()], [Ok(2), Ok(3)]);
            let expected = Counts { published: 3, joined: 3, left: 0, evicted: 1, lagged: 1 };
            assert_eq!(hub.counts(), expected);
            assert_eq!(expected.subscribers(), 2);
        }

        #[test]
        fn who_is_evicted_is_out_for_good_and_counted_once() {
            let hub = Hub::new(2);
            let mut slow = hub.subscribe(Slow::Evict).expect("open");
            let mut quick = hub.subscribe(Slow::Evict).expect("open");
            for n in 1..=5 {
                hub.try_publish(n).expect("nobody to wait for");
                assert_eq!(quick.try_recv(), Ok(n), "keeps up and stays");
            }
            assert_eq!(hub.counts().evicted, 1, "at once, though it never came back");
            assert_eq!(slow.recv_blocking(), Err(RecvError::Evicted));
            assert_eq!(slow.try_recv_many(&mut Vec::new(), 1), Err(TryRecvError::Evicted));
            assert_eq!(slow.recv_timeout(LONG), Err(RecvTimeoutError::Evicted));
            drop(slow);
            let counts = hub.counts();
            assert_eq!((counts.evicted, counts.left), (1, 0), "it left when it was evicted");
            drop(quick);
            assert_eq!((hub.counts().evicted, hub.counts().left), (1, 1));
        }

        #[test]
        fn leaving_while_being_evicted_happens_once() {
            for round in 0..200 {
                let hub = Hub::new(1);
                let slow = hub.subscribe(Slow::Evict).expect("open");
                hub.try_publish(1).expect("open");
                let start = Arc::new(Barrier::new(2));
                let leaver = {
                    let start = Arc::clone(&start);
                    thread::spawn(move || {
                        start.wait();
                        drop(slow);
                    })
                };
                start.wait();
                hub.try_publish(2).expect("nobody to wait for");
                join(leaver);
                let counts = hub.counts();
                assert_eq!(counts.left + counts.evicted, 1, "round {round}: {counts:?}");
                assert_eq!(counts.subscribers(), 0);
            }
        }

        #[test]
        fn publishers_wait_for_who_is_waited_for() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.publish_blocking(1).expect("room for one");
            let calls = Arc::new(Calls::default());
            let mut publish = pin!(hub.publish(2));
            assert!(poll_with(publish.as_mut(), &calls).is_pending());
            assert_eq!(hub.counts().published, 1);
            assert_eq!(reader.try_recv(), Ok(1));
            assert_eq!(hub.counts().published, 2, "who makes room publishes");
            assert_eq!(calls.count(), 1);
            assert_eq!(poll(publish), Poll::Ready(Ok(2)));
            assert_eq!(reader.try_recv(), Ok(2));
        }

        #[test]
        fn nothing_is_lost_between_threads() {
            const EACH: u64 = 300;
            let hub = Hub::new(2);
            let readers: Vec<_> =
                (0..3).map(|_| hub.subscribe(Slow::Wait).expect("open")).collect();
            hub.try_publish(0).expect("room");
            hub.try_publish(1).expect("room");
            full(hub.try_publish(2).expect_err("nobody reads yet: waiting does occur"));
            let readers: Vec<_> = readers
                .into_iter()
                .enumerate()
                .map(|(at, mut reader)| {
                    thread::spawn(move || {
                        let mut all = Vec::new();
                        loop {
                            let end = match at {
                                0 => wait(reader.recv_many(&mut all, 3)).err(),
                                _ => reader.recv_blocking().map(|n| all.push(n)).err(),
                            };
                            if let Some(end) = end {
                                assert_eq!(end, RecvError::Closed);
                                return all;
                            }
                        }
                    })
                })
                .collect();
            let writers: Vec<_> = (1..=2)
                .map(|writer| {
                    let hub = hub.clone();
                    thread::spawn(move || {
                        for n in writer * 1_000..writer * 1_000 + EACH {
                            match n % 3 {
                                0 => drop(wait(hub.publish(n)).expect("open")),
                                1 => drop(hub.publish_blocking(n).expect("open")),
                                _ => drop(hub.publish_timeout(n, LONGER).expect("in time")),
                            }
                        }
                    })
                })
                .collect();
            writers.into_iter().for_each(join);
            drop(hub);
            let got: Vec<_> = readers.into_iter().map(join).collect();
            assert!(got.iter().all(|each| *each == got[0]), "the same order for all");
            assert_eq!(got[0].len() as u64, 2 + 2 * EACH);
            for writer in 1..=2 {
                let of_one = got[0].iter().copied().filter(|n| n / 1_000 == writer);
                assert!(of_one.eq(writer * 1_000..writer * 1_000 + EACH), "in its order");
            }
        }

        #[test]
        fn waiting_publishers_are_served_in_order() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(0).expect("room for one");
            let mut line: Vec<_> = (1..=3).map(|n| Box::pin(hub.publish(n))).collect();
            for publish in &mut line {
                assert!(waits(&hub, publish.as_mut()));
            }
            full(hub.try_publish(9).expect_err("others wait"));
            for n in 0..=3 {
                assert_eq!(reader.try_recv(), Ok(n));
                let _ = hub.counts();
            }
            for (publish, number) in line.into_iter().zip(2..) {
                assert_eq!(wait(publish).expect("published"), number);
            }
        }

        #[test]
        fn try_publish_never_waits_behind_a_waiting_publisher() {
            let hub = Hub::new(1);
            let reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            let mut blocked = Box::pin(hub.publish(2));
            assert!(waits(&hub, blocked.as_mut()));
            assert_eq!(full(hub.try_publish(3).expect_err("no room")), 3);
            drop(reader); // nobody is left to be waited for
            assert_eq!(wait(blocked).expect("open"), 2);
            assert_eq!(hub.try_publish(3).expect("room"), 3);
        }

        #[test]
        fn a_cancelled_publish_leaves_nothing_behind() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            let calls = Arc::new(Calls::default());
            let mut cancelled = Box::pin(hub.publish(2));
            assert!(poll_with(cancelled.as_mut(), &calls).is_pending());
            let mut behind = Box::pin(hub.publish(3));
            assert!(waits(&hub, behind.as_mut()));
            drop(cancelled);
            assert_eq!(Arc::strong_count(&calls), 1, "its waker is let go of");
            assert_eq!(reader.try_recv(), Ok(1));
            assert_eq!(wait(behind).expect("open"), 2, "who stood behind moved up");
            assert_eq!(reader.try_recv(), Ok(3), "and 2 was never published");
            drop(hub.publish(4)); // never polled
            assert_eq!(hub.counts().published, 2);
            hub.try_publish(5).expect("the line is empty");
        }

        #[test]
        fn a_publish_that_is_cancelled_unseen_is_published_once() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            let mut cancelled = Box::pin(hub.publish(2));
            assert!(waits(&hub, cancelled.as_mut()));
            assert_eq!(reader.try_recv(), Ok(1));
            assert_eq!(hub.counts().published, 2, "published, and not told yet");
            drop(cancelled);
            assert_eq!(reader.try_recv(), Ok(2));
            hub.try_publish(3).expect("nothing is left of it");
        }

        #[test]
        fn a_deadline_gives_the_message_back() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            let (started, limit) = (Instant::now(), Duration::from_millis(5));
            let late = hub.publish_timeout(2, limit).expect_err("nobody reads");
            assert!(started.elapsed() >= limit);
            assert!(matches!(late, PublishTimeoutError::TimedOut(2)), "{late:?}");
            let late = hub.publish_timeout(late.into_inner(), Duration::ZERO).expect_err("again");
            assert_eq!(late.into_inner(), 2);
            assert_eq!(reader.try_recv(), Ok(1));
            assert_eq!(hub.publish_timeout(3, Duration::ZERO).expect("room"), 2);
            assert_eq!(reader.try_recv(), Ok(3), "2 was never published");
        }

        #[test]
        fn who_made_a_publisher_miss_its_deadline_can_be_evicted() {
            let hub = Hub::new(1);
            let mut quick = hub.subscribe(Slow::Wait).expect("open");
            let mut slow = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            assert_eq!(quick.try_recv(), Ok(1));
            let late = hub.publish_timeout(2, Duration::ZERO).expect_err("one does not read");
            let mut waiting = Box::pin(hub.publish(late.into_inner()));
            assert!(waits(&hub, waiting.as_mut()));
            assert_eq!(hub.evict_slow(), 1);
            assert_eq!(wait(waiting).expect("open"), 2, "who waited goes on");
            assert_eq!(quick.try_recv(), Ok(2));
            assert_eq!(slow.try_recv(), Err(TryRecvError::Evicted));
            assert_eq!(hub.evict_slow(), 0, "nobody is in the way");
            drop((quick, slow));
            assert_eq!((hub.counts().evicted, hub.counts().left), (1, 1));
        }

        #[test]
        fn who_is_waited_for_and_leaves_lets_publishers_go_on() {
            let hub = Hub::new(1);
            let slow = hub.subscribe(Slow::Wait).expect("open");
            let mut other = hub.subscribe(Slow::DropOldest).expect("open");
            hub.try_publish(1).expect("room for one");
            let (asleep, ready) = mpsc::sync_channel(1);
            let publisher = {
                let hub = hub.clone();
                thread::spawn(move || {
                    let mut publish = pin!(hub.publish(2));
                    assert!(poll(publish.as_mut()).is_pending());
                    asleep.send(()).expect("the test listens");
                    wait(publish).expect("open")
                })
            };
            ready.recv_timeout(LONG).expect("it waits");
            drop(slow);
            assert_eq!(join(publisher), 2);
            assert_eq!(other.try_recv(), Err(TryRecvError::Lagged(1)));
            assert_eq!(other.try_recv(), Ok(2));
        }

        #[test]
        fn close_wakes_every_publisher_and_gives_back() {
            let hub = Hub::new(1);
            let mut reader = hub.subscribe(Slow::Wait).expect("open");
            hub.try_publish(1).expect("room for one");
            let mut line: Vec<_> = (2..=4).map(|n| Box::pin(hub.publish(n))).collect();
            let calls = Arc::new(Calls::default());
            for publish in &mut line {
                assert!(poll_with(publish.as_mut(), &calls).is_pending());
            }
            let blocked = {
                let hub = hub.clone();
                thread::spawn(move || hub.publish_blocking(5).expect_err("closed").into_inner())
            };
            hub.close();
            let _ = hub.counts();
            assert_eq!(calls.count(), 3);
            for (publish, n) in line.into_iter().zip(2..) {
                assert_eq!(wait(publish).expect_err("closed"), PublishError::Closed(n));
            }
            assert_eq!(join(blocked), 5);
            let refused = hub.publish_timeout(6, LONG).expect_err("closed");
            assert!(matches!(refused, PublishTimeoutError::Closed(6)), "{refused:?}");
            assert_eq!(hub.subscribe(Slow::Wait).err(), Some(SubscribeError::Closed));
            assert_eq!(reader.recv_blocking(), Ok(1), "it still drains");
            assert_eq!(reader.recv_blocking(), Err(RecvError::Closed));
        }

        #[test]
        fn who_joins_full_is_waited_for_and_not_evicted_at_once() {
            let hub = Hub::new(2);
            for n in 1..=4 {
                hub.try_publish(n).expect("nobody to wait for");
            }
            let mut back = hub.subscribe_from(Slow::Wait, Start::After(0)).expect("open");
            full(hub.try_publish(5).expect_err("it has two to read"));
            assert_eq!(back.try_recv(), Err(TryRecvError::Lagged(2)));
            full(hub.try_publish(5).expect_err("still two"));
            assert_eq!(back.try_recv(), Ok(3));
            hub.try_publish(5).expect("room");

            let mut late = hub.subscribe_from(Slow::Evict, Start::Last(2)).expect("open");
            assert_eq!([late.try_recv(), late.try_recv()], [Ok(4), Ok(5)]);
            assert_eq!([back.try_recv(), back.try_recv()], [Ok(4), Ok(5)]);
            hub.try_publish(6).expect("room");
            assert_eq!(late.try_recv(), Ok(6));
        }
    };
}

pub(crate) use slow;
