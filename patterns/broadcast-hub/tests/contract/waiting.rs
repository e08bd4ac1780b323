//! How subscribers wait, and how that ends early.

macro_rules! waiting {
    () => {
        #[test]
        fn a_message_wakes_every_sleeper() {
            let hub = Hub::new(2);
            let (mut one, mut two) = (subscribe(&hub), subscribe(&hub));
            let (mut first, mut second) = (pin!(one.recv()), pin!(two.recv()));
            let calls = Arc::new(Calls::default());
            assert!(poll_with(first.as_mut(), &calls).is_pending());
            assert!(poll_with(second.as_mut(), &calls).is_pending());
            hub.try_publish(5).expect("open");
            assert_eq!(calls.count(), 2);
            assert_eq!(poll(first.as_mut()), Poll::Ready(Ok(5)));
            assert_eq!(poll(second.as_mut()), Poll::Ready(Ok(5)));
        }

        #[test]
        fn nobody_is_woken_who_does_not_sleep() {
            let hub = Hub::new(4);
            let mut reader = subscribe(&hub);
            let calls = Arc::new(Calls::default());
            {
                let mut waits = pin!(reader.recv());
                assert!(poll_with(waits.as_mut(), &calls).is_pending());
                hub.try_publish(1).expect("open");
                hub.try_publish(2).expect("open");
                assert_eq!(poll(waits), Poll::Ready(Ok(1)));
            }
            hub.try_publish(3).expect("open");
            assert_eq!(calls.count(), 1);
            assert_eq!([reader.try_recv(), reader.try_recv()], [Ok(2), Ok(3)]);
        }

        #[test]
        fn tasks_and_threads_are_served_alike() {
            let hub = Hub::new(4);
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let mut reader = subscribe(&hub);
                    thread::spawn(move || {
                        let first = reader.recv_blocking().map_err(RecvTimeoutError::from);
                        [first, reader.recv_timeout(LONGER)]
                    })
                })
                .collect();
            let (mut task, mut batch) = (subscribe(&hub), subscribe(&hub));
            wait(async {
                let publish = async {
                    tokio::task::yield_now().await; // the others wait by now
                    hub.try_publish(1).expect("open");
                    tokio::task::yield_now().await;
                    hub.try_publish(2).expect("open");
                };
                let read = async { [task.recv().await, task.recv().await] };
                let read_many = async {
                    let mut all = Vec::new();
                    while all.len() < 2 {
                        batch.recv_many(&mut all, 2).await.expect("open");
                    }
                    all
                };
                let (read, all, ()) = tokio::join!(read, read_many, publish);
                assert_eq!(read, [Ok(1), Ok(2)]);
                assert_eq!(all, [1, 2]);
            });
            for thread in threads {
                assert_eq!(join(thread), [Ok(1), Ok(2)]);
            }
        }

        #[test]
        fn a_cancelled_wait_takes_nothing_and_leaves_nothing_behind() {
            let hub = Hub::new(2);
            let mut reader = subscribe(&hub);
            let calls = Arc::new(Calls::default());
            for _ in 0..3 {
                let mut cancelled = Box::pin(reader.recv());
                assert!(poll_with(cancelled.as_mut(), &calls).is_pending());
                assert_eq!(Arc::strong_count(&calls), 2, "its waker is noted");
                drop(cancelled);
                assert_eq!(Arc::strong_count(&calls), 1, "and let go of");
            }
            let mut cancelled = Box::pin(reader.recv());
            assert!(poll_with(cancelled.as_mut(), &calls).is_pending());
            hub.try_publish(1).expect("open");
            drop(cancelled); // after it was woken, before it looked
            assert_eq!(calls.count(), 1);
            assert_eq!(reader.try_recv(), Ok(1), "nothing was taken");
        }

        #[test]
        fn cancelling_one_wait_wakes_and_drops_no_other() {
            let hub = Hub::new(2);
            let mut readers: Vec<_> = (0..3).map(|_| subscribe(&hub)).collect();
            let calls: Vec<_> = (0..3).map(|_| Arc::new(Calls::default())).collect();
            let mut waits: Vec<_> =
                readers.iter_mut().map(|it| Some(Box::pin(it.recv()))).collect();
            for (wait, calls) in waits.iter_mut().zip(&calls) {
                assert!(poll_with(wait.as_mut().expect("there").as_mut(), calls).is_pending());
            }
            waits[1] = None;
            hub.try_publish(1).expect("open");
            let woken: Vec<_> = calls.iter().map(|calls| calls.count()).collect();
            assert_eq!(woken, [1, 0, 1]);
        }

        #[test]
        fn a_time_out_ends_the_wait_and_takes_nothing() {
            let hub = Hub::new(2);
            let mut reader = subscribe(&hub);
            let started = Instant::now();
            let limit = Duration::from_millis(5);
            assert_eq!(reader.recv_timeout(limit), Err(RecvTimeoutError::TimedOut));
            assert!(started.elapsed() >= limit);
            assert_eq!(reader.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::TimedOut));
            hub.try_publish(1).expect("open");
            assert_eq!(reader.recv_timeout(Duration::ZERO), Ok(1), "what is there counts");
        }

        #[test]
        fn a_wait_that_moves_between_tasks_is_woken_where_it_is() {
            let hub = Hub::new(2);
            let mut reader = subscribe(&hub);
            let mut waits = pin!(reader.recv());
            let (before, after) = (Arc::new(Calls::default()), Arc::new(Calls::default()));
            assert!(poll_with(waits.as_mut(), &before).is_pending());
            assert!(poll_with(waits.as_mut(), &after).is_pending());
            assert_eq!(Arc::strong_count(&before), 1, "the old waker is let go of");
            hub.try_publish(1).expect("open");
            assert_eq!((before.count(), after.count()), (0, 1));
            assert_eq!(poll(waits), Poll::Ready(Ok(1)));
        }

        #[test]
        fn try_recv_never_waits() {
            let hub = Hub::new(2);
            let mut sleeper = subscribe(&hub);
            let thread = thread::spawn(move || sleeper.recv_blocking());
            let mut other = subscribe(&hub);
            assert_eq!(other.try_recv(), Err(TryRecvError::NotNow));
            assert_eq!(other.try_recv_many(&mut Vec::new(), 4), Err(TryRecvError::NotNow));
            hub.try_publish(1).expect("open");
            assert_eq!(other.try_recv(), Ok(1));
            assert_eq!(join(thread), Ok(1));
        }

        #[test]
        fn a_panicking_waker_keeps_nobody_asleep() {
            struct Broken;
            impl Wake for Broken {
                fn wake(self: Arc<Self>) {
                    resume_unwind(Box::new("the waker's own trouble"));
                }
            }
            let hub = Hub::new(2);
            let mut readers: Vec<_> = (0..3).map(|_| subscribe(&hub)).collect();
            let mut waits: Vec<_> = readers.iter_mut().map(|it| Box::pin(it.recv())).collect();
            let calls = Arc::new(Calls::default());
            let broken = Waker::from(Arc::new(Broken));
            let [first, second, third] = &mut waits[..] else { panic!("three") };
            assert!(poll_with(first.as_mut(), &calls).is_pending());
            assert!(second.as_mut().poll(&mut Context::from_waker(&broken)).is_pending());
            assert!(poll_with(third.as_mut(), &calls).is_pending());
            assert_eq!(hub.try_publish(1).expect("no panic of ours"), 1);
            assert_eq!(calls.count(), 2);
            for wait in waits {
                assert_eq!(self::wait(wait), Ok(1));
            }
        }
    };
}

pub(crate) use waiting;
